"""`enqueue()`: an effect owed, written with the change that owes it and told to the broker after the commit."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import ColumnElement, Table, bindparam, func, insert, select, text
from sqlalchemy.orm import SessionTransaction

from app.core.config import Settings
from app.core.db import after_commit, current_tenant, db
from app.core.db.columns import new_id
from app.core.db.hints import hint_at, hint_in, hint_once
from app.core.db.platform import outbox as platform_outbox
from app.core.jobs import sender
from app.core.jobs.models import FRESH, Outbox
from app.core.jobs.queues import QueueName
from app.core.jobs.timing import timing
from app.core.jobs.wire import PLATFORM, Message
from app.core.logging import bound

_STANDS_FOR = 30.0


def init_app(app: Flask, settings: Settings) -> None:
    """Give `app` the sender that speaks after commits; it connects when `sender.warm` is called or first needed."""
    sender.init_app(app, settings.redis_url)


def enqueue(
    task: str,
    *,
    queue: str,
    payload: Mapping[str, str | int] | None = None,
    at: datetime | None = None,
    dedupe: str | None = None,
    max_attempts: int | None = None,
) -> uuid.UUID:
    """Owe `task` to the current tenant, not before `at`; the row lives and dies with the caller's transaction.

    With `dedupe`, a row of the same key that has not started yet may stand for this one, and its id is returned: it
    saves work and promises nothing. Raises RuntimeError outside transaction() and ValueError for a payload that is
    more than ids and plain values.
    """
    batch = _batch(current_tenant().id)
    key = (task, dedupe) if dedupe is not None and at is None else None
    if key in batch.standing:
        return batch.standing[key]
    outbox_id = _find_standing(task, dedupe, at) if dedupe is not None else None
    if outbox_id is None:
        further = {"dedupe_key": dedupe, "request_id": bound("request_id")}
        outbox_id = _insert(Outbox.__table__, task, queue, payload, at, max_attempts, further)
    batch.add(outbox_id, queue, at)
    if key is not None and db.session().get_nested_transaction() is None:
        batch.standing[key] = outbox_id
    return outbox_id


def new_effect(task: str, *, queue: str, payload: Mapping[str, str | int] | None = None) -> Outbox:
    """The row `enqueue` would write, not stored yet: for a tenant that is being made in the same transaction.

    Whoever stores it leaves a hint as well; the relay does what the sender does elsewhere.
    """
    return Outbox(**_values(task, queue, payload), request_id=bound("request_id"))


def enqueue_platform(
    task: str,
    *,
    queue: str,
    payload: Mapping[str, str | int] | None = None,
    at: datetime | None = None,
    max_attempts: int | None = None,
) -> uuid.UUID:
    """As `enqueue`, for work that belongs to no tenant; called within `platform()`."""
    batch = _batch(PLATFORM)
    outbox_id = _insert(platform_outbox, task, queue, payload, at, max_attempts, {})
    batch.add(outbox_id, queue, at)
    return outbox_id


def hint_now() -> None:
    """Have the relay look at the current tenant soon: after a replay, a resume, a repair."""
    hint_in(0.0)


@dataclass
class _Batch:
    """What one transaction has enqueued; sent in one go after its commit."""

    tenant_id: str
    transaction: SessionTransaction | None
    messages: list[Message] = field(default_factory=list)
    # Rows by task and key that cannot start before the commit: they stand for every later one of this transaction.
    standing: dict[tuple[str, str] | None, uuid.UUID] = field(default_factory=dict)

    def add(self, outbox_id: uuid.UUID, queue: str, at: datetime | None) -> None:
        if at is None and len(self.messages) <= sender.MAX_PER_COMMIT:
            self.messages.append(Message(self.tenant_id, str(outbox_id), queue))
        if self.tenant_id == PLATFORM:
            return  # The relay looks into the platform's own outbox directly.
        if at is not None:
            hint_at(at)
        else:
            hint_once(timing().grace)

    def send(self) -> None:
        if self.messages:
            sender.send(self.messages)


def _batch(tenant_id: str) -> _Batch:
    session = db.session()
    if not session.info.get("in_transaction"):
        raise RuntimeError("enqueue() belongs inside transaction(): the row must live and die with the change")
    batch: _Batch | None = session.info.get("outbox_batch")
    transaction = session.get_transaction()
    if batch is None or batch.transaction is not transaction or batch.tenant_id != tenant_id:
        batch = _Batch(tenant_id, transaction)
        session.info["outbox_batch"] = batch
        after_commit(batch.send)
    return batch


def _insert(
    table: Table,
    task: str,
    queue: str,
    payload: Mapping[str, str | int] | None,
    at: datetime | None,
    max_attempts: int | None,
    further: Mapping[str, Any],
) -> uuid.UUID:
    start: ColumnElement[Any] = bindparam("start", at, type_=table.c.available_at.type) if at else func.now()
    values: dict[str, Any] = {
        **_values(task, queue, payload),
        "available_at": start,
        "next_dispatch_at": start if at else start + func.make_interval(0, 0, 0, 0, 0, 0, timing().grace),
        **further,
    }
    if max_attempts is not None:
        values["max_attempts"] = max_attempts
    db.session.execute(insert(table).values(**values))
    return uuid.UUID(str(values["id"]))


def _values(task: str, queue: str, payload: Mapping[str, str | int] | None) -> dict[str, Any]:
    for key, value in (payload or {}).items():
        if not isinstance(value, str | int):
            raise ValueError(f"payload {key!r} of {task} is a {type(value).__name__}: ids and plain values only")
    return {"id": new_id(), "task": task, "queue": QueueName(queue).value, "payload": dict(payload or {})}


def _find_standing(task: str, dedupe: str, at: datetime | None) -> uuid.UUID | None:
    """A row of the same key that has not started and is due no later, held so that it cannot start before we commit.

    Without the share lock it might run before this transaction's change can be seen. Nobody waits for anybody: a row
    that is being claimed is passed over, and two transactions at once make a row each. A row serves new callers for
    some seconds only, so that a steady stream of them cannot keep it from ever starting.
    """
    young = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, _STANDS_FOR)
    return db.session.execute(
        select(Outbox.id)
        .where(Outbox.dedupe_key == dedupe, Outbox.task == task, text(FRESH), Outbox.created_at > young)
        .where(Outbox.available_at <= (at or func.now()))
        .order_by(Outbox.created_at.desc())
        .limit(1)
        .with_for_update(read=True, skip_locked=True)
    ).scalar_one_or_none()
