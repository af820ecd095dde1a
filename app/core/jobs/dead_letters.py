"""What an operator sees and does about rows that were laid aside, and how full an outbox is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import CursorResult, and_, delete, func, select, text, update

from app.core.db import db, find_tenant
from app.core.db.platform import ticks as platform_ticks
from app.core.errors import NotFound
from app.core.jobs import outbox
from app.core.jobs.claims import current_table
from app.core.jobs.models import PENDING, Tick

KEEP_DONE: Final = timedelta(days=7)
KEEP_TICKS: Final = timedelta(days=30)
PRUNED_AT_ONCE = 5_000


@dataclass(frozen=True)
class DeadLetter:
    """One row that was tried as often as it may be."""

    outbox_id: uuid.UUID
    task: str
    queue: str
    attempts: int
    error: str | None
    dead_at: datetime


@dataclass(frozen=True)
class OutboxStatus:
    """How full the current scope's outbox is."""

    waiting: int
    running: int
    late: int
    dead: int
    oldest_waiting_at: datetime | None


def list_dead(limit: int = 100) -> Sequence[DeadLetter]:
    """The dead rows of the current scope, newest first."""
    table = current_table()
    rows = db.session.execute(
        select(table.c.id, table.c.task, table.c.queue, table.c.attempts, table.c.last_error, table.c.dead_at)
        .where(table.c.dead_at.is_not(None))
        .order_by(table.c.dead_at.desc())
        .limit(limit)
    )
    return [DeadLetter(*row) for row in rows]


def replay_dead(outbox_id: uuid.UUID | None = None) -> int:
    """Give the dead row (or all of them) its attempts back; returns how many there were. Raises NotFound for one."""
    table = current_table()
    statement = update(table).where(table.c.dead_at.is_not(None))
    if outbox_id is not None:
        statement = statement.where(table.c.id == outbox_id)
    # The key is dropped: a younger row of the same key may be waiting already, and this one is to run regardless.
    statement = statement.values(
        dead_at=None, attempts=0, lease_until=None, dedupe_key=None,
        available_at=func.now(), next_dispatch_at=func.now(),
    )
    count = cast("CursorResult[Any]", db.session.execute(statement)).rowcount
    if outbox_id is not None and count == 0:
        raise NotFound
    if count and find_tenant() is not None:
        outbox.hint_now()
    return count


def outbox_status() -> OutboxStatus:
    """Counts of the current scope's outbox."""
    table = current_table()
    pending = text(PENDING)
    leased = and_(table.c.lease_until.is_not(None), table.c.lease_until > func.now())
    row = db.session.execute(
        select(
            func.count().filter(pending, ~func.coalesce(leased, False)),
            func.count().filter(pending, leased),
            func.count().filter(pending, table.c.next_dispatch_at < func.now() - timedelta(minutes=1)),
            func.count().filter(table.c.dead_at.is_not(None)),
            func.min(table.c.available_at).filter(pending, ~func.coalesce(leased, False)),
        ).where(table.c.done_at.is_(None))
    ).one()
    return OutboxStatus(*row)


def prune() -> int:
    """Delete up to PRUNED_AT_ONCE of the rows done a week ago, and last month's ticks; returns how many rows went.

    Called again, each time in a transaction of its own, until fewer than that went. Dead rows stay.
    """
    table = current_table()
    old = select(table.c.id).where(table.c.done_at < func.now() - KEEP_DONE).limit(PRUNED_AT_ONCE)
    gone = db.session.execute(delete(table).where(table.c.id.in_(old)))
    if find_tenant() is not None:
        db.session.execute(delete(Tick).where(Tick.created_at < func.now() - KEEP_TICKS))
    else:
        db.session.execute(delete(platform_ticks).where(platform_ticks.c.closed_at < func.now() - KEEP_TICKS))
    return cast("CursorResult[Any]", gone).rowcount
