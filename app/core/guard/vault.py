"""Encrypted values: each person's under a key of their own, others under the tenant's, and keyed indexes beside them.

A value is bound to its tenant, table, column and row: moved to any other place it does not open.
"""

from __future__ import annotations

import hmac
import json
import os
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, event, select
from sqlalchemy.dialects.postgresql import insert

from app.core.db import current_tenant, db
from app.core.db.session import PinnedSession
from app.core.guard.keys import KeyMissing, SealBroken, context_of, derived, lock, master_key, tenant_keys, unlock
from app.core.guard.models import SubjectKey

# The first byte of a stored value says how to read the rest.
SUBJECT_VALUE = b"\x01"
TENANT_VALUE = b"\x02"
PLATFORM_VALUE = b"\x03"
INDEX_BYTES = 16
# Whose key seals what concerns no one person but can never be written anew, as entries of the audit: its key is
# wrapped like a person's, so that a new key of the tenant leaves the values as they are.
NOBODY = uuid.UUID(int=0)
_ASKED_AT_ONCE = 5_000
_SESSION_CACHE = "subject_keys"


@dataclass(frozen=True)
class Place:
    """Where a value of a subject is stored; the value opens nowhere else."""

    subject_id: uuid.UUID
    table: str
    column: str
    row_id: uuid.UUID


def seal(subject_id: uuid.UUID, table: str, column: str, row_id: uuid.UUID, text: str) -> bytes:
    """Encrypt `text` under the subject's key (made now if it has none) for this one place."""
    return seal_many([(Place(subject_id, table, column, row_id), text)])[0]


def unseal(subject_id: uuid.UUID, table: str, column: str, row_id: uuid.UUID, blob: bytes) -> str:
    """Decrypt what `seal` made for this place; raises KeyMissing after erasure, SealBroken anywhere else."""
    return unseal_many([(Place(subject_id, table, column, row_id), blob)])[0]


def seal_many(items: Sequence[tuple[Place, str]]) -> list[bytes]:
    """As `seal` for many values, with one statement for all keys that exist and one for all that do not."""
    keys = _subject_keys({place.subject_id for place, _ in items}, make=True)
    tenant_id = current_tenant().id
    return [
        SUBJECT_VALUE + lock(keys[place.subject_id], text.encode(), _context(tenant_id, place)) for place, text in items
    ]


def unseal_many(items: Sequence[tuple[Place, bytes]]) -> list[str]:
    """As `unseal` for many values, with one statement for all keys."""
    keys = _subject_keys({place.subject_id for place, _ in items}, make=False)
    tenant_id = current_tenant().id
    found = []
    for place, blob in items:
        if place.subject_id not in keys:
            raise KeyMissing
        found.append(unlock(keys[place.subject_id], _body(blob, SUBJECT_VALUE), _context(tenant_id, place)).decode())
    return found


def load_subject_keys(subject_ids: set[uuid.UUID]) -> None:
    """Read the keys of many subjects in one statement, for the `unseal` calls that follow in this session."""
    _subject_keys(subject_ids, make=False)


def new_subject(subject_id: uuid.UUID) -> SubjectKey:
    """The key of a subject that has none yet, as a row to be stored; this session seals with it from now on."""
    values, key = _fresh(current_tenant().id, subject_id)
    _cached()[subject_id] = key
    return SubjectKey(**values)


def destroy_subject_key(subject_id: uuid.UUID) -> None:
    """Make every value of a subject unreadable for good, in backups of the data too."""
    db.session.execute(delete(SubjectKey).where(SubjectKey.subject_id == subject_id))
    _cached().pop(subject_id, None)


def seal_json(table: str, column: str, row_id: uuid.UUID, value: Any) -> bytes:
    """Encrypt a JSON value that belongs to the tenant rather than to one person, for this one place."""
    return seal_bytes(table, column, row_id, to_json(value).encode())


def unseal_json(table: str, column: str, row_id: uuid.UUID, blob: bytes) -> Any:
    """Decrypt what `seal_json` made for this place; raises SealBroken anywhere else."""
    return from_json(unseal_bytes(table, column, row_id, blob).decode())


def seal_bytes(table: str, column: str, row_id: uuid.UUID, data: bytes) -> bytes:
    """As `seal_json` for bytes, such as an uploaded file."""
    keys = tenant_keys()
    context = context_of(current_tenant().id, table, column, row_id)
    return TENANT_VALUE + keys.current.to_bytes(2, "big") + lock(keys.values[keys.current], data, context)


def unseal_bytes(table: str, column: str, row_id: uuid.UUID, blob: bytes) -> bytes:
    """Decrypt what `seal_bytes` made for this place; raises SealBroken anywhere else."""
    body = _body(blob, TENANT_VALUE)
    key = tenant_keys().values.get(int.from_bytes(body[:2], "big"))
    if key is None:
        raise KeyMissing
    return unlock(key, body[2:], context_of(current_tenant().id, table, column, row_id))


