"""Keys backed up apart from the data, and restored without those that were destroyed.

A copy of the data without the keys tells nothing of what was encrypted, and a copy of the keys tells nothing of the
data; both together tell what they told on their day. So the copies lie in different places, and of the keys only the
newest is kept: one from before an erasure still has the key. A restore takes the list of destroyed keys into account,
of the file and of the database, whichever is the longer.

The file is lines of JSON, every key wrapped as it is in the tables, under a proof made with the master key.
"""

from __future__ import annotations

import hmac
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from psycopg import sql
from psycopg.rows import dict_row

from app.core.db import directory, tenant, transaction
from app.core.db.owner import owner
from app.core.db.scopes import Tenant, tenant_scope
from app.core.db.tenancy import current_settings
from app.core.errors import N_, DomainError
from app.core.guard import erasing, keys
from app.core.guard.permissions import Actor

FORMAT = "forecourt-keys-1"
# The tables that are backed up here and nowhere else.
TABLES = {
    "core_subject_keys": ("subject_id", "wrapped", "key_version", "generation", "destroyed_at", "created_at"),
    "core_old_subject_keys": ("subject_id", "generation", "wrapped", "key_version", "replaced_at"),
}
AT_ONCE: Final = 1_000
_WRAPPED = ("tenant_id", "purpose", "key_version", "wrapped", "used_from")


class BackupBroken(DomainError):
    """The file is not what was written, or by another installation."""

    code = "backup_broken"
    message = N_("This is no backup of keys of this installation, or it was changed or cut off.")


@dataclass
class Restored:
    """What came back, and what did not because it was destroyed or has no place any more."""

    keys: int = 0
    destroyed: int = 0
    # Dealerships that were deleted after the copy was made, and are in the data again.
    deleted_tenants: list[str] = field(default_factory=list)
    unknown_tenants: set[str] = field(default_factory=set)


