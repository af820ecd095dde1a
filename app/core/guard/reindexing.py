"""Every keyed index made anew under a new index key, a batch at a time: those of the register, and those of rooms.

The register of encrypted columns says beside which values an index stands. What else lies under the index key (tokens
of the search, counters of sign-in) its room makes anew: it says how with `on_new_index_key`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import LargeBinary, RowMapping, Uuid, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.db import current_tenant, db
from app.core.db.sealing import Holder
from app.core.guard import keys, subjects, vault
from app.core.guard.sealed import SealedColumn, sealed_columns

AT_ONCE: Final = 1_000


@dataclass(frozen=True)
class Renewal:
    """The replacement of an index key: with which version everything is written, and since when."""

    version: int
    used_from: datetime


@dataclass(frozen=True)
class Batch:
    """What became of a batch: how many indexes were made anew, how many could only be forgotten, where to go on."""

    renewed: int = 0
    forgotten: int = 0
    # None: there is no more.
    after: str | None = None


# Makes the next ones after a place anew; the first time there is no place yet.
Renewer = Callable[[Renewal, str | None], Batch]
_ROOMS: dict[str, Renewer] = {}


def on_new_index_key(name: str) -> Callable[[Renewer], Renewer]:
    """Have the function make anew what its room keeps under the index key."""

    def declare(renew: Renewer) -> Renewer:
        if _ROOMS.setdefault(name, renew) is not renew:
            raise ValueError(f"{name} is made anew twice")
        return renew

    return declare


def renewers() -> Mapping[str, Renewer]:
    """All that is to be made anew, by name and in order: a job that was killed finds its place again."""
    indexed = [item for item in sealed_columns(Holder.SUBJECT, Holder.TENANT) if item.how.index is not None]
    found: dict[str, Renewer] = {str(item.column): partial(renew_column, item) for item in indexed}
    found.update(_ROOMS)
    return dict(sorted(found.items()))


def ready(renewal: Renewal) -> bool:
    """Whether this process writes with the new key, having looked for it where it was not known yet."""
    for _ in range(2):
        if keys.tenant_keys().index_keys()[0][0] >= renewal.version:
            return True
        keys.forget_keys(current_tenant().id)
    return False


def renew_column(item: SealedColumn, _renewal: Renewal, after: str | None) -> Batch:
    """The indexes beside the next values of one encrypted column; those of erased persons are noise, and stay it."""
    place = UUID(after) if after else vault.NOBODY
    wanted = select(item.table).where(item.row_id > place, item.column.is_not(None)).order_by(item.row_id)
    rows = db.session.execute(wanted.limit(AT_ONCE)).mappings().all()
    changes = [(row, made) for row, made in _made(item, rows) if made != row[item.how.index or ""]]
    if changes:
        _store(item, changes)
    return Batch(len(changes), 0, str(rows[-1][item.row_id.name]) if len(rows) == AT_ONCE else None)


def _made(item: SealedColumn, rows: Sequence[RowMapping]) -> list[tuple[RowMapping, bytes]]:
    """Each row that can be read, with the index it should have."""
    if item.how.indexed is None or not rows:
        return []
    table, column = item.table.name, item.column.name
    if item.how.holder is Holder.TENANT:
        values = [vault.unseal_bytes(table, column, row[item.row_id.name], row[column]).decode() for row in rows]
    else:
        held = subjects.held_keys({row[item.subject_id.name] for row in rows}, make=False)
        rows = [row for row in rows if row[item.subject_id.name] in held]
        places = [vault.Place(row[item.subject_id.name], table, column, row[item.row_id.name]) for row in rows]
        values = vault.unseal_many(list(zip(places, (row[column] for row in rows), strict=True)))
    made = [item.how.indexed(dict(row), value) for row, value in zip(rows, values, strict=True)]
    return [(row, vault.blind_index(kind, text)) for row, (kind, text) in zip(rows, made, strict=True)]


def _store(item: SealedColumn, changes: Sequence[tuple[RowMapping, bytes]]) -> None:
    """Put new indexes for old where nobody has changed the value; the row's version and time of change stay."""
    columns: list[Any] = [
        literal([row[item.row_id.name] for row, _ in changes], ARRAY(Uuid)),
        literal([row[item.column.name] for row, _ in changes], ARRAY(LargeBinary)),
        literal([made for _, made in changes], ARRAY(LargeBinary)),
    ]
    new = func.unnest(*columns).table_valued("row_id", "value", "made").render_derived()
    unchanged = {column.name: column for column in item.table.columns if column.onupdate is not None}
    statement = (
        update(item.table)
        .where(item.row_id == new.c.row_id, item.column == new.c.value)
        .values({item.how.index: new.c.made, **unchanged})
    )
    db.session.execute(statement.execution_options(synchronize_session=False))
