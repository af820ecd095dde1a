"""How long people wait for an answer: which activities stop the clock, by the wall and by opening hours, and the
figures over many waits, in which those who still wait count as such."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.crm.rules.customers import ActivityType, Direction, Outcome

# What is common, and what a store has until it says otherwise.
TARGET_MINUTES = 5
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Day -> opening and closing on the wall of the store; a day that is not there is closed.
Hours = Mapping[str, tuple[time, time]]


@dataclass(frozen=True)
class Deed:
    """An activity as the clocks see it; `by_person` says that somebody of ours did it, and no automaton."""

    at: datetime
    type: str
    direction: str | None = None
    outcome: str | None = None
    by_person: bool = True


@dataclass(frozen=True)
class Clocks:
    """When somebody first tried to reach the person, and when the two first spoke."""

    attempt_at: datetime | None = None
    contact_at: datetime | None = None
    # Whether the person has been here since.
    visited: bool = False


def clocks_of(received_at: datetime, deeds: Iterable[Deed]) -> Clocks:
    """The two clocks of a lead out of what was done since it came, in whatever order it was logged.

    An attempt is a call, message, visit or test drive by a person of ours; a message that comes in is none, and a
    note neither. They spoke when a call was answered, when they met, or when the person wrote back to an attempt.
    """
    attempt = contact = None
    visited = False
    for deed in sorted(deeds, key=lambda one: one.at):
        if deed.at < received_at or deed.type == ActivityType.NOTE:
            continue
        if deed.type == ActivityType.MESSAGE and deed.direction == Direction.INBOUND:
            if attempt is not None:
                contact = contact or deed.at
            continue
        if not deed.by_person:
            continue
        attempt = attempt or deed.at
        met = deed.type in (ActivityType.VISIT, ActivityType.TEST_DRIVE)
        answered = deed.type == ActivityType.CALL and (
            deed.direction == Direction.INBOUND or deed.outcome == Outcome.REACHED
        )
        visited = visited or met
        if met or answered:
            contact = contact or deed.at
    return Clocks(attempt, contact, visited)


class Urgency(StrEnum):
    """How an open wait stands to its target."""

    FRESH = "fresh"
    SOON = "soon"
    LATE = "late"


def urgency(waited: timedelta, target: timedelta) -> Urgency:
    """Late past the target, soon in its second half."""
    if waited > target:
        return Urgency.LATE
    return Urgency.SOON if waited * 2 > target else Urgency.FRESH


def open_time(start: datetime, end: datetime, hours: Hours, timezone: str) -> timedelta:
    """How much of the time from `start` to `end` the store was open, day by day on its own wall clock.

    An hour that the clock skips in spring is not there, one it has twice counts twice: instants are compared.
    """
    if end <= start:
        return timedelta(0)
    zone, total = ZoneInfo(timezone), timedelta(0)
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        span = hours.get(DAYS[day.weekday()])
        if span is not None:
            opens, closes = (_instant(day, at, zone) for at in span)
            total += max(timedelta(0), min(end, closes) - max(start, opens))
        day += timedelta(days=1)
    return total


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    # By way of UTC: two datetimes of one zone are otherwise compared by what the wall says.
    return datetime.combine(day, at, zone).astimezone(ZoneInfo("UTC"))


@dataclass(frozen=True)
class Wait:
    """One lead's wait; `ended` says that somebody answered, else it goes on, or ended without an answer."""

    lasted: timedelta
    ended: bool


@dataclass(frozen=True)
class Waits:
    """Figures over waits: how many, how many answered, and the time by which half and nine tenths had an answer.

    None where so many never had one as far as is known: such a figure is not small, it is unknown.
    """

    count: int
    answered: int
    median: timedelta | None
    p90: timedelta | None


def summarise(waits: Iterable[Wait]) -> Waits:
    """Median and p90 of the time to an answer with the waits that go on in the denominator (Kaplan and Meier).

    Each answer takes from the share still waiting one part of those who had waited that long; who is still waiting
    stays among them as long as he has waited, and is not taken for an answer.
    """
    known = sorted(waits, key=lambda wait: (wait.lasted, not wait.ended))
    answered = sum(wait.ended for wait in known)
    return Waits(len(known), answered, _quantile(known, 1, 2), _quantile(known, 9, 10))


def _quantile(waits: Sequence[Wait], part: int, whole: int) -> timedelta | None:
    """The first moment at which at least part/whole have an answer; `waits` in order, exact without fractions."""
    # The share still waiting is a product of (n - 1) / n, kept as two whole numbers.
    above, below = 1, 1
    for place, wait in enumerate(waits):
        if not wait.ended:
            continue
        at_risk = len(waits) - place
        above, below = above * (at_risk - 1), below * at_risk
        if (below - above) * whole >= part * below:
            return wait.lasted
    return None
