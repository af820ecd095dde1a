"""Erasing a person: the key goes, and with it every value that lies under it, its mask, its index and what tells of it.

The register of encrypted columns says where the person's values are. What other rooms keep of a person (entries to be
found by, uploads, files made for somebody) they take away themselves: they say how with `on_erasure`.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, LargeBinary, Row, delete, select, update
from sqlalchemy.sql.dml import ReturningDelete, ReturningUpdate

from app.core.db import db
from app.core.db.sealing import Erased, Holder
from app.core.guard import audit, vault
from app.core.guard.keys import KeyMissing, SealBroken
from app.core.guard.masks import FULL
from app.core.guard.permissions import Actor
from app.core.guard.sealed import SealedColumn, sealed_columns

# A shorter word would be found in half of everything; part of a value tells of it when it is at least so long.
_SHORTEST, _SHORTEST_PART = 5, 7


@dataclass
class Erasure:
    """Whose values go, by whom, what they said where they could still be read, and how many rows went so far."""

    actor: Actor
    subject_id: uuid.UUID
    values: frozenset[str] = field(repr=False)
    rows: int = 0
    _texts: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._texts = frozenset(word for value in self.values for word in _words(value))

    def tells(self, told: str) -> bool:
        """Whether a text tells of the person: by the id, or by one of the values however it was typed."""
        if str(self.subject_id) in told or self.subject_id.hex in told:
            return True
        return any(
            text in word or (len(word) >= _SHORTEST_PART and word in text)
            for word in _words(told)
            for text in self._texts
        )


_TAKERS: list[Callable[[Erasure], None]] = []


def on_erasure(take: Callable[[Erasure], None]) -> Callable[[Erasure], None]:
    """Have `take` remove what its room keeps of a person, in the transaction of the erasure."""
    if take not in _TAKERS:
        _TAKERS.append(take)
    return take


def erase_subject(actor: Actor, subject_id: uuid.UUID, record_type: str) -> Erasure:
    """Destroy the subject's key and remove what was made of the values under it; done again, it changes nothing more.

    What is not encrypted, such as a name, is the business of the record's own room. The caller has checked the right.
    """
    found = Erasure(actor, subject_id, frozenset(_values_of(subject_id)))
    vault.destroy_subject_key(subject_id)
    for item in sealed_columns(Holder.SUBJECT, Holder.ROW):
        found.rows += _take_own(item, subject_id)
    for take in _TAKERS:
        take(found)
    for item in sealed_columns(Holder.ROW):
        found.rows += _take_telling(item, found)
    db.session.expire_all()
    audit.record(actor, "subject.erase", record_type, subject_id)
    return found


def erase_again(actor: Actor, subject_id: uuid.UUID) -> None:
    """Erase somebody who was erased before, and came back with older data or older keys."""
    if holds_anything(subject_id):
        erase_subject(actor, subject_id, "subject")
    else:
        vault.destroy_subject_key(subject_id)


def holds_anything(subject_id: uuid.UUID) -> bool:
    """Whether any value of the subject's is there that can be removed, readable or not."""
    return any(
        db.session.scalar(select(item.row_id).where(item.subject_id == subject_id, item.column.is_not(None)).limit(1))
        for item in sealed_columns(Holder.SUBJECT, Holder.ROW)
        if item.can_change and item.how.subject is not None
    )


def _values_of(subject_id: uuid.UUID) -> Iterator[str]:
    """What the person's values say, as far as they still open; of the audit's entries each value."""
    for item in (item for item in sealed_columns(Holder.SUBJECT) if item.how.subject is not None):
        for row in db.session.execute(_rows(item).where(item.subject_id == subject_id, item.column.is_not(None))):
            try:
                text = vault.unseal(subject_id, item.table.name, item.column.name, row.row_id, row.blob)
            except (KeyMissing, SealBroken):
                continue
            yield from [text] if item.can_change else _leaves(vault.from_json(text))


def _rows(item: SealedColumn) -> Any:
    return select(item.row_id.label("row_id"), item.column.label("blob"))


def _take_own(item: SealedColumn, subject_id: uuid.UUID) -> int:
    """Remove one column's values of the person, with what was made of them."""
    if not item.can_change:
        return 0
    own = item.subject_id == subject_id
    gone: ReturningDelete[Any] | ReturningUpdate[Any]
    if item.how.erased is Erased.ROW:
        gone = delete(item.table).where(own).returning(item.row_id)
    else:
        # Where a value must stand, the old one does: without its key it is noise.
        columns = (item.column, *item.beside) if item.column.nullable else item.beside
        nothing = {column: _nothing(column) for column in columns}
        gone = update(item.table).where(own, item.column.is_not(None)).values(nothing).returning(item.row_id)
    return len(db.session.execute(gone).all())


def _nothing(column: Column[Any]) -> Any:
    """What stands for a value that is gone: nothing, or where something must stand, what tells nothing."""
    if column.nullable:
        return None
    # Indexes are unique, so each gets noise of its own.
    return os.urandom(vault.INDEX_BYTES) if isinstance(column.type, LargeBinary) else FULL


def _take_telling(item: SealedColumn, erasure: Erasure) -> int:
    """Remove what people typed that tells of the person: a filter, a view, a change to be taken back."""
    rows = db.session.execute(_rows(item).where(item.column.is_not(None))).all()
    vault.load_subject_keys({row.row_id for row in rows})
    told = [row.row_id for row in rows if _tells(item, row, erasure)]
    for row_id in told:
        vault.destroy_subject_key(row_id)
    db.session.execute(delete(item.table).where(item.row_id.in_(told)))
    return len(told)


def _tells(item: SealedColumn, row: Row[Any], erasure: Erasure) -> bool:
    try:
        return erasure.tells(vault.unseal(row.row_id, item.table.name, item.column.name, row.row_id, row.blob))
    except (KeyMissing, SealBroken):
        # As in older data whose key went meanwhile: it is of no use to anybody, and may tell of anybody.
        return True


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)


def _words(text: str) -> Iterable[str]:
    """The text's lines and quoted parts as letters and digits alone; what is too short to tell is left out."""
    for part in text.replace('"', "\n").splitlines():
        word = "".join(letter for letter in part.casefold() if letter.isalnum())
        if len(word) >= _SHORTEST:
            yield word
