"""Words that people write about a person in the clear: the room that holds them says so, and erasing empties them.

A column of class personal is sealed under the person's key, stands beside one that is, or is declared here by its room.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, update

from app.core.db import db
from app.core.guard.erasing import Erasure, on_erasure

Whose = Callable[[uuid.UUID], ColumnElement[bool]]


@dataclass(frozen=True)
class Words:
    """One column of words, and the condition that picks its rows about a person."""

    column: Column[Any]
    whose: Whose


_WORDS: dict[str, Words] = {}


def declare_words(*columns: Any, whose: Whose) -> None:
    """Have the words in `columns` emptied where `whose` says that they are about the person who is erased."""
    for attribute in columns:
        column: Column[Any] = attribute.property.columns[0]
        _WORDS[f"{column.table.name}.{column.name}"] = Words(column, whose)


def declared_words() -> frozenset[str]:
    """The columns that an erasure empties, as table and column."""
    return frozenset(_WORDS)


@on_erasure
def take_words(erasure: Erasure) -> None:
    """Empty every declared column about the person; where there is nothing left, nothing is written."""
    for words in _WORDS.values():
        column, table = words.column, words.column.table
        said = column != "" if not column.nullable else column.is_not(None)
        nothing = None if column.nullable else ""
        emptied = update(table).where(said, words.whose(erasure.subject_id)).values({column: nothing})
        erasure.rows += len(db.session.execute(emptied.returning(table.c.id)).all())
