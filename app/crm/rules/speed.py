"""How fast leads are answered: the figures over those that came by themselves, in all and by store, source, person."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from app.crm.rules.waiting import Wait, Waits, summarise

# A span of days that is asked about, and the longest there is.
USUAL_DAYS, MOST_DAYS = 30, 366


@dataclass(frozen=True)
class Arrival:
    """A lead that came by itself: where, from what, whose it is, its wait, and by when it should have been answered.

    `is_open` says that it still waits, which until its target is over speaks neither for nor against anybody.
    """

    store_id: uuid.UUID
    source: str
    assignee_id: uuid.UUID | None
    wait: Wait
    target: timedelta
    is_open: bool = False


@dataclass(frozen=True)
class Speed:
    """The figures: the waits, and of the leads of which it is `decided` those answered within their store's target."""

    waits: Waits
    within: int
    decided: int

    @property
    def share(self) -> Decimal | None:
        """Percent answered within the target, to a tenth; None where nothing is decided."""
        if not self.decided:
            return None
        return (Decimal(100 * self.within) / self.decided).quantize(Decimal("0.1"), ROUND_HALF_UP)


def speed_of(arrivals: Iterable[Arrival]) -> Speed:
    """The figures over these leads; a lead that nobody answered before it ended was not answered in time."""
    known = list(arrivals)
    in_time = [one for one in known if one.wait.lasted <= one.target]
    within = sum(one.wait.ended for one in in_time)
    undecided = sum(one.is_open and not one.wait.ended for one in in_time)
    return Speed(summarise(one.wait for one in known), within, len(known) - undecided)


Key = TypeVar("Key", bound=Hashable)


def speed_by(arrivals: Iterable[Arrival], key: Callable[[Arrival], Key]) -> Mapping[Key, Speed]:
    """The figures of each group, those of most leads first."""
    groups: dict[Key, list[Arrival]] = {}
    for one in arrivals:
        groups.setdefault(key(one), []).append(one)
    found = sorted(groups.items(), key=lambda group: (-len(group[1]), str(group[0])))
    return {name: speed_of(members) for name, members in found}
