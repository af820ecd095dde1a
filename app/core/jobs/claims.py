"""Claiming a row and closing it: leases, fences, slots, back-off and death, all by the database's clock.

Every function here runs in the current scope and inside the caller's transaction().
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, Table, func, or_, select, text, update
from sqlalchemy.exc import DBAPIError

from app.core.db import after_commit, db, find_tenant
from app.core.db.hints import hint_in
from app.core.db.platform import outbox as platform_outbox
from app.core.errors import DomainError
from app.core.jobs import sender
from app.core.jobs.models import PENDING, Outbox
from app.core.jobs.queues import SLOTS
from app.core.jobs.timing import timing
from app.core.jobs.wire import PLATFORM, Message


class LeaseLost(Exception):
    """Another runner has the row by now: whatever this one did is rolled back."""

    code = "lease_lost"


@dataclass(frozen=True)
class Claim:
    """The right to run one row: it holds as long as `attempt` is the row's latest."""

    outbox_id: uuid.UUID
    task: str
    queue: str
    payload: Mapping[str, Any]
    attempt: int
    max_attempts: int
    request_id: str | None


@dataclass(frozen=True)
class Died:
    """A row that was tried as often as it may be and has just been laid aside."""

    payload: Mapping[str, Any]
    error: str


def current_table() -> Table:
    """The outbox of the current scope."""
    return cast(Table, Outbox.__table__) if find_tenant() is not None else platform_outbox


def claim(outbox_id: uuid.UUID, came_by: str | None) -> Claim | Died | None:
    """Lease the row for this runner; None when there is nothing to do (unknown, done, leased, early, no free slot).

    A message that came by another queue than the row's own is not believed. A row that has used up its attempts
    without an answer, as one that kills its worker does, dies here.
    """
    table = current_table()
    row = db.session.execute(
        select(table)
        .where(table.c.id == outbox_id, text(PENDING), table.c.available_at <= func.now())
        .where(or_(table.c.lease_until.is_(None), table.c.lease_until <= func.now()))
        .with_for_update(skip_locked=True)
    ).mappings().one_or_none()  # fmt: skip
    if row is None or (came_by is not None and came_by != row["queue"]):
        return None
    this = update(table).where(table.c.id == outbox_id)
    if row["attempts"] >= row["max_attempts"]:
        error = row["last_error"] or "WorkerLost"
        db.session.execute(this.values(dead_at=func.now(), lease_until=None, last_error=error))
        return Died(row["payload"], error)
    if not _slot_is_free(table, row["queue"]):
        db.session.execute(this.values(deferred=True, next_dispatch_at=_in(timing().slot_wait)))
        return None
    lease_end = _in(timing().lease)
    values: dict[str, Any] = {"lease_until": lease_end, "next_dispatch_at": lease_end}
    if "deferred" in table.c:
        values["deferred"] = False
    attempt = db.session.execute(
        this.values(attempts=table.c.attempts + 1, **values).returning(table.c.attempts)
    ).scalar_one()
    return Claim(
        outbox_id=outbox_id,
        task=row["task"],
        queue=row["queue"],
        payload=row["payload"],
        attempt=attempt,
        max_attempts=row["max_attempts"],
        request_id=row.get("request_id"),
    )


def finish(claimed: Claim) -> None:
    """Close the row in the transaction of its effect; raises LeaseLost when the lease has passed to another runner."""
    table = current_table()
    _lock_slots(table, claimed.queue)
    _close(table, claimed, done_at=func.now(), lease_until=None, last_error=None)
    _hand_over(table, claimed.queue)


def fail(claimed: Claim, error: str) -> Died | None:
    """Note the failure and put the row off, or lay it aside after its last attempt."""
    table = current_table()
    _lock_slots(table, claimed.queue)
    wait = min(timing().backoff * 3 ** (claimed.attempt - 1), timing().backoff_cap)
    dead = claimed.attempt >= claimed.max_attempts
    if dead:
        _close(table, claimed, dead_at=func.now(), lease_until=None, last_error=error)
    else:
        _close(
            table, claimed, available_at=_in(wait), next_dispatch_at=_in(wait), lease_until=None, last_error=error
        )  # fmt: skip
        if find_tenant() is not None:
            hint_in(wait)
    _hand_over(table, claimed.queue)
    return Died(claimed.payload, error) if dead else None


def describe(error: BaseException) -> str:
    """Class and code of `error`, never its text: a text may quote a customer."""
    if isinstance(error, DBAPIError):
        code = getattr(error.orig, "sqlstate", None)
        return f"{type(error).__name__}:{code}" if code else type(error).__name__
    if isinstance(error, DomainError):
        return f"{type(error).__name__}:{error.code}"
    return type(error).__name__


def _close(table: Table, claimed: Claim, **values: Any) -> None:
    """Write `values` if the fence still holds: the row is open and this runner's attempt is its latest."""
    result = db.session.execute(
        update(table)
        .where(table.c.id == claimed.outbox_id, text(PENDING), table.c.attempts == claimed.attempt)
        .values(**values)
    )
    if cast("CursorResult[Any]", result).rowcount != 1:
        raise LeaseLost


def _in(seconds: float) -> Any:
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _lock_slots(table: Table, queue: str) -> bool:
    """Serialise the counting of one tenant's slots of `queue`; the platform's few rows need no slots."""
    tenant = find_tenant()
    if tenant is None or queue not in SLOTS or "deferred" not in table.c:
        return False
    key = func.hashtextextended(f"slots:{tenant.id}:{queue}", 0)
    db.session.execute(select(func.pg_advisory_xact_lock(key)))
    return True


def _slot_is_free(table: Table, queue: str) -> bool:
    if not _lock_slots(table, queue):
        return True
    taken = select(func.count()).where(table.c.queue == queue, text(PENDING), table.c.lease_until > func.now())
    return bool(db.session.execute(taken).scalar_one() < SLOTS[queue])


def _hand_over(table: Table, queue: str) -> None:
    """Pass the slot that has just become free to the row that has waited longest for one."""
    tenant = find_tenant()
    if tenant is None or "deferred" not in table.c:
        return
    waiting = db.session.execute(
        select(table.c.id)
        .where(table.c.queue == queue, text(PENDING), table.c.deferred)
        .order_by(table.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).scalar_one_or_none()
    if waiting is None:
        return
    values = {"deferred": False, "next_dispatch_at": _in(timing().redispatch)}
    db.session.execute(update(table).where(table.c.id == waiting).values(**values))
    message = Message(tenant.id if tenant else PLATFORM, str(waiting), queue)
    after_commit(lambda: _send(message))


def _send(message: Message) -> None:
    sender.send([message])