def to_json(value: Any) -> str:
    """The compact JSON that is sealed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Any:
    """The value of JSON that was unsealed."""
    return json.loads(text)


def seal_platform(table: str, column: str, row_id: str, text: str) -> bytes:
    """Encrypt a value of the platform's own tables under the master key, for this one place."""
    key = AESGCM(derived(master_key(), "platform-values"))
    return PLATFORM_VALUE + lock(key, text.encode(), context_of("platform", table, column, row_id))


def unseal_platform(table: str, column: str, row_id: str, blob: bytes) -> str:
    """Decrypt what `seal_platform` made for this place; raises SealBroken anywhere else."""
    key = AESGCM(derived(master_key(), "platform-values"))
    return unlock(key, _body(blob, PLATFORM_VALUE), context_of("platform", table, column, row_id)).decode()


def blind_index(kind: str, normalized: str) -> bytes:
    """A keyed fingerprint for finding equal values of one kind in this tenant, and only in this tenant."""
    return _fingerprint(tenant_keys().index, kind, normalized)


def blind_indexes(kind: str, values: Iterable[str]) -> list[bytes]:
    """As `blind_index` for many values of one kind."""
    key = tenant_keys().index
    return [_fingerprint(key, kind, value) for value in values]


def _fingerprint(key: bytes, kind: str, normalized: str) -> bytes:
    return hmac.digest(key, context_of(kind, normalized), sha256)[:INDEX_BYTES]


def _context(tenant_id: str, place: Place) -> bytes:
    return context_of(tenant_id, place.table, place.column, place.row_id)


def _body(blob: bytes, kind: bytes) -> bytes:
    if blob[:1] != kind:
        raise SealBroken
    return blob[1:]


def take_key(subject_id: uuid.UUID, wrapped: bytes, key_version: int) -> None:
    """Know a subject's key from a row that was joined, so that `unseal` reads none."""
    cache, wrapping = _cached(), tenant_keys().wrapping.get(key_version)
    if wrapping is None:
        raise KeyMissing
    if subject_id not in cache:
        place = context_of("subject-key", current_tenant().id, subject_id)
        cache[subject_id] = AESGCM(unlock(wrapping, wrapped, place))


def _cached() -> dict[uuid.UUID, AESGCM]:
    """Keys this session has met. The session is one tenant's and one request's, and so is what hangs on it."""
    return db.session().info.setdefault(_SESSION_CACHE, {})


@event.listens_for(PinnedSession, "after_soft_rollback")
def _forget_rolled_back(session: PinnedSession, _previous: object) -> None:
    """A key made in a transaction that did not happen must seal nothing more: nobody could ever open it."""
    session.info.pop(_SESSION_CACHE, None)


def _subject_keys(subject_ids: set[uuid.UUID], *, make: bool) -> dict[uuid.UUID, AESGCM]:
    tenant_id, cache = current_tenant().id, _cached()
    missing = sorted(subject_ids - cache.keys())
    for start in range(0, len(missing), _ASKED_AT_ONCE):
        batch = missing[start : start + _ASKED_AT_ONCE]
        _read(tenant_id, batch, cache)
        unknown = [subject_id for subject_id in batch if subject_id not in cache]
        if make and unknown:
            _make(tenant_id, unknown, cache)
    return {subject_id: cache[subject_id] for subject_id in subject_ids if subject_id in cache}


def _read(tenant_id: str, subject_ids: list[uuid.UUID], cache: dict[uuid.UUID, AESGCM]) -> None:
    query = select(SubjectKey.subject_id, SubjectKey.wrapped, SubjectKey.key_version)
    for subject_id, wrapped, version in db.session.execute(query.where(SubjectKey.subject_id.in_(subject_ids))):
        wrapping = tenant_keys().wrapping.get(version)
        if wrapping is None:
            raise KeyMissing
        cache[subject_id] = AESGCM(unlock(wrapping, wrapped, context_of("subject-key", tenant_id, subject_id)))


def _make(tenant_id: str, subject_ids: list[uuid.UUID], cache: dict[uuid.UUID, AESGCM]) -> None:
    fresh = {subject_id: _fresh(tenant_id, subject_id) for subject_id in subject_ids}
    rows = [values for values, _ in fresh.values()]
    table = SubjectKey.__table__
    statement = insert(table).on_conflict_do_nothing().returning(table.c.subject_id)
    made = set(db.session.execute(statement, rows).scalars())
    cache.update({subject_id: key for subject_id, (_, key) in fresh.items() if subject_id in made})
    # Another transaction was first for the rest: theirs is the key, and it is visible now that it has committed.
    others = [subject_id for subject_id in subject_ids if subject_id not in made]
    if others:
        _read(tenant_id, others, cache)


def _fresh(tenant_id: str, subject_id: uuid.UUID) -> tuple[dict[str, Any], AESGCM]:
    """A random key of a subject: its row, in which it is wrapped, and the key itself."""
    keys, key = tenant_keys(), os.urandom(32)
    wrapped = lock(keys.wrapping[keys.current], key, context_of("subject-key", tenant_id, subject_id))
    return {"subject_id": subject_id, "wrapped": wrapped, "key_version": keys.current}, AESGCM(key)
