"""New keys for old, a batch at a time, while people work: what is read and sealed meanwhile opens throughout.

A new key is good from the moment it is stored, and the old one stays good until nothing lies under it any more. What
is written anew is compared with what was read, so that nobody's change in between is lost.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, bindparam, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.db import db
from app.core.db.sealing import Holder
from app.core.guard import subjects, vault
from app.core.guard.key_models import OldSubjectKey
from app.core.guard.keys import KeyMissing
from app.core.guard.models import SubjectKey
from app.core.guard.sealed import SealedColumn, sealed_columns

AT_ONCE: Final = 500
_OWNED: Final = (Holder.SUBJECT, Holder.ROW)


def rewrap_subject_keys(version: int, limit: int = AT_ONCE) -> int:
    """Wrap up to `limit` keys of persons, old ones too, by the tenant's key `version`; how many there were."""
    done = 0
    models: tuple[Any, ...] = (SubjectKey, OldSubjectKey)
    for model in models:
        older = select(model).where(model.key_version < version, func.length(model.wrapped) > 0)
        for row in db.session.scalars(older.order_by(model.subject_id).limit(limit - done).with_for_update()).all():
            row.wrapped, row.key_version = subjects.wrapped_anew(row.subject_id, row.wrapped, row.key_version)
            done += 1
    db.session.flush()
    return done


def reseal_tenant_values(version: int, limit: int = AT_ONCE) -> int:
    """Seal up to `limit` of the tenant's own values under its key `version`; how many there were.

    Those that a key of their row's own would seal today get one.
    """
    done = 0
    for item in sealed_columns(Holder.TENANT, Holder.ROW):
        if item.can_change and done < limit:
            older = _rows(item).where(_under_older(item, version)).limit(limit - done)
            make = _reseal if item.how.holder is Holder.TENANT else _reencrypt
            done += _write_anew(item, db.session.execute(older).all(), make)
    return done


def count_older(version: int) -> dict[str, int]:
    """What still needs a key of the tenant before `version`, by table; nothing when that may be destroyed."""
    models = (SubjectKey, OldSubjectKey)
    found = {
        model.__tablename__: _count(select(model).where(model.key_version < version, func.length(model.wrapped) > 0))
        for model in models
    }
    for item in sealed_columns():
        if item.how.holder is not Holder.PLATFORM:
            # Whatever a column should hold: what begins as a value under the tenant's key is one.
            found[str(item.column)] = _count(_rows(item).where(_under_older(item, version)))
    return {name: count for name, count in found.items() if count}


def replace_subject_keys(
    after: uuid.UUID | None, before: datetime, limit: int = AT_ONCE
) -> tuple[uuid.UUID | None, int]:
    """Give the next `limit` subjects with keys from `before` a new one, and their values with it.

    The last id seen, None at the end, and how many got one. Nobody's key is left: the audit lies under it.
    """
    wanted = select(SubjectKey).where(SubjectKey.created_at < before, SubjectKey.destroyed_at.is_(None))
    wanted = wanted.where(SubjectKey.subject_id > (after or vault.NOBODY)).order_by(SubjectKey.subject_id).limit(limit)
    rows = db.session.scalars(wanted.with_for_update()).all()
    holding = _subjects_of([row.subject_id for row in rows])
    for row in rows:
        if row.subject_id in holding:
            kept = {"generation": row.generation, "wrapped": row.wrapped, "key_version": row.key_version}
            db.session.execute(insert(OldSubjectKey).values(subject_id=row.subject_id, **kept))
            row.wrapped, row.key_version = subjects.fresh_key(row.subject_id)
            row.generation, row.created_at = row.generation + 1, func.now()
            subjects.forget(row.subject_id)
    db.session.flush()
    reencrypt(holding)
    return (rows[-1].subject_id if rows else None), len(holding)


def reencrypt(subject_ids: Collection[uuid.UUID]) -> int:
    """Seal these subjects' values under their keys of today, as far as they lie under others; how many there were."""
    done = 0
    current = _generations(subject_ids)
    for item in sealed_columns(*_OWNED):
        if item.can_change and item.how.subject is not None and current:
            rows = db.session.execute(_rows(item).where(item.subject_id.in_(current), item.column.is_not(None))).all()
            older = [row for row in rows if vault.generation_of(row.blob) != current[row.subject_id]]
            done += _write_anew(item, older, _reencrypt)
    return done


