"""The register of encrypted columns: read from the models, which say it, for rotation, erasure and the tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table

from app.core.db.platform import platform_metadata
from app.core.db.sealing import SEALED, Erased, Holder, Sealing
from app.core.db.session import Base


@dataclass(frozen=True)
class SealedColumn:
    """One encrypted column and how it is encrypted."""

    table: Table
    column: Column[Any]
    how: Sealing

    @property
    def row_id(self) -> Column[Any]:
        """The column of the row's id, part of the context its values are bound to."""
        return self.table.c[self.how.row]

    @property
    def subject_id(self) -> Column[Any]:
        """The column that says whose value it is; raises KeyError for a column of no subject."""
        return self.table.c[self.how.subject or ""]

    @property
    def beside(self) -> tuple[Column[Any], ...]:
        """The columns that hold what was made of the same value: its mask and its index."""
        return tuple(self.table.c[name] for name in (self.how.masked, self.how.index) if name is not None)

    @property
    def can_change(self) -> bool:
        """Whether a row may be written anew."""
        return self.how.erased is not Erased.STAYS


def sealed_columns(*holders: Holder) -> tuple[SealedColumn, ...]:
    """The encrypted columns held by any of `holders` (all of them by default), in order of table and column."""
    wanted = holders or tuple(Holder)
    return tuple(found for found in _all() if found.how.holder in wanted)


def _all() -> Iterator[SealedColumn]:
    for metadata in (Base.metadata, platform_metadata):
        for table in sorted(metadata.tables.values(), key=lambda table: table.fullname):
            for column in table.columns:
                how = column.info.get(SEALED)
                if isinstance(how, Sealing):
                    yield SealedColumn(table, column, how)
