"""Whose a record is and where: what scopes are compared with, for whoever asks why somebody sees a record or not."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, null, select
from sqlalchemy.orm import InstrumentedAttribute

from app.core.db import db
from app.core.db.ids import from_public
from app.core.errors import NotFound

Part = InstrumentedAttribute[Any] | ColumnElement[Any]


@dataclass(frozen=True)
class RecordKind:
    """Records with the prefix of their ids, the resource of their rights, and the columns that tell scopes.

    `within` is the id of a record of the kind `of` that must be seen for this one to be seen.
    """

    prefix: str
    resource: str
    key: InstrumentedAttribute[uuid.UUID]
    title: Part
    owner: Part | None = None
    store: Part | None = None
    within: Part | None = None
    of: str = ""


@dataclass(frozen=True)
class Place:
    """One record: how it is called, whose it is and where; None where it has neither."""

    kind: RecordKind
    title: str
    owner_id: uuid.UUID | None
    store_id: uuid.UUID | None
    within: Place | None = None


_KINDS: dict[str, RecordKind] = {}


def declare_kind(kind: RecordKind) -> None:
    """Register a kind; raises ValueError when its prefix is taken."""
    if _KINDS.setdefault(kind.prefix, kind) is not kind:
        raise ValueError(f"the records {kind.prefix}_… are declared twice")


def kind_of(resource: str) -> RecordKind | None:
    """The kind of record that the rights of `resource` are about, or None."""
    return next((kind for kind in _KINDS.values() if kind.resource == resource), None)


def kind_with(prefix: str) -> RecordKind | None:
    """The kind of record whose ids begin so, or None."""
    return _KINDS.get(prefix)


def find_place(public_id: str) -> Place:
    """The record of this id, as addresses carry it; raises NotFound. The caller checks who may know of it."""
    kind = _KINDS.get(public_id.partition("_")[0])
    if kind is None:
        raise NotFound
    return _place(kind, from_public(kind.prefix, public_id))


def _place(kind: RecordKind, record_id: uuid.UUID) -> Place:
    parts = [null() if part is None else part for part in (kind.title, kind.owner, kind.store, kind.within)]
    row = db.session.execute(select(*parts).where(kind.key == record_id)).one_or_none()
    if row is None:
        raise NotFound
    title, owner_id, store_id, within_id = tuple(row)
    within = _place(_KINDS[kind.of], within_id) if within_id is not None else None
    return Place(kind, str(title or ""), owner_id, store_id, within)