def settle_old_keys(
    after: tuple[uuid.UUID, int] | None, before: datetime, limit: int = AT_ONCE
) -> tuple[tuple[uuid.UUID, int] | None, int]:
    """Delete the next `limit` keys replaced before `before`, what lay under them sealed anew; those of the audit stay.

    The last key seen, None at the end, and how many of them stayed.
    """
    wanted = select(OldSubjectKey).where(OldSubjectKey.replaced_at < before).order_by(*_old_key()).limit(limit)
    if after is not None:
        last = (OldSubjectKey.subject_id == after[0]) & (OldSubjectKey.generation > after[1])
        wanted = wanted.where(or_(OldSubjectKey.subject_id > after[0], last))
    rows = db.session.scalars(wanted.with_for_update()).all()
    reencrypt({row.subject_id for row in rows})
    stay = 0
    for row in rows:
        if _is_needed(row):
            stay += 1
        else:
            db.session.delete(row)
    db.session.flush()
    return ((rows[-1].subject_id, rows[-1].generation) if rows else None), stay


def _is_needed(old: OldSubjectKey) -> bool:
    """Whether anything lies under an old key that can never be written anew."""
    prefix = vault.prefix_of(old.generation)
    return any(
        bool(
            db.session.scalar(
                select(exists().where(item.subject_id == old.subject_id, _begins(item, prefix)).select_from(item.table))
            )
        )
        for item in sealed_columns(*_OWNED)
        if item.how.subject is not None
    )


def _subjects_of(subject_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those that have a value which can be written anew. A file under a key of its own lives for days, and keeps it."""
    found: set[uuid.UUID] = set()
    for item in sealed_columns(*_OWNED):
        if item.can_change and item.how.subject is not None:
            there = select(item.subject_id).where(item.subject_id.in_(subject_ids), item.column.is_not(None))
            found.update(db.session.scalars(there.distinct()))
    return found


def _generations(subject_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    query = select(SubjectKey.subject_id, SubjectKey.generation).where(
        SubjectKey.subject_id.in_(subject_ids), SubjectKey.destroyed_at.is_(None)
    )
    return {row.subject_id: row.generation for row in db.session.execute(query)}


def _rows(item: SealedColumn) -> Select[Any]:
    wanted = [item.row_id.label("row_id"), item.column.label("blob")]
    return select(*wanted, *([item.subject_id.label("subject_id")] if item.how.subject else []))


def _write_anew(item: SealedColumn, rows: Sequence[Row[Any]], make: Any) -> int:
    """Put new bytes for old where nobody was faster; the row's version and time of change stay as they are."""
    made: Mapping[uuid.UUID, bytes] = make(item, rows)
    if not made:
        return 0
    values = {item.column.name: bindparam("new"), **_unchanged(item)}
    where = (item.row_id == bindparam("row"), item.column == bindparam("old"))
    changes = [{"row": row.row_id, "old": row.blob, "new": made[row.row_id]} for row in rows if row.row_id in made]
    db.session.connection().execute(update(item.table).where(*where).values(values), changes)
    return len(changes)


def _unchanged(item: SealedColumn) -> dict[str, ColumnElement[Any]]:
    return {column.name: column for column in item.table.columns if column.onupdate is not None}


def _reseal(item: SealedColumn, rows: Sequence[Row[Any]]) -> dict[uuid.UUID, bytes]:
    table, column = item.table.name, item.column.name
    return {
        row.row_id: vault.seal_bytes(table, column, row.row_id, vault.unseal_bytes(table, column, row.row_id, row.blob))
        for row in rows
    }


def _reencrypt(item: SealedColumn, rows: Sequence[Row[Any]]) -> dict[uuid.UUID, bytes]:
    places = [vault.Place(row.subject_id, item.table.name, item.column.name, row.row_id) for row in rows]
    try:
        plain = vault.unseal_bytes_many(list(zip(places, (row.blob for row in rows), strict=True)))
    except KeyMissing:
        # Somebody was erased since the batch was read: the next one does not meet them any more.
        return {}
    sealed = vault.seal_bytes_many(list(zip(places, plain, strict=True)))
    return dict(zip((row.row_id for row in rows), sealed, strict=True))


def _under_older(item: SealedColumn, version: int) -> ColumnElement[bool]:
    number = func.substring(item.column, 2, 2)
    return _begins(item, vault.TENANT_VALUE) & (number < version.to_bytes(2, "big"))


def _begins(item: SealedColumn, prefix: bytes) -> ColumnElement[bool]:
    return func.substring(item.column, 1, len(prefix)) == prefix


def _old_key() -> tuple[Any, Any]:
    return OldSubjectKey.subject_id, OldSubjectKey.generation


def _count(query: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0

