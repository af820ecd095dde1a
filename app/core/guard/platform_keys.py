"""Keys in the platform's tables: new versions of tenants' keys, the end of old ones, and a new master key.

As the owner, who alone may write there: for the ops worker and the command line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.rows import dict_row

from app.core.db.owner import owner
from app.core.db.sealing import Holder
from app.core.guard import keys, vault
from app.core.guard.sealed import SealedColumn, sealed_columns

AT_ONCE: Final = 500
DATA: Final = "data"
INDEX: Final = "index"


@dataclass(frozen=True)
class MasterRotation:
    """What was wrapped or sealed anew by the master key of today; the rest was already."""

    keys: int
    values: int


def add_key(tenant_id: str, purpose: str, used_from: datetime | None = None) -> int:
    """Make a new key of the tenant's, which is used at once or, an index key, from a moment on; its version."""
    with owner() as connection:
        newest = connection.execute(
            "SELECT key_version FROM wrapped_keys WHERE tenant_id = %s AND purpose = %s "
            "ORDER BY key_version DESC LIMIT 1 FOR UPDATE",
            [tenant_id, purpose],
        ).fetchone()
        if newest is None:
            raise keys.KeyMissing
        row = keys.new_tenant_key(keys.master_key(), tenant_id, purpose, newest[0] + 1)
        connection.execute(
            "INSERT INTO wrapped_keys (tenant_id, purpose, key_version, wrapped, used_from) "
            "VALUES (%(tenant_id)s, %(purpose)s, %(key_version)s, %(wrapped)s, %(used_from)s)",
            {**row, "used_from": used_from},
        )
    keys.forget_keys(tenant_id)
    return int(row["key_version"])


def drop_keys(tenant_id: str, purpose: str, before: int) -> int:
    """Destroy the tenant's keys before version `before`: nothing may lie under them any more. How many there were."""
    with owner() as connection:
        gone = connection.execute(
            "DELETE FROM wrapped_keys WHERE tenant_id = %s AND purpose = %s AND key_version < %s",
            [tenant_id, purpose, before],
        ).rowcount
    keys.forget_keys(tenant_id)
    return gone


def rotate_master() -> MasterRotation:
    """Wrap every tenant's key, and seal every value of the platform's, by the master key of today.

    MASTER_KEY is the new one and MASTER_KEY_PREVIOUS the old one, for every process. Killed at any point it is run
    again: what is done already is passed over. Raises SealBroken for what neither opens.
    """
    rewrapped = 0
    last: tuple[str, str, int] = ("", "", 0)
    while True:
        with owner() as connection:
            found, last, more = _rewrap_batch(connection, last)
        rewrapped += found
        if not more:
            break
    values = 0
    for item in sealed_columns(Holder.PLATFORM):
        with owner() as connection:
            values += _reseal_column(connection, item)
    return MasterRotation(rewrapped, values)


def _rewrap_batch(connection: Connection[Any], after: tuple[str, str, int]) -> tuple[int, tuple[str, str, int], bool]:
    cursor = connection.cursor(row_factory=dict_row)
    rows = cursor.execute(
        "SELECT tenant_id, purpose, key_version, wrapped FROM wrapped_keys "
        "WHERE (tenant_id, purpose, key_version) > (%s, %s, %s) "
        "ORDER BY tenant_id, purpose, key_version LIMIT %s FOR UPDATE",
        [*after, AT_ONCE],
    ).fetchall()
    done = 0
    for row in rows:
        wrapped = keys.wrapped_anew(row)
        if wrapped is not None:
            done += 1
            connection.execute(
                "UPDATE wrapped_keys SET wrapped = %s WHERE (tenant_id, purpose, key_version) = (%s, %s, %s)",
                [wrapped, row["tenant_id"], row["purpose"], row["key_version"]],
            )
    if rows:
        after = (rows[-1]["tenant_id"], rows[-1]["purpose"], rows[-1]["key_version"])
    return done, after, len(rows) == AT_ONCE


def _reseal_column(connection: Connection[Any], item: SealedColumn) -> int:
    """The platform's own values are few: operators, and dealerships in the making."""
    table, column, row_id = map(sql.Identifier, (item.table.name, item.column.name, item.row_id.name))
    query = sql.SQL("SELECT {1}, {2} FROM {0} WHERE {2} IS NOT NULL FOR UPDATE").format(table, row_id, column)
    change = sql.SQL("UPDATE {0} SET {2} = %s WHERE {1} = %s").format(table, row_id, column)
    done = 0
    for key, blob in connection.execute(query).fetchall():
        place = (item.table.name, item.column.name, str(key))
        text, is_current = vault.open_platform(*place, bytes(blob))
        if not is_current:
            connection.execute(change, [vault.seal_platform(*place, text), key])
            done += 1
    return done
