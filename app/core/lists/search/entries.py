"""Keeping the entries: written anew from the records, in the transaction that changes these, one way for all.

The rows of the records are locked before they are read. Whoever changes one beside us is waited for, and whoever
comes after us waits: an entry never stays behind its record.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.core.db import db
from app.core.db.bulk import copy_rows
from app.core.lists.search.kinds import KINDS, Entry, SearchKind, among
from app.core.lists.search.models import RecentRecord, SearchEntry
from app.core.lists.search.tokens import Form, kept_forms, plain_code, tokens_of
from app.core.lists.search.words import fold, spellings_of

TABLE = SearchEntry.__table__
COLUMNS = tuple(column.name for column in TABLE.columns)
_KEY = ("kind", "record_id")
# Above this many rows COPY is the cheaper way in.
_FEW = 20


def refresh(kind: str, record_ids: Collection[uuid.UUID], *, new: bool = False) -> None:
    """Bring the entries of these records, new, changed or deleted, and of what hangs on them to what is true now.

    With `new` all of them were made in this transaction: nobody else sees them yet, and they have no entries.
    """
    ids = sorted(set(record_ids))
    if not ids:
        return
    db.session.flush()
    for item in KINDS.values():
        if kind in (item.name, item.beside):
            _refresh(item, ids, new=new)
    if not new:
        for item, hanging in _hanging_on(kind, ids):
            _refresh(item, hanging, new=False)


def forget_hanging_on(record_id: uuid.UUID) -> None:
    """Remove the entries that tell of this record, which goes, under others."""
    for kind in {name for item in KINDS.values() for name in item.follows}:
        for item, hanging in _hanging_on(kind, [record_id]):
            remove(item.name, hanging)


def _hanging_on(kind: str, record_ids: Sequence[uuid.UUID]) -> Iterator[tuple[SearchKind, Sequence[uuid.UUID]]]:
    for item in KINDS.values():
        if kind in item.follows and (found := sorted(item.follows[kind](record_ids))):
            yield item, found


def _refresh(kind: SearchKind, record_ids: Sequence[uuid.UUID], *, new: bool) -> None:
    rows = rows_for(kind.name, kind.load(record_ids)) if new else rows_of(kind, record_ids)
    gone = set(record_ids) - rows.keys()
    if gone and not new:
        remove(kind.name, gone)
    if new or len(rows) > _FEW:
        _copy(kind.name, rows, new=new)
    elif rows:
        _store(list(rows.values()))


def replace(kind: SearchKind, record_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Write the entries of these records anew; the ids of those that have one."""
    rows = rows_of(kind, record_ids)
    _copy(kind.name, rows, new=False)
    return set(rows)


def rows_of(kind: SearchKind, record_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Mapping[str, Any]]:
    """The rows that these records should have, by id; the records are locked until the transaction ends."""
    known = select(kind.key).where(among(kind.key, record_ids)).order_by(kind.key)
    there = db.session.scalars(known if kind.fixed else known.with_for_update(key_share=True)).all()
    return rows_for(kind.name, kind.load(there)) if there else {}


def rows_for(kind: str, entries: Mapping[uuid.UUID, Entry]) -> dict[uuid.UUID, Mapping[str, Any]]:
    """The rows that store `entries`, by id of the record; one without a title is not to be found."""
    forms = {key: _forms(entry) for key, entry in entries.items() if entry.title}
    tokens = tokens_of(kind, (form for group in forms.values() for form in group))
    own = {key: sorted({tokens[form] for form in group}) for key, group in forms.items()}
    return {key: _row(kind, key, entries[key], own[key]) for key in forms}


def new_entry(kind: str, record_id: uuid.UUID, entry: Entry) -> SearchEntry:
    """The entry of a record in the making, not stored yet, for whoever stores rows by the dozen."""
    return SearchEntry(**rows_for(kind, {record_id: entry})[record_id])


def remove(kind: str, record_ids: Collection[uuid.UUID]) -> None:
    """Delete the entries of records, with their tokens, and forget that anybody opened them."""
    ids = sorted(record_ids)
    db.session.execute(
        delete(SearchEntry)
        .where(SearchEntry.kind == kind, among(SearchEntry.record_id, ids))
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        delete(RecentRecord)
        .where(RecentRecord.kind == kind, among(RecentRecord.record_id, ids))
        .execution_options(synchronize_session=False)
    )


def _row(kind: str, key: uuid.UUID, entry: Entry, tokens: Sequence[int]) -> Mapping[str, Any]:
    names = fold(entry.names)
    return {
        "kind": kind,
        "record_id": key,
        "shown_id": entry.shown_id or key,
        "store_id": entry.store_id,
        "owner_id": entry.owner_id,
        "title": entry.title,
        "names": names or None,
        "spellings": spellings_of(names) or None,
        "code": plain_code(entry.code) or None,
        "tokens": list(tokens) or None,
    }


def _forms(entry: Entry) -> list[Form]:
    return [form for secret, value in entry.secrets for form in kept_forms(secret, value)]


def _store(rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or change some rows; one that is right already is left alone, and so are its indexes."""
    statement = insert(TABLE)
    values = {name: statement.excluded[name] for name in COLUMNS if name not in _KEY}
    differs: list[ColumnElement[bool]] = [TABLE.c[name].is_distinct_from(value) for name, value in values.items()]
    db.session.execute(
        statement.on_conflict_do_update(index_elements=_KEY, set_=values, where=or_(*differs)), list(rows)
    )


def _copy(kind: str, rows: Mapping[uuid.UUID, Mapping[str, Any]], *, new: bool) -> None:
    if not new:
        there = SearchEntry.kind == kind, among(SearchEntry.record_id, list(rows))
        db.session.execute(delete(SearchEntry).where(*there).execution_options(synchronize_session=False))
    copy_rows(TABLE, COLUMNS, ([row[name] for name in COLUMNS] for row in rows.values()))
