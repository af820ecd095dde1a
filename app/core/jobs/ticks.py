"""Beat's ticks: however many beats say that time has passed, each slot of each job fires once per tenant.

Beat carries no job. It says "look at the table", and the table of `worker.schedule` and the slots already closed say
what is due; a tick that was lost, or a beat that was down, is therefore made up for by the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import db, platform, tenant, transaction
from app.core.db import directory as tenant_directory
from app.core.db.platform import ticks as platform_ticks
from app.core.errors import NotFound
from app.core.jobs.models import Tick
from app.core.jobs.outbox import enqueue, enqueue_platform
from app.core.jobs.queues import QueueName
from app.core.logging import get_logger

log = get_logger(__name__)

ACTIVE: Final = "active"
DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Entry:
    """One line of the beat table: `task` for every active tenant (or once, for the platform) in every slot."""

    job: str
    task: str
    queue: QueueName
    every: timedelta
    # When in the period the slot begins, in UTC.
    at: timedelta = timedelta(0)
    for_platform: bool = False
    # The tenants' runs are spread over this long, so that they do not all begin at once.
    spread: timedelta = timedelta(0)
    # How many missed slots are made up for; the older ones are skipped.
    catch_up: int = 1
    payload: dict[str, str | int] = field(default_factory=dict)

    def slots(self, now: datetime) -> list[datetime]:
        """The slots begun up to `now` that are still worth firing, oldest first."""
        epoch = datetime(1970, 1, 1, tzinfo=UTC) + self.at
        latest = epoch + ((now - epoch) // self.every) * self.every
        return [latest - self.every * back for back in reversed(range(self.catch_up))]


def slot_name(slot: datetime) -> str:
    """How a slot is written in the tables."""
    return slot.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fire_due(table: Sequence[Entry]) -> int:
    """Fire every slot of `table` that is due and not closed; returns how many runs were enqueued.

    It may be killed at any point and run by several at once: what a tenant has is not given to it again.
    """
    fired = 0
    with platform():
        now = db.session.execute(select(func.now())).scalar_one()
    for entry, slot in _open_slots(table, now):
        fired += _fire_platform(entry, slot) if entry.for_platform else _fire_tenants(entry, slot)
    return fired


def _open_slots(table: Sequence[Entry], now: datetime) -> Iterator[tuple[Entry, datetime]]:
    wanted = [(entry, slot) for entry in table for slot in entry.slots(now)]
    oldest = min((slot_name(slot) for _, slot in wanted), default="")
    with platform():
        closed = {
            (row.job, row.slot)
            for row in db.session.execute(select(platform_ticks).where(platform_ticks.c.slot >= oldest))
        }
    for entry, slot in wanted:
        if (entry.job, slot_name(slot)) not in closed:
            yield entry, slot


def _fire_platform(entry: Entry, slot: datetime) -> int:
    with platform(), transaction():
        if not _close_slot(entry, slot):
            return 0
        enqueue_platform(entry.task, queue=entry.queue, payload=entry.payload)
    return 1


def _fire_tenants(entry: Entry, slot: datetime) -> int:
    fired, whole = 0, True
    for known in tenant_directory.all_tenants():
        if known.state != ACTIVE:
            continue
        try:
            fired += _fire_tenant(known.id, entry, slot)
        except NotFound:
            continue
        except SQLAlchemyError as error:
            # One tenant in the middle of a migration must not keep the others waiting; the slot stays open for it.
            log.warning("tick_postponed", tenant=known.id, job=entry.job, error=type(error).__name__)
            whole = False
    if whole:
        with platform(), transaction():
            _close_slot(entry, slot)
    return fired


def _fire_tenant(tenant_id: str, entry: Entry, slot: datetime) -> int:
    """The tenant's tick and its outbox row, both or neither."""
    with tenant(tenant_id), transaction():
        statement = insert(Tick).values(job=entry.job, slot=slot_name(slot)).on_conflict_do_nothing()
        if db.session.execute(statement.returning(Tick.job)).scalar_one_or_none() is None:
            return 0
        delay = _delay(tenant_id, entry.spread)
        at = None
        if delay:
            at = db.session.execute(select(func.now() + delay)).scalar_one()
        enqueue(entry.task, queue=entry.queue, payload=entry.payload, at=at)
    return 1


def _close_slot(entry: Entry, slot: datetime) -> bool:
    statement = insert(platform_ticks).values(job=entry.job, slot=slot_name(slot)).on_conflict_do_nothing()
    return db.session.execute(statement.returning(platform_ticks.c.job)).scalar_one_or_none() is not None


def _delay(tenant_id: str, spread: timedelta) -> timedelta:
    """A tenant's own place within `spread`, the same every day."""
    place = int.from_bytes(hashlib.blake2b(tenant_id.encode(), digest_size=4).digest(), "big") / 2**32
    return spread * place
