"""Taking the last change back: the operation leaves how, sealed, for the one who made it and for ten minutes.

A module declares for each kind of change the function that puts things back. That function asks for the rights of
its actor as any operation does, and raises Stale when the record has changed since.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import delete, event

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.db.session import PinnedSession
from app.core.errors import N_, Conflict, DomainError, NotFound, PermissionDenied, Stale
from app.core.guard import vault
from app.core.guard.models import Undo
from app.core.guard.permissions import Actor

LASTS: Final = timedelta(minutes=10)
# What many changes leave together, and how many of them one press takes back.
MANY: Final = "many"
_TABLE, _COLUMN = "core_undos", "sealed"
_COLLECTING, _OFFERED = "undo_collecting", "undo_offered"

Payload = Mapping[str, Any]
# Puts back what the payload says; the payload's "name" is what the record is called. True when a job will do it.
Function = Callable[[Actor, Payload], bool | None]
_KINDS: dict[str, Function] = {}


class UndoTooLate(Conflict):
    """Its time is over, or it was taken back before."""

    code = "undo_too_late"
    message = N_("This can no longer be taken back: it was too long ago, or it has been taken back already.")


class ChangedSince(Conflict):
    """The record is not as the change left it."""

    code = "changed_since"
    message = N_("{name} was changed since, or is not yours to change any more, and stays as it is.")


@dataclass(frozen=True)
class TakenBack:
    """How many changes were taken back, and why others stay as they are."""

    done: int
    refusals: tuple[DomainError, ...] = ()
    # Whether a job goes on with it.
    later: bool = False


def declare_undo(kind: str, function: Function) -> None:
    """Say how changes of this kind are taken back; at import."""
    if _KINDS.setdefault(kind, function) is not function:
        raise ValueError(f"undo of {kind} is declared twice")


def offer(actor: Actor, kind: str, payload: Payload) -> None:
    """Let `actor` take the change back that is being made, in its transaction; the system takes nothing back."""
    if actor.user_id is None or actor.system:
        return
    collecting: list[tuple[str, Payload]] | None = db.session().info.get(_COLLECTING)
    if collecting is not None:
        collecting.append((kind, payload))
        return
    db.session().info[_OFFERED] = keep(actor.user_id, kind, payload)


def keep(user_id: uuid.UUID, kind: str, payload: Payload, lasts: timedelta = LASTS) -> uuid.UUID:
    """Store one offer and return its id."""
    if kind not in _KINDS:
        raise LookupError(f"nobody declared how {kind} is taken back")
    row_id = new_id()
    sealed = vault.seal_own(_TABLE, _COLUMN, row_id, _packed(payload))
    db.session.add(Undo(id=row_id, user_id=user_id, kind=kind, sealed=sealed, expires_at=clock.now() + lasts))
    db.session.flush()
    return row_id


def last_offer() -> uuid.UUID | None:
    """The offer of the change this session has just made; asked for once."""
    found: uuid.UUID | None = db.session().info.pop(_OFFERED, None)
    return found


@contextmanager
def collected() -> Iterator[list[tuple[str, Payload]]]:
    """Gather the offers of the changes made inside instead of keeping each."""
    info = db.session().info
    outer = info.get(_COLLECTING)
    found: list[tuple[str, Payload]] = []
    info[_COLLECTING] = found
    try:
        yield found
    finally:
        info[_COLLECTING] = outer


def offer_many(actor: Actor, offers: Iterable[tuple[str, Payload]]) -> None:
    """Let the actor take several changes back by one press."""
    parts = [[kind, payload] for kind, payload in offers]
    if parts:
        offer(actor, MANY, {"name": "", "parts": parts})


def take_back(actor: Actor, undo_id: uuid.UUID) -> TakenBack:
    """Take a change of the actor's own back, once; raises NotFound, UndoTooLate, and ChangedSince naming the record."""
    row = db.session.get(Undo, undo_id, with_for_update=True, populate_existing=True)
    if row is None or actor.user_id is None or row.user_id != actor.user_id:
        raise NotFound
    if row.used_at is not None or row.sealed is None or row.expires_at <= clock.now():
        raise UndoTooLate
    payload = _unpacked(vault.unseal_own(_TABLE, _COLUMN, row.id, row.sealed))
    row.used_at, row.sealed = clock.now(), None
    with collected():
        if row.kind == MANY:
            return _take_back_many(actor, payload["parts"])
        later = _one(actor, row.kind, payload)
    return TakenBack(0 if later else 1, later=later)


def forget_expired() -> None:
    """Delete what can no longer be taken back."""
    gone = delete(Undo).where(Undo.expires_at < clock.now()).returning(Undo.id)
    vault.drop_keys(db.session.scalars(gone).all())


def _take_back_many(actor: Actor, parts: list[tuple[str, Payload]]) -> TakenBack:
    refusals: list[DomainError] = []
    # The last change first, as two of them may be about one record.
    for kind, payload in reversed(parts):
        try:
            with db.session.begin_nested():
                _one(actor, kind, payload)
        except DomainError as error:
            refusals.append(error)
    return TakenBack(len(parts) - len(refusals), tuple(refusals))


def _one(actor: Actor, kind: str, payload: Payload) -> bool:
    try:
        return bool(_KINDS[kind](actor, payload))
    except (Stale, NotFound, PermissionDenied) as error:
        raise ChangedSince(name=payload["name"]) from error


def _many_are_taken_apart(_actor: Actor, _payload: Payload) -> None:
    raise NotImplementedError


declare_undo(MANY, _many_are_taken_apart)


@event.listens_for(PinnedSession, "after_soft_rollback")
def _forget_rolled_back(session: PinnedSession, previous: Any) -> None:
    """What did not happen is not offered to be taken back."""
    if not previous.nested:
        session.info.pop(_OFFERED, None)


_TYPES: Mapping[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "uuid": (uuid.UUID, str, uuid.UUID),
    "at": (datetime, datetime.isoformat, datetime.fromisoformat),
    "day": (date, date.isoformat, date.fromisoformat),
    "number": (Decimal, str, Decimal),
    "bytes": (bytes, lambda value: base64.b64encode(value).decode(), base64.b64decode),
}


def _packed(value: Any) -> Any:
    """`value` as JSON that remembers its types."""
    if isinstance(value, Mapping):
        return {str(key): _packed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_packed(item) for item in value]
    for mark, (kind, write, _) in _TYPES.items():
        if isinstance(value, kind):
            return {"$": [mark, write(value)]}
    return value


def _unpacked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unpacked(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"$"}:
        mark, text = value["$"]
        return _TYPES[mark][2](text)
    return {key: _unpacked(item) for key, item in value.items()}
