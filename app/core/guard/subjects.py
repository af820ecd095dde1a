"""The keys of persons and other subjects: random, wrapped by the tenant's key, replaced by generations, destroyed once.

A key that was destroyed leaves a mark, so that nothing makes another for the same subject: what is erased stays so.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import event, select
from sqlalchemy.dialects.postgresql import insert

from app.core.db import current_tenant, db
from app.core.db.session import PinnedSession
from app.core.guard.key_models import OldSubjectKey
from app.core.guard.keys import KeyMissing, context_of, lock, tenant_keys, unlock, wrapping_key
from app.core.guard.models import SubjectKey

_ASKED_AT_ONCE = 5_000
_SESSION_CACHE = "subject_keys"


@dataclass
class Held:
    """What this session knows of one subject's keys: which is in use, and the keys by generation."""

    current: int
    keys: dict[int, AESGCM] = field(repr=False)


def load_subject_keys(subject_ids: Collection[uuid.UUID]) -> None:
    """Read the keys of many subjects in one statement, for the `unseal` calls that follow in this session."""
    held_keys(subject_ids, make=False)


def held_keys(subject_ids: Collection[uuid.UUID], *, make: bool) -> Mapping[uuid.UUID, Held]:
    """The keys of those subjects that have one; with `make`, a new one for each that never had any."""
    cache, wanted = _cached(), set(subject_ids)
    # Not by a difference of sets: that goes through all keys the session has met, each time.
    missing = sorted(subject_id for subject_id in wanted if subject_id not in cache)
    for start in range(0, len(missing), _ASKED_AT_ONCE):
        batch = missing[start : start + _ASKED_AT_ONCE]
        _read(batch, cache)
        unknown = [subject_id for subject_id in batch if subject_id not in cache]
        if make and unknown:
            _make(unknown, cache)
    return {subject_id: cache[subject_id] for subject_id in wanted if subject_id in cache}


def read_generations(wanted: Collection[tuple[uuid.UUID, int]]) -> None:
    """Know the keys of these generations as far as they exist: old ones, or one that another process has just made."""
    cache, ids = _cached(), sorted({subject_id for subject_id, _ in wanted})
    _read(ids, cache)
    query = select(OldSubjectKey).where(OldSubjectKey.subject_id.in_(ids))
    for old in db.session.scalars(query):
        held = cache.get(old.subject_id)
        if held is not None:
            held.keys[old.generation] = opened(old.subject_id, old.wrapped, old.key_version)


def take_key(subject_id: uuid.UUID, wrapped: bytes, key_version: int, generation: int) -> None:
    """Know a subject's key from a row that was joined, so that `unseal` reads none."""
    cache = _cached()
    if subject_id not in cache and wrapped:
        cache[subject_id] = Held(generation, {generation: opened(subject_id, wrapped, key_version)})


def new_subject(subject_id: uuid.UUID) -> SubjectKey:
    """The key of a subject that has none yet, as a row to be stored; this session seals with it from now on."""
    values, key = _fresh(subject_id)
    _cached()[subject_id] = Held(1, {1: key})
    return SubjectKey(**values)


def forget(subject_id: uuid.UUID) -> None:
    """Read the subject's key anew when it is next asked for: for whoever has replaced or destroyed it."""
    _cached().pop(subject_id, None)


def opened(subject_id: uuid.UUID, wrapped: bytes, key_version: int) -> AESGCM:
    """A subject's key out of its wrapping; raises KeyMissing when the tenant's key that wraps it is no more."""
    return AESGCM(unlock(wrapping_key(key_version), wrapped, _place(subject_id)))


def wrapped_anew(subject_id: uuid.UUID, wrapped: bytes, key_version: int) -> tuple[bytes, int]:
    """The same key, wrapped by the tenant's key of today, and the number of that one."""
    plain, keys = unlock(wrapping_key(key_version), wrapped, _place(subject_id)), tenant_keys()
    return lock(keys.wrapping[keys.current], plain, _place(subject_id)), keys.current


def fresh_key(subject_id: uuid.UUID) -> tuple[bytes, int]:
    """A random key of a subject, wrapped, and the number of the tenant's key that wraps it."""
    values, _ = _fresh(subject_id)
    return values["wrapped"], values["key_version"]


def _place(subject_id: uuid.UUID) -> bytes:
    return context_of("subject-key", current_tenant().id, subject_id)


def _cached() -> dict[uuid.UUID, Held]:
    """Keys this session has met. The session is one tenant's and one request's, and so is what hangs on it."""
    found: dict[uuid.UUID, Held] = db.session().info.setdefault(_SESSION_CACHE, {})
    return found


@event.listens_for(PinnedSession, "after_soft_rollback")
def _forget_rolled_back(session: PinnedSession, _previous: object) -> None:
    """A key made in a transaction that did not happen must seal nothing more: nobody could ever open it."""
    session.info.pop(_SESSION_CACHE, None)


def _read(subject_ids: Collection[uuid.UUID], cache: dict[uuid.UUID, Held]) -> None:
    columns = (SubjectKey.subject_id, SubjectKey.wrapped, SubjectKey.key_version, SubjectKey.generation)
    query = select(*columns).where(SubjectKey.subject_id.in_(subject_ids), SubjectKey.destroyed_at.is_(None))
    for subject_id, wrapped, version, generation in db.session.execute(query):
        held = cache.setdefault(subject_id, Held(generation, {}))
        held.current = max(held.current, generation)
        held.keys[generation] = opened(subject_id, wrapped, version)


def _make(subject_ids: Iterable[uuid.UUID], cache: dict[uuid.UUID, Held]) -> None:
    fresh = {subject_id: _fresh(subject_id) for subject_id in subject_ids}
    rows = [values for values, _ in fresh.values()]
    table = SubjectKey.__table__
    statement = insert(table).on_conflict_do_nothing().returning(table.c.subject_id)
    made = set(db.session.execute(statement, rows).scalars())
    cache.update({subject_id: Held(1, {1: key}) for subject_id, (_, key) in fresh.items() if subject_id in made})
    # Another transaction was first for the rest: theirs is the key, and it is visible now that it has committed.
    others = [subject_id for subject_id in fresh if subject_id not in made]
    if others:
        _read(others, cache)
        if any(subject_id not in cache for subject_id in others):
            raise KeyMissing


def _fresh(subject_id: uuid.UUID) -> tuple[dict[str, Any], AESGCM]:
    """A random key of a subject: its row, in which it is wrapped, and the key itself."""
    keys, key = tenant_keys(), os.urandom(32)
    wrapped = lock(keys.wrapping[keys.current], key, _place(subject_id))
    return {"subject_id": subject_id, "wrapped": wrapped, "key_version": keys.current}, AESGCM(key)
