"""The audit: one entry per operation, in its transaction, personal values sealed; entries are only ever added."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, select

from app.core.db import db
from app.core.db.bulk import copy_rows, insert_together
from app.core.db.columns import new_id
from app.core.db.hints import hint_once
from app.core.db.session import Base
from app.core.errors import NotFound
from app.core.guard import vault
from app.core.guard.keys import KeyMissing
from app.core.guard.masks import FULL
from app.core.guard.models import AuditEntry, AuditSeal
from app.core.guard.origin import origin
from app.core.guard.permissions import Actor, scope_clause
from app.core.guard.policy import Policy, Sight, policy_for
from app.core.logging import bound

Change = tuple[Any, Any]
_TABLE, _COLUMN = "core_audit", "sealed"
_MOST_HISTORY = 500
# The relay looks for new entries this long after the change began, unless it is told to look sooner.
SEALED_AFTER = 0.3


def record(
    actor: Actor,
    action: str,
    record_type: str,
    record_id: uuid.UUID | None,
    changes: Mapping[str, Change] | None = None,
    personal: Mapping[str, Change] | None = None,
    *,
    subject_id: uuid.UUID | None = None,
    beside: Sequence[Base] = (),
) -> uuid.UUID:
    """Add the entry "`actor` did `action` to this record" to the current transaction and return its id.

    The arguments are those of `new_entry`; `beside` are new rows of what was done, written by the same statement.
    """
    made = new_entry(actor, action, record_type, record_id, changes, personal, subject_id=subject_id)
    insert_together([*beside, made]) if beside else db.session.add(made)
    hint_once(SEALED_AFTER)
    return made.id


def new_entry(
    actor: Actor,
    action: str,
    record_type: str,
    record_id: uuid.UUID | None,
    changes: Mapping[str, Change] | None = None,
    personal: Mapping[str, Change] | None = None,
    *,
    subject_id: uuid.UUID | None = None,
) -> AuditEntry:
    """The entry "`actor` did `action` to this record", not stored yet.

    Both mappings hold field -> (before, after); fields that did not change are left out. Everything that tells of a
    person goes into `personal`, which is sealed: under the key of `subject_id` where one is given, so that erasing
    the person erases it here too, otherwise under the key of nobody in particular.
    """
    entry_id, source = new_id(), origin()
    made = AuditEntry(
        id=entry_id,
        actor_id=actor.user_id,
        actor_name=actor.name,
        action=action,
        record_type=record_type,
        record_id=record_id,
        changes=_plain_changes(changes),
        subject_id=subject_id,
        request_id=(bound("request_id") or "")[:64] or None,
        origin=source.network,
        agent=source.agent,
        behind=actor.behind,
        key_id=actor.key_id,
    )
    kept = _plain_changes(personal)
    if not kept:
        return made
    try:
        made.sealed = _seal(entry_id, subject_id, kept)
    except KeyMissing:  # The person was erased; what is done about his records since is under nobody's key.
        made.subject_id, made.sealed = None, _seal(entry_id, None, kept)
    return made


@dataclass(frozen=True)
class Entry:
    """What one entry of many says; as the arguments of `record`."""

    record_id: uuid.UUID
    changes: Mapping[str, Change]
    personal: Mapping[str, Change] | None = None
    subject_id: uuid.UUID | None = None


def record_many(actor: Actor, action: str, record_type: str, entries: Sequence[Entry]) -> None:
    """As `record` for many records at once, an entry for each, in one statement."""
    if not entries:
        return
    request_id, source = (bound("request_id") or "")[:64] or None, origin()
    ids = [new_id() for _ in entries]
    told = {at: kept for at, entry in enumerate(entries) if (kept := _plain_changes(entry.personal))}
    sealed = _seal_many([(ids[at], entries[at].subject_id, kept) for at, kept in told.items()])
    blobs = dict(zip(told, sealed, strict=True))
    columns = (
        "id", "actor_id", "actor_name", "action", "record_type", "record_id", "changes", "sealed", "subject_id",
        "request_id", "origin", "agent", "behind", "key_id",
    )  # fmt: skip
    copy_rows(
        AuditEntry.__table__,
        columns,
        (
            (
                ids[at], actor.user_id, actor.name, action, record_type, entry.record_id,
                _plain_changes(entry.changes), blobs.get(at), entry.subject_id, request_id,
                source.network, source.agent, actor.behind, actor.key_id,
            )
            for at, entry in enumerate(entries)
        ),
    )  # fmt: skip
    hint_once(SEALED_AFTER)


def _seal_many(items: Sequence[tuple[uuid.UUID, uuid.UUID | None, dict[str, Any]]]) -> list[bytes]:
    """The sealed changes of many entries, the keys of all their subjects read or made together."""
    places = ((vault.Place(subject or vault.NOBODY, _TABLE, _COLUMN, entry), kept) for entry, subject, kept in items)
    return vault.seal_many([(place, vault.to_json(kept)) for place, kept in places])


@dataclass(frozen=True)
class HistoryLine:
    """One entry as an actor may see it: hidden fields are left out, masked values are stars."""

    id: uuid.UUID
    at: datetime
    actor_name: str
    action: str
    changes: Mapping[str, Change]


def list_history(actor: Actor, record_type: str, record_id: uuid.UUID, limit: int = 50) -> list[HistoryLine]:
    """The newest entries about a record, as far as the field policy lets `actor` see their fields.

    The caller has checked that the actor may see the record itself.
    """
    query = (
        select(AuditEntry)
        .where(AuditEntry.record_type == record_type, AuditEntry.record_id == record_id)
        .order_by(AuditEntry.id.desc())
        .limit(min(limit, _MOST_HISTORY))
    )
    entries = db.session.scalars(query).all()
    personal = unseal_entries(entries)
    policy = policy_for(actor)
    return [
        HistoryLine(entry.id, entry.at, entry.actor_name, entry.action, _seen(policy, entry, personal))
        for entry in entries
    ]


@dataclass(frozen=True)
class SeenEntry:
    """One entry whole, as far as the field policy shows it; `closed` says that it shows less than there is.

    `seq` and `sealed_at` are empty for the moment it takes to seal it.
    """

    entry: AuditEntry
    changes: Mapping[str, Change]
    closed: bool
    seq: int | None
    sealed_at: datetime | None


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The entries `actor` may read: all, or those of what he and his team did."""
    return scope_clause(actor, "audit.see", owner=AuditEntry.actor_id)


