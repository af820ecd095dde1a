"""When a schedule runs next, by the dealership's clock. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.core.lists.exports.states import Every

# Every month has them.
LAST_DAY_OF_MONTH: Final = 28


def next_run(every: str, day: int, hour: int, timezone: str, after: datetime) -> datetime:
    """The first run later than `after`: at `hour` of the day, weekday (0 is Monday) or day of the month.

    An hour the clocks leave out is run as the clocks then say; one they repeat, the first time.
    """
    zone = ZoneInfo(timezone)
    today = after.astimezone(zone).date()
    for ahead in range(32):
        candidate = today + timedelta(days=ahead)
        if every == Every.WEEK and candidate.weekday() != day:
            continue
        if every == Every.MONTH and candidate.day != day:
            continue
        moment = datetime(candidate.year, candidate.month, candidate.day, hour, tzinfo=zone).astimezone(UTC)
        if moment > after:
            return moment
    raise ValueError(f"no {every} has a day {day}")
