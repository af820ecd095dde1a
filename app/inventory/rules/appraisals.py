"""What is true of appraisals: the grid of the walk-round, how long a value holds, and when two people must agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final


class AppraisalStatus(StrEnum):
    """How far an appraisal has come, as it is stored; whether an approved one has run out is asked of the day."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    DECLINED = "declined"


EXPIRED: Final = "expired"
# What the same figures may still become; any change of the figures leads back to the draft.
_MOVES: Final = MappingProxyType(
    {
        AppraisalStatus.DRAFT: frozenset({AppraisalStatus.SUBMITTED}),
        AppraisalStatus.SUBMITTED: frozenset({AppraisalStatus.APPROVED, AppraisalStatus.DECLINED}),
        AppraisalStatus.APPROVED: frozenset({AppraisalStatus.DECLINED}),
        AppraisalStatus.DECLINED: frozenset[AppraisalStatus](),
    }
)


class Area(StrEnum):
    """A place one looks at, in the order of a walk round the car."""

    FRONT = "front"
    HOOD = "hood"
    LEFT_SIDE = "left_side"
    REAR = "rear"
    RIGHT_SIDE = "right_side"
    ROOF = "roof"
    GLASS = "glass"
    LIGHTS = "lights"
    TYRES = "tyres"
    UNDERBODY = "underbody"
    INTERIOR = "interior"
    ELECTRONICS = "electronics"
    ENGINE = "engine"
    GEARBOX = "gearbox"
    BRAKES = "brakes"
    KEYS = "keys"


class Finding(StrEnum):
    """What was found there. Nothing found is not the same as nobody having looked."""

    OK = "ok"
    MINOR = "minor"
    MAJOR = "major"
    NOT_CHECKED = "not_checked"


LONGEST_NOTE: Final = 200
MOST_COMPARABLES: Final = 12
HOLDS: Final = timedelta(days=14)
LONGEST_HOLD: Final = timedelta(days=90)
# Above these a value takes two people, by the dealership's currency.
_TWO_PEOPLE_ABOVE: Final = MappingProxyType({"USD": Decimal(20_000), "EUR": Decimal(20_000), "CNY": Decimal(150_000)})
_TWO_PEOPLE_ELSEWHERE: Final = Decimal(20_000)


@dataclass(frozen=True)
class Summary:
    """How many areas were found how."""

    ok: int
    minor: int
    major: int
    not_checked: int

    @property
    def checked(self) -> int:
        """How many areas somebody has looked at."""
        return self.ok + self.minor + self.major


def whole_grid(found: Mapping[str, Mapping[str, Any]] | None) -> dict[str, dict[str, str]]:
    """Every area with its finding and note; one that nobody named, or named wrongly, was not checked."""
    grid = {}
    for area in Area:
        cell = (found or {}).get(area.value) or {}
        finding = cell.get("finding")
        known = finding if finding in set(Finding) else Finding.NOT_CHECKED.value
        grid[area.value] = {"finding": str(known), "note": str(cell.get("note") or "")}
    return grid


def kept_grid(found: Mapping[str, Mapping[str, Any]] | None) -> dict[str, dict[str, str]]:
    """What of a grid is stored: areas that were checked or have a note; the rest is known to be unchecked."""
    return {
        area: cell for area, cell in whole_grid(found).items() if cell["finding"] != Finding.NOT_CHECKED or cell["note"]
    }


def summary(found: Mapping[str, Mapping[str, Any]] | None) -> Summary:
    """How the car came out of the walk-round."""
    findings = [cell["finding"] for cell in whole_grid(found).values()]
    return Summary(*(findings.count(kind.value) for kind in Finding))


def may_become(before: AppraisalStatus, after: AppraisalStatus) -> bool:
    """Whether an appraisal may go from one status to another with its figures as they are."""
    return after in _MOVES[before]


def two_people_above(currency: str, limit: Decimal | None = None) -> Decimal:
    """The value above which two people must agree: the store's own limit, or what is usual in the currency."""
    return _TWO_PEOPLE_ABOVE.get(currency, _TWO_PEOPLE_ELSEWHERE) if limit is None else limit


def needs_second_person(acv: Decimal, above: Decimal) -> bool:
    """Whether the value takes a second person; exactly the limit does not."""
    return acv > above


def is_second_person(approver: Any, *involved: Any) -> bool:
    """Whether the approver is somebody other than whoever looked at the car and whoever named the value.

    Somebody without a name of his own (a program) is never the second person.
    """
    return approver is not None and approver not in involved


def shown_status(status: AppraisalStatus, valid_until: date | None, today: date) -> str:
    """The status as people see it: an approved value that has run out is expired, the last day still holds."""
    is_over = status is AppraisalStatus.APPROVED and valid_until is not None and valid_until < today
    return EXPIRED if is_over else status.value


def usual_end(today: date) -> date:
    """Until when a value holds where nobody says otherwise."""
    return today + HOLDS


def end_is_possible(valid_until: date, today: date) -> bool:
    """Whether a value may hold until then: not a day that has gone, and not so long that the market has moved on."""
    return today <= valid_until <= today + LONGEST_HOLD
