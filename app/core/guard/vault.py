"""Encrypted values: each person's under a key of their own, others under the tenant's, and keyed indexes beside them.

A value is bound to its tenant, table, column and row: moved to any other place it does not open.
"""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from app.core.db import current_tenant, db
from app.core.guard import subjects
from app.core.guard.key_models import OldSubjectKey, destroyed_keys
from app.core.guard.keys import (
    KeyMissing,
    SealBroken,
    context_of,
    derived,
    lock,
    master_key,
    master_keys,
    tenant_keys,
    unlock,
    unlock_any,
    value_key,
)
from app.core.guard.models import SubjectKey
from app.core.guard.subjects import load_subject_keys, new_subject, take_key

__all__ = [
    "NOBODY", "Place", "blind_index", "blind_indexes", "destroy_subject_key", "drop_keys", "every_index", "from_json",
    "generation_of", "load_subject_keys", "new_subject", "open_platform", "prefix_of", "seal", "seal_bytes",
    "seal_bytes_many", "seal_json", "seal_many", "seal_own", "seal_platform", "take_key", "to_json", "unseal",
    "unseal_bytes", "unseal_bytes_many", "unseal_json", "unseal_many", "unseal_own", "unseal_platform",
]  # fmt: skip

# The first byte of a stored value says how to read the rest.
SUBJECT_VALUE = b"\x01"
TENANT_VALUE = b"\x02"
PLATFORM_VALUE = b"\x03"
# A subject's value too, under another key than the subject's first; the number of the key follows.
LATER_VALUE = b"\x04"
# What a row's own key seals today lay under the tenant's before rows had keys; that opens until it is written anew.
_BEFORE_THE_FIRST = 0
INDEX_BYTES = 16
# Whose key seals what concerns no one person but can never be written anew, as entries of the audit: its key is
# wrapped like a person's, so that a new key of the tenant leaves the values as they are.
NOBODY = uuid.UUID(int=0)


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


def seal_own(table: str, column: str, row_id: uuid.UUID, value: Any) -> bytes:
    """Encrypt a JSON value under a key of its row alone, so that deleting both leaves nothing to open in any copy."""
    return seal(row_id, table, column, row_id, to_json(value))


def unseal_own(table: str, column: str, row_id: uuid.UUID, blob: bytes) -> Any:
    """Decrypt what `seal_own` made for this row."""
    return from_json(unseal(row_id, table, column, row_id, blob))


def drop_keys(row_ids: Collection[uuid.UUID]) -> None:
    """Delete the keys of rows that are deleted because their time is over, with them or after them."""
    if row_ids:
        db.session.execute(delete(SubjectKey).where(SubjectKey.subject_id.in_(row_ids)))
        db.session.execute(delete(OldSubjectKey).where(OldSubjectKey.subject_id.in_(row_ids)))


def seal_many(items: Sequence[tuple[Place, str]]) -> list[bytes]:
    """As `seal` for many values, with one statement for all keys that exist and one for all that do not."""
    return seal_bytes_many([(place, text.encode()) for place, text in items])


def unseal_many(items: Sequence[tuple[Place, bytes]]) -> list[str]:
    """As `unseal` for many values, with one statement for all keys."""
    return [plain.decode() for plain in unseal_bytes_many(items)]


def seal_bytes_many(items: Sequence[tuple[Place, bytes]]) -> list[bytes]:
    """As `seal_many` for bytes, such as an uploaded file."""
    held = subjects.held_keys({place.subject_id for place, _ in items}, make=True)
    tenant_id = current_tenant().id
    found = []
    for place, plain in items:
        keys = held[place.subject_id]
        body = lock(keys.keys[keys.current], plain, _context(tenant_id, place))
        found.append(prefix_of(keys.current) + body)
    return found


def unseal_bytes_many(items: Sequence[tuple[Place, bytes]]) -> list[bytes]:
    """As `unseal_many` for bytes."""
    parts = [(place, *_parts(blob)) for place, blob in items]
    held = subjects.held_keys({place.subject_id for place, _ in items}, make=False)
    unknown = {
        (place.subject_id, generation)
        for place, generation, _ in parts
        if generation and place.subject_id in held and generation not in held[place.subject_id].keys
    }
    if unknown:
        subjects.read_generations(unknown)
    tenant_id = current_tenant().id
    found = []
    for place, generation, body in parts:
        if generation == _BEFORE_THE_FIRST and place.subject_id == place.row_id:
            found.append(unseal_bytes(place.table, place.column, place.row_id, body))
            continue
        keys = held.get(place.subject_id)
        if keys is None:
            raise KeyMissing
        if generation not in keys.keys:
            raise SealBroken
        found.append(unlock(keys.keys[generation], body, _context(tenant_id, place)))
    return found


