"""What a person may agree to alone: the limits of his roles, which of them figures exceed and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.core.errors import N_


class Limit(StrEnum):
    """What can be bounded: the discount at most so much or so many percent, the gross at least, the trade-in at most
    so much above what it is worth."""

    DISCOUNT_AMOUNT = "discount_amount"
    DISCOUNT_PERCENT = "discount_percent"
    FRONT_GROSS = "front_gross"
    OVER_ALLOWANCE = "over_allowance"


class RequestState(StrEnum):
    """Where a request stands; a dropped one was overtaken by another or by the deal's end."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
    DROPPED = "dropped"


REQUEST_LABELS = {
    RequestState.WAITING.value: N_("Waiting"),
    RequestState.APPROVED.value: N_("Approved"),
    RequestState.DECLINED.value: N_("Declined"),
    RequestState.DROPPED.value: N_("Overtaken"),
}
LIMIT_LABELS = {
    Limit.DISCOUNT_AMOUNT.value: N_("Discount"),
    Limit.DISCOUNT_PERCENT.value: N_("Discount in percent"),
    Limit.FRONT_GROSS.value: N_("Front gross"),
    Limit.OVER_ALLOWANCE.value: N_("Over-allowance"),
}
# At least so much; the others are at most so much.
_AT_LEAST = frozenset({Limit.FRONT_GROSS})


@dataclass(frozen=True)
class Limits:
    """How far somebody may go alone; None sets no bound."""

    discount_amount: Decimal | None = None
    discount_percent: Decimal | None = None
    front_gross: Decimal | None = None
    over_allowance: Decimal | None = None


UNLIMITED = Limits()
# What a role may do that the policy in force does not name, as one made after it: any discount is asked for.
UNNAMED = Limits(Decimal(0), Decimal(0), None, Decimal(0))


@dataclass(frozen=True)
class Figures:
    """What a deal is agreed at; what is not known (a unit without a cost) exceeds nothing."""

    price: Decimal
    discount: Decimal
    front_gross: Decimal | None = None
    over_allowance: Decimal | None = None


@dataclass(frozen=True)
class Excess:
    """A limit that is exceeded: what it allows and what is asked."""

    limit: Limit
    allowed: Decimal
    asked: Decimal

    @property
    def by(self) -> Decimal:
        """How much too far it goes; always positive."""
        return abs(self.asked - self.allowed)


def measured(figures: Figures) -> dict[Limit, Decimal | None]:
    """What each limit is compared with. The percentage is of the price and exact; of nothing it is nothing."""
    percent = figures.discount * 100 / figures.price if figures.price else Decimal(0)
    return {
        Limit.DISCOUNT_AMOUNT: figures.discount,
        Limit.DISCOUNT_PERCENT: percent,
        Limit.FRONT_GROSS: figures.front_gross,
        Limit.OVER_ALLOWANCE: figures.over_allowance,
    }


def exceeded(figures: Figures, limits: Limits) -> tuple[Excess, ...]:
    """The limits that these figures exceed; reaching one is allowed."""
    found = []
    for limit, asked in measured(figures).items():
        allowed: Decimal | None = getattr(limits, limit.value)
        if allowed is None or asked is None:
            continue
        if asked < allowed if limit in _AT_LEAST else asked > allowed:
            found.append(Excess(limit, allowed, asked))
    return tuple(found)


def widest(held: Iterable[Limits]) -> Limits:
    """The limits of somebody with several roles: of each the widest, for another role never takes away."""
    known = list(held)
    if not known:
        return UNNAMED
    found: dict[str, Decimal | None] = {}
    for limit in Limit:
        values = [getattr(limits, limit.value) for limits in known]
        pick = min if limit in _AT_LEAST else max
        found[limit.value] = None if any(value is None for value in values) else pick(values)
    return Limits(**found)


def limits_of(body: Mapping[str, Any] | None, role_ids: Iterable[UUID]) -> Limits:
    """How far the holder of these roles may go under a policy; without one there are no limits."""
    if body is None:
        return UNLIMITED
    by_role = body["limits"]
    return widest(_read(by_role[key]) if (key := str(role_id)) in by_role else UNNAMED for role_id in role_ids)


def _read(texts: Mapping[str, str]) -> Limits:
    return Limits(**{name: Decimal(text) for name, text in texts.items()})


def may_decide(figures: Figures, limits: Limits, *, asked_by: UUID | None, decider: UUID | None) -> bool:
    """Whether somebody may approve these figures: nobody his own, and nobody beyond his own limits."""
    return decider is not None and decider != asked_by and not exceeded(figures, limits)
