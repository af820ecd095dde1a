"""What an API key has done of late: reads by day and resource as they were counted, writes from the audit."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Date, cast, func, select

from app.core import clock
from app.core.db import current_tenant, db
from app.core.guard import key_reads
from app.core.guard.models import AuditEntry
from app.tenants.models import ApiKeyRead

# Entries that tell of something the key was not let do.
REFUSED = "access.deny"


@dataclass
class DayOfUse:
    """A day: how often each resource was read, how often each action was carried out, and how often one was refused."""

    day: date
    reads: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    refused: int = 0

    @property
    def read(self) -> int:
        """All reads of the day."""
        return self.reads.total()

    @property
    def written(self) -> int:
        """All writes of the day."""
        return self.writes.total()


@dataclass(frozen=True)
class Usage:
    """Every day of a span, the oldest first."""

    days: tuple[DayOfUse, ...]

    @property
    def reads(self) -> Counter[str]:
        """Resource -> how often it was read."""
        return sum((day.reads for day in self.days), Counter())

    @property
    def writes(self) -> Counter[str]:
        """Action -> how often it was carried out."""
        return sum((day.writes for day in self.days), Counter())

    @property
    def refused(self) -> int:
        """How often the key lacked a right."""
        return sum(day.refused for day in self.days)


def usage_of(key_id: uuid.UUID, days: int) -> Usage:
    """What the key did in the last `days` days of the dealership, today included. The caller has checked the key."""
    zone = current_tenant().timezone
    last = clock.today(zone)
    first = last - timedelta(days=days - 1)
    found = {first + timedelta(days=n): DayOfUse(first + timedelta(days=n)) for n in range(days)}
    for (day, resource), count in _reads(key_id, first).items():
        if day in found:
            found[day].reads[resource] += count
    begin = datetime.combine(first, time.min, ZoneInfo(zone))
    on = cast(func.timezone(zone, AuditEntry.at), Date).label("day")
    did = (
        select(on, AuditEntry.action, func.count())
        .where(AuditEntry.key_id == key_id, AuditEntry.at >= begin)
        .group_by(on, AuditEntry.action)
    )
    for day, action, count in db.session.execute(did):
        if day in found and action == REFUSED:
            found[day].refused += count
        elif day in found:
            found[day].writes[action] += count
    return Usage(tuple(found.values()))


def _reads(key_id: uuid.UUID, first: date) -> Mapping[tuple[date, str], int]:
    """Those written down, and those that wait to be."""
    kept = select(ApiKeyRead.day, ApiKeyRead.resource, ApiKeyRead.count)
    rows = db.session.execute(kept.where(ApiKeyRead.key_id == key_id, ApiKeyRead.day >= first)).all()
    return Counter({(row.day, row.resource): row[2] for row in rows}) + Counter(key_reads.waiting_reads(key_id))