def get_entry(actor: Actor, entry_id: uuid.UUID) -> SeenEntry:
    """One entry; raises NotFound for one the actor may not read."""
    query = (
        select(AuditEntry, AuditSeal.seq, AuditSeal.sealed_at)
        .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
        .where(AuditEntry.id == entry_id, visible_to(actor))
    )
    row = db.session.execute(query).one_or_none()
    if row is None:
        raise NotFound
    entry, seq, sealed_at = row
    personal = unseal_entries([entry])
    seen = _seen(policy_for(actor), entry, personal)
    told = {**entry.changes, **personal.get(entry.id, {})}
    erased = entry.sealed is not None and entry.id not in personal
    closed = erased or any(field not in seen or seen[field] != tuple(values) for field, values in told.items())
    return SeenEntry(entry, seen, closed, seq, sealed_at)


def changes_of(actor: Actor, entry_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Mapping[str, Change]]:
    """What was before and after, by entry, as far as the field policy shows it, of those `actor` may read."""
    query = select(AuditEntry).where(AuditEntry.id.in_(entry_ids), visible_to(actor))
    entries = db.session.scalars(query).all()
    personal, policy = unseal_entries(entries), policy_for(actor)
    return {entry.id: _seen(policy, entry, personal) for entry in entries}


def _seen(policy: Policy, entry: AuditEntry, personal: Mapping[uuid.UUID, Mapping[str, Change]]) -> dict[str, Change]:
    """The changes of an entry by the field policy: hidden fields are left out, masked values are stars."""
    shown: dict[str, Change] = {}
    for field, values in {**entry.changes, **personal.get(entry.id, {})}.items():
        sight = policy.field(entry.record_type, field)
        if sight is Sight.VISIBLE:
            shown[field] = (values[0], values[1])
        elif sight is Sight.MASKED:
            shown[field] = (_stars(values[0]), _stars(values[1]))
    return shown


def last_actor_of(record_type: str, record_id: uuid.UUID, actions: Sequence[str]) -> uuid.UUID | None:
    """The user who did one of `actions` to the record last; None when nobody did, or the system."""
    query = (
        select(AuditEntry.actor_id)
        .where(AuditEntry.record_type == record_type, AuditEntry.record_id == record_id)
        .where(AuditEntry.action.in_(actions))
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    return db.session.scalar(query)


def unseal_entries(entries: Sequence[AuditEntry]) -> dict[uuid.UUID, dict[str, Change]]:
    """The personal changes of `entries` by entry id; those of erased persons are absent."""
    found: dict[uuid.UUID, dict[str, Change]] = {}
    vault.load_subject_keys({entry.subject_id or vault.NOBODY for entry in entries if entry.sealed})
    for entry in entries:
        if not entry.sealed:
            continue
        try:
            found[entry.id] = _unseal(entry)
        except KeyMissing:
            continue
    return found


def _seal(entry_id: uuid.UUID, subject_id: uuid.UUID | None, changes: dict[str, Any]) -> bytes:
    return vault.seal(subject_id or vault.NOBODY, _TABLE, _COLUMN, entry_id, vault.to_json(changes))


def _unseal(entry: AuditEntry) -> dict[str, Change]:
    blob = entry.sealed or b""
    if blob[:1] == vault.TENANT_VALUE:
        found = vault.unseal_json(_TABLE, _COLUMN, entry.id, blob)
    else:
        found = vault.from_json(vault.unseal(entry.subject_id or vault.NOBODY, _TABLE, _COLUMN, entry.id, blob))
    return {field: (values[0], values[1]) for field, values in found.items()}


def _stars(value: Any) -> str | None:
    return None if value is None else FULL


def _plain_changes(changes: Mapping[str, Change] | None) -> dict[str, Any]:
    """The fields that changed, as JSON values."""
    pairs = {field: [_plain(before), _plain(after)] for field, (before, after) in (changes or {}).items()}
    return {field: pair for field, pair in pairs.items() if pair[0] != pair[1]}


def _plain(value: Any) -> Any:
    """`value` as JSON can hold it without losing anything; a type that is not known here is a mistake."""
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [_plain(item) for item in value]
        return sorted(items, key=str) if isinstance(value, (set, frozenset)) else items
    raise TypeError(f"the audit cannot keep a {type(value).__name__}")