def destroy_subject_key(subject_id: uuid.UUID) -> None:
    """Make every value of a subject unreadable for good, in backups of the data too, and note that it is so.

    A subject that never had a key gets none any more either. `erasing.erase_subject` also takes what is beside.
    """
    gone = {"wrapped": b"", "destroyed_at": func.now()}
    mark = insert(SubjectKey).values(subject_id=subject_id, key_version=0, **gone)
    db.session.execute(mark.on_conflict_do_update(index_elements=[SubjectKey.subject_id], set_=gone))
    db.session.execute(delete(OldSubjectKey).where(OldSubjectKey.subject_id == subject_id))
    listed = insert(destroyed_keys).values(subject_id=subject_id).on_conflict_do_nothing()
    # A tenant may add to the list and not read it: not what it has just added either.
    db.session.execute(listed.inline())
    subjects.forget(subject_id)


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
    return TENANT_VALUE + _number(keys.current) + lock(keys.values[keys.current], data, context)


def unseal_bytes(table: str, column: str, row_id: uuid.UUID, blob: bytes) -> bytes:
    """Decrypt what `seal_bytes` made for this place; raises SealBroken anywhere else."""
    body = _body(blob, TENANT_VALUE)
    context = context_of(current_tenant().id, table, column, row_id)
    return unlock(value_key(int.from_bytes(body[:2], "big")), body[2:], context)


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
    return open_platform(table, column, row_id, blob)[0]


def open_platform(table: str, column: str, row_id: str, blob: bytes) -> tuple[str, bool]:
    """As `unseal_platform`, and whether the value lies under the master key of today."""
    keys = [AESGCM(derived(key, "platform-values")) for key in master_keys()]
    plain, by = unlock_any(keys, _body(blob, PLATFORM_VALUE), context_of("platform", table, column, row_id))
    return plain.decode(), by == 0


def blind_index(kind: str, normalized: str) -> bytes:
    """A keyed fingerprint to be stored, by which equal values of one kind are found in this tenant, and only here."""
    return blind_indexes(kind, [normalized])[0]


def blind_indexes(kind: str, values: Iterable[str]) -> list[bytes]:
    """As `blind_index` for many values of one kind."""
    key = tenant_keys().index_keys()[0][1]
    return [_fingerprint(key, kind, value) for value in values]


def every_index(kind: str, normalized: str) -> list[bytes]:
    """Every fingerprint a value may be stored under, for looking it up: the one that is written comes first.

    There is one, and while the index key is replaced there are two. What is compared is compared with all of them.
    """
    return [_fingerprint(key, kind, normalized) for _, key in tenant_keys().index_keys()]


def _fingerprint(key: bytes, kind: str, normalized: str) -> bytes:
    return hmac.digest(key, context_of(kind, normalized), sha256)[:INDEX_BYTES]


def _context(tenant_id: str, place: Place) -> bytes:
    return context_of(tenant_id, place.table, place.column, place.row_id)


def generation_of(blob: bytes) -> int:
    """Under which of its subject's keys a value lies."""
    return _parts(blob)[0]


def prefix_of(generation: int) -> bytes:
    """How a value under this key of its subject begins."""
    return SUBJECT_VALUE if generation == 1 else LATER_VALUE + _number(generation)


def _parts(blob: bytes) -> tuple[int, bytes]:
    """The generation of the subject's key that a value lies under, and the rest of it."""
    if blob[:1] == TENANT_VALUE:
        return _BEFORE_THE_FIRST, blob
    if blob[:1] == LATER_VALUE:
        return int.from_bytes(blob[1:3], "big"), blob[3:]
    return 1, _body(blob, SUBJECT_VALUE)


def _number(version: int) -> bytes:
    return version.to_bytes(2, "big")


def _body(blob: bytes, kind: bytes) -> bytes:
    if blob[:1] != kind:
        raise SealBroken
    return blob[1:]
