"""Age of stock in whole days of the store's calendar, counted from acquisition and never from listing."""

from __future__ import annotations

from datetime import date

# Closed ranges of whole days without gap or overlap; the last has no upper end.
BUCKETS: tuple[tuple[int, int | None], ...] = ((0, 30), (31, 45), (46, 60), (61, 90), (91, 120), (121, None))


def days_in_stock(acquired_on: date, as_of: date, closed_on: date | None = None) -> int:
    """Days from acquisition to `as_of`, or to the end of the episode where that came first; never negative."""
    end = as_of if closed_on is None else min(as_of, closed_on)
    return max((end - acquired_on).days, 0)


def bucket(days: int) -> tuple[int, int | None]:
    """The range of `BUCKETS` that holds `days`."""
    return next(b for b in BUCKETS if days >= b[0] and (b[1] is None or days <= b[1]))


def pace(days: int) -> str:
    """How urgent an age is on screens: `good` up to 60 days, `slow` up to 90, `old` after."""
    if days <= 60:
        return "good"
    return "slow" if days <= 90 else "old"
