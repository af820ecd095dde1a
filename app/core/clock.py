"""The one source of time: instants are UTC, business dates belong to a store's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def business_date(instant: datetime, timezone: str) -> date:
    """The calendar date of `instant` in `timezone` (an IANA name)."""
    return instant.astimezone(ZoneInfo(timezone)).date()


def today(timezone: str) -> date:
    """Today's business date in `timezone` (an IANA name)."""
    return business_date(now(), timezone)


def is_timezone(name: str) -> bool:
    """Whether `name` is an IANA time zone. Asked of the zone itself: listing all of them reads a thousand files."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
