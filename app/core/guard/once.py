"""Requests that take effect once: what a request with a key of its own did is kept in the same transaction.

Kept is how it ended and of which record, never the answer: that is made anew under the caller's present rights. Only
where nothing could make it anew (what became of each item of a batch) the result itself is kept, sealed.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import N_, Conflict, DomainError
from app.core.guard import vault
from app.core.guard.models import OnceRow

LASTS: Final = timedelta(hours=48)
LONGEST_KEY: Final = 255
_TABLE, _COLUMN = "core_once", "result"


class InFlight(Conflict):
    """The same request is being carried out at this moment."""

    code = "request_in_flight"
    message = N_("The same request is being carried out. Ask again in a moment.")


class KeyReused(DomainError):
    """The key belongs to a request with another body."""

    code = "idempotency_key_reused"
    message = N_("This Idempotency-Key was sent with another request body before.")
    status = 422


@dataclass(frozen=True)
class Asked:
    """Which request it is: keyed marks of caller, method, path and key, and of the body, which must be the same.

    The edge makes the marks with the secret of the application: people write names into keys, and the keys of a
    dealership change while a request must stay known.
    """

    mark: bytes
    body_mark: bytes


@dataclass(frozen=True)
class Effect:
    """How a request ended: its status, the record it made or changed, and a result nothing else remembers."""

    status: int
    record_type: str | None = None
    record_id: uuid.UUID | None = None
    result: Any = field(default=None)


def begin(asked: Asked, *, wait: bool = False) -> Effect | None:
    """Take the request for this transaction; what it did before, if it was carried out.

    Raises InFlight while another transaction has it, unless it is to `wait` for that; KeyReused for another body.
    """
    mark = asked.mark
    # One lock per request, let go when the transaction ends; the dealership is part of the mark.
    number = int.from_bytes(mark[:8], signed=True)
    if wait:
        db.session.execute(select(func.pg_advisory_xact_lock(number)))
    elif not db.session.scalar(select(func.pg_try_advisory_xact_lock(number))):
        raise InFlight
    row = db.session.scalar(select(OnceRow).where(OnceRow.mark == mark))
    if row is None:
        return None
    if row.created_at < clock.now() - LASTS:
        db.session.delete(row)
        db.session.flush()
        return None
    if row.body_mark != asked.body_mark:
        raise KeyReused
    result = vault.unseal_own(_TABLE, _COLUMN, row.id, row.result) if row.result is not None else None
    return Effect(row.status, row.record_type, row.record_id, result)


def note(asked: Asked, effect: Effect) -> None:
    """Keep, in the effect's own transaction, that the request was carried out."""
    key = new_id()
    sealed = vault.seal_own(_TABLE, _COLUMN, key, effect.result) if effect.result is not None else None
    row = OnceRow(
        id=key,
        mark=asked.mark,
        body_mark=asked.body_mark,
        status=effect.status,
        record_type=effect.record_type,
        record_id=effect.record_id,
        result=sealed,
        created_at=clock.now(),
    )
    db.session.add(row)
    try:
        db.session.flush()
    except IntegrityError as error:
        raise InFlight from error


def forget_old(limit: int = 5_000) -> int:
    """Delete what is older than it has to be kept, with its keys; called by a tick."""
    old = select(OnceRow.id).where(OnceRow.created_at < clock.now() - LASTS).limit(limit)
    gone = db.session.scalars(delete(OnceRow).where(OnceRow.id.in_(old)).returning(OnceRow.id)).all()
    vault.drop_keys(gone)
    return len(gone)
