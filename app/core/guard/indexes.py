"""Keyed indexes beside what the database promises of them, while the index key is replaced and two are good.

Outside such a time nothing here asks the database anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from app.core.db import db
from app.core.db.sealing import Holder
from app.core.guard import vault
from app.core.guard.keys import tenant_keys
from app.core.guard.sealed import SealedColumn, sealed_columns


def are_replaced() -> bool:
    """Whether values may be stored under more than one version of the index key now."""
    return len(tenant_keys().indexes) > 1


def hold(kind: str, normalized: str) -> None:
    """Have whoever stores the same value wait for this transaction: what is unique under each key is not under both."""
    if are_replaced():
        db.session.execute(select(func.pg_advisory_xact_lock(lock_number(kind, normalized))))


def lock_number(kind: str, normalized: str) -> int:
    """What transactions that store the same value agree on, with whichever key each writes."""
    return int.from_bytes(min(vault.every_index(kind, normalized))[:8], "big", signed=True)


def is_taken(
    column: InstrumentedAttribute[Any], kind: str, normalized: str, *among: ColumnElement[bool]
) -> bool:
    """Whether a row has the value already, which the unique index does not see; False where it does.

    Others who store the same value wait until this transaction is over.
    """
    if not are_replaced():
        return False
    hold(kind, normalized)
    with db.session.no_autoflush:
        return bool(db.session.scalar(select(exists().where(column.in_(vault.every_index(kind, normalized)), *among))))


def renewed(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """`row` of `table` with its keyed indexes made anew from its sealed values: for one that is put back."""
    made = {
        item.how.index: made_from(item, row, opened(item, row))
        for item in sealed_columns(Holder.SUBJECT, Holder.TENANT)
        if item.table is table and item.how.index is not None and row.get(item.column.name) is not None
    }
    return {**row, **made}


def opened(item: SealedColumn, row: Mapping[str, Any]) -> str:
    """What one sealed value says; raises KeyMissing for one of an erased person."""
    place, blob = (item.table.name, item.column.name, row[item.row_id.name]), row[item.column.name]
    if item.how.holder is Holder.TENANT:
        return vault.unseal_bytes(*place, blob).decode()
    return vault.unseal(row[item.subject_id.name], *place, blob)


def made_from(item: SealedColumn, row: Mapping[str, Any], value: str) -> bytes:
    """The index that is stored beside `value` in `row`."""
    if item.how.indexed is None:
        raise LookupError(f"{item.column} has no index")
    return vault.blind_index(*item.how.indexed(row, value))