def backup_keys(path: Path) -> int:
    """Write every wrapped key and the list of destroyed ones to `path`, whole or not at all; how many keys."""
    part, count = path.with_name(f"{path.name}.part"), 0
    proof = _proof()
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        for line in _lines():
            text = json.dumps(line, default=_plain, separators=(",", ":")) + "\n"
            proof.update(text.encode())
            stream.write(text)
            count += line["kind"] == "key"
        stream.write(json.dumps({"kind": "end", "proof": proof.hexdigest()}) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    part.rename(path)
    return count


def restore_keys(actor: Actor, path: Path) -> Restored:
    """Bring back the keys of a backup that are missing here, and erase again whoever is on the list of the destroyed.

    Run after the data was restored, as often as wanted. Raises BackupBroken before anything is changed.
    """
    _check(path)
    found, destroyed = Restored(), _join_lists(path)
    gone = {name for name, subject_id in destroyed if subject_id is None}
    there = {known.schema: known for known in directory.all_tenants()}
    for name in sorted(gone & there.keys()):
        found.deleted_tenants.append(there[name].slug)
        with owner() as connection:
            connection.execute("DELETE FROM wrapped_keys WHERE tenant_id = %s", [there[name].id])
    for (name, table), lines in groupby(_keys(path), key=itemgetter("owner", "table")):
        if name in gone:
            continue
        if name not in there:
            found.unknown_tenants.add(name)
            continue
        wanted = (line["row"] for line in lines if (name, line["row"].get("subject_id")) not in destroyed)
        while rows := list(islice(wanted, AT_ONCE)):
            found.keys += _put_back(there[name], table, rows)
    for name, subject_id in sorted(destroyed, key=str):
        if subject_id is not None and name in there and name not in gone:
            _destroy_again(actor, there[name], uuid.UUID(subject_id))
            found.destroyed += 1
    return found


def _lines() -> Iterator[dict[str, Any]]:
    """What the file says. The lists come last: whoever is erased while it is written is on them."""
    yield {"kind": "begin", "format": FORMAT}
    wrapping = _wrapping()
    yield from wrapping.values()
    tenants = [known for known in directory.all_tenants() if known.schema_version is not None]
    for known in tenants:
        with owner(known.dsn_name) as connection, connection.cursor(row_factory=dict_row) as cursor:
            for table, columns in TABLES.items():
                wanted = sql.SQL("SELECT {} FROM {}").format(_names(columns), _table(known, table))
                for row in cursor.stream(wanted):
                    yield {"kind": "key", "table": table, "owner": known.schema, "row": row}
    # Of a dealership whose key is replaced meanwhile, both: persons' keys here may lie under either.
    yield from (line for place, line in _wrapping().items() if place not in wrapping)
    for name, subject_id in sorted(_destroyed(), key=str):
        yield {"kind": "destroyed", "owner": name, "subject_id": subject_id}


def _wrapping() -> dict[tuple[Any, ...], dict[str, Any]]:
    """The lines of the tenants' keys, by what tells one from the others."""
    with owner() as connection, connection.cursor(row_factory=dict_row) as cursor:
        query = sql.SQL("SELECT {} FROM wrapped_keys ORDER BY 1, 2, 3").format(_names(_WRAPPED))
        rows = cursor.execute(query).fetchall()
    return {
        (row["tenant_id"], row["purpose"], row["key_version"]): {
            "kind": "key", "table": "wrapped_keys", "owner": f"t_{row['tenant_id']}", "row": row,
        }
        for row in rows
    }  # fmt: skip


def _destroyed() -> set[tuple[str, str | None]]:
    """The lists of every server: who was erased on another one is on the list there."""
    found = set()
    for dsn_name in current_settings().database_urls:
        with owner(dsn_name) as connection:
            found.update(connection.execute("SELECT owner, subject_id::text FROM destroyed_keys").fetchall())
    return found


def _check(path: Path) -> None:
    """Read the file to its end and believe none of it before the proof."""
    proof, last = _proof(), ""
    with path.open(encoding="utf-8") as stream:
        for text in stream:
            if last:
                proof.update(last.encode())
            last = text
    try:
        end = json.loads(last or "null")
        whole = end["kind"] == "end" and hmac.compare_digest(end["proof"], proof.hexdigest())
    except (ValueError, TypeError, KeyError):
        whole = False
    if not whole:
        raise BackupBroken


def _proof() -> hmac.HMAC:
    return hmac.new(keys.derived(keys.master_key(), "key-backup"), digestmod=sha256)


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        yield from (json.loads(text) for text in stream)


def _keys(path: Path) -> Iterator[dict[str, Any]]:
    return (line for line in _read(path) if line["kind"] == "key")


def _join_lists(path: Path) -> set[tuple[str, str | None]]:
    """The list of the file and those of the databases; the main one's is the longest from now on."""
    listed = {(line["owner"], line["subject_id"]) for line in _read(path) if line["kind"] == "destroyed"} | _destroyed()
    statement = "INSERT INTO destroyed_keys (owner, subject_id) VALUES (%s, %s) ON CONFLICT DO NOTHING"
    with owner() as connection:
        connection.cursor().executemany(statement, sorted(listed, key=str))
    return listed


def _put_back(known: Tenant, table: str, found: Sequence[Mapping[str, Any]]) -> int:
    """These keys, where they are missing: what is here already is at least as new."""
    rows = [{name: _typed(name, value) for name, value in row.items()} for row in found]
    own = table in TABLES
    columns = TABLES[table] if own else _WRAPPED
    with owner(known.dsn_name if own else "main") as connection:
        place = _table(known, table) if own else sql.Identifier("wrapped_keys")
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
            place, _names(columns), sql.SQL(", ").join(sql.Placeholder() * len(columns))
        )
        cursor = connection.cursor()
        cursor.executemany(statement, [[row.get(name) for name in columns] for row in rows])
    keys.forget_keys(known.id)
    return cursor.rowcount


def _destroy_again(actor: Actor, known: Tenant, subject_id: uuid.UUID) -> None:
    with tenant(known.id), transaction():
        erasing.erase_again(actor, subject_id)


def _table(known: Tenant, table: str) -> sql.Identifier:
    return sql.Identifier(tenant_scope(known).role, table)


def _names(columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _plain(value: Any) -> str:
    return bytes(value).hex() if isinstance(value, (bytes, memoryview)) else str(value)


def _typed(name: str, value: Any) -> Any:
    return bytes.fromhex(value) if name == "wrapped" else value
