"""All of one dealership in one file: rows of one moment, stored files as they lie, and its keys under a passphrase."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from app.core import clock
from app.core.db import Tenant, directory, transaction
from app.core.db.contents import VERSION_TABLE, contents_of, copy_out, fix_settings, read_sequences
from app.core.db.owner import base_host, owner
from app.core.db.tenancy import entering
from app.core.errors import NotFound
from app.core.guard import audit, files, keys
from app.core.guard.permissions import Actor
from app.tenants.errors import TenantNotReady
from app.tenants.operations.archives import FORMAT, MANIFEST, Digest, member, write_archive

_STATES = ("active", "suspended", "deleting")
FACTS = ("id", "slug", "name", "locale", "currency", "country", "timezone", "state", "hosts")


@dataclass
class Exported:
    """What the file holds; `missing` names stored files whose bytes were not there or not what was stored."""

    slug: str = ""
    tables: int = 0
    rows: int = 0
    files: int = 0
    missing: list[str] = field(default_factory=list)


def export_tenant(actor: Actor, tenant_id: str, path: Path, passphrase: str) -> Exported:
    """Write everything of a dealership to `path` while people work in it. Raises NotFound, TenantNotReady, NoOwner.

    The dealership's own audit tells of it. Whoever has the file and the passphrase can read all of it.
    """
    known = directory.get(tenant_id)
    if known is None:
        raise NotFound
    if known.state not in _STATES:
        raise TenantNotReady(state=known.state)
    with entering(known), transaction():
        audit.record(actor, "tenant.export", "tenant", None)
    found = Exported(known.slug)
    write_archive(path, passphrase, lambda wrapping: _members(known, wrapping, found))
    return found


def _members(known: Tenant, wrapping: bytes, found: Exported) -> Iterator[bytes]:
    # A key that is being replaced goes when nothing needs it: one read before the snapshot may, one read after it will
    # open what the snapshot holds.
    held = _keys_of(known)
    with owner(known.dsn_name) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        fix_settings(connection)
        told = _facts(known, connection)
        told["tables"] = []
        for content in contents_of(connection, known.schema):
            digest = Digest()
            yield from member("table", content.table, digest.over(copy_out(connection, known.schema, content)))
            told["tables"].append({**asdict(content), "rows": digest.lines, "sha256": digest.sha256})
        told["sequences"] = read_sequences(connection, known.schema)
        stored = _stored_files(known, connection)
    found.tables, found.rows = len(told["tables"]), sum(item["rows"] for item in told["tables"])
    held |= _keys_of(known)
    told["keys"] = [
        {
            "purpose": purpose,
            "key_version": version,
            "wrapped": keys.wrapped_for(wrapping, row).hex(),
            "used_from": row["used_from"].isoformat() if row["used_from"] else None,
        }
        for (purpose, version), row in sorted(held.items())
    ]
    told["files"] = {}
    for row in stored:
        yield from _file(known, row, told["files"], found)
    found.files, told["missing"] = len(told["files"]), found.missing
    yield from member(MANIFEST, MANIFEST, [json.dumps(told).encode()])


def _facts(known: Tenant, connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """What the manifest says before any table: read in the same snapshot."""
    version = sql.SQL("SELECT version_num FROM {}").format(sql.Identifier(known.schema, VERSION_TABLE))
    revision = connection.execute(version).fetchone()
    heads = connection.execute(
        "SELECT seq, encode(proof, 'hex'), noted_at FROM audit_heads WHERE tenant_id = %s ORDER BY id", [known.schema]
    ).fetchall()
    destroyed = connection.execute(
        "SELECT subject_id::text FROM destroyed_keys WHERE owner = %s AND subject_id IS NOT NULL ORDER BY id",
        [known.schema],
    ).fetchall()
    return {
        "format": FORMAT,
        "exported_at": clock.now().isoformat(),
        "server": connection.info.server_version,
        "base_host": base_host(),
        "tenant": {name: getattr(known, name) for name in FACTS},
        "schema_version": revision[0] if revision else None,
        "audit_heads": [[seq, proof, noted_at.isoformat()] for seq, proof, noted_at in heads],
        "destroyed": [row[0] for row in destroyed],
    }


def _keys_of(known: Tenant) -> dict[tuple[str, int], dict[str, Any]]:
    with owner() as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT tenant_id, purpose, key_version, wrapped, used_from FROM wrapped_keys WHERE tenant_id = %s",
            [known.id],
        ).fetchall()
    return {(row["purpose"], row["key_version"]): row for row in rows}


def _stored_files(known: Tenant, connection: psycopg.Connection[Any]) -> list[tuple[str, int, bytes]]:
    query = sql.SQL("SELECT stored_as, size, sha256 FROM {} ORDER BY stored_as")
    return connection.execute(query.format(sql.Identifier(known.schema, "core_files"))).fetchall()


def _file(
    known: Tenant, row: tuple[str, int, bytes], listed: dict[str, dict[str, Any]], found: Exported
) -> Iterator[bytes]:
    """One stored file, unless it has expired since the snapshot; one that is damaged goes along and is named."""
    stored_as, size, sha256 = row
    pieces, digest = files.read_stored(known.id, stored_as), Digest()
    try:
        first = next(pieces, b"")
    except NotFound:
        found.missing.append(stored_as)
        return
    yield from member("file", stored_as, digest.over(_again(first, pieces)))
    listed[stored_as] = {"size": digest.size, "sha256": digest.sha256}
    if (digest.size, digest.sha256) != (size, bytes(sha256).hex()):
        found.missing.append(stored_as)


def _again(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces
