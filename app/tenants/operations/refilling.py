"""The steps of restoring a dealership: its role, all it had in one transaction, who was erased, and the open door."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import delete, select

from app.core.db import Tenant, db, directory, revisions, transaction
from app.core.db.bootstrap import APP, RELAY
from app.core.db.contents import Content, contents_of, copy_in, copy_out, empty, fix_settings, set_sequences
from app.core.db.ddl import tenant_role_script, tenant_schema_script
from app.core.db.owner import further_login, migrator, owner
from app.core.db.scopes import WORKER, time_limits
from app.core.db.tenancy import entering
from app.core.errors import N_, DomainError
from app.core.guard import audit, chain, erasing, files, keys, verifying
from app.core.guard.models import SubjectKey
from app.core.guard.permissions import Actor
from app.core.lists.exports.sealing import pulled
from app.tenants.errors import HostTaken
from app.tenants.models import SessionRow
from app.tenants.operations.archives import Archive, ArchiveBroken, Digest
from app.tenants.operations.provisioning import touch_directory

# What the directory says of a dealership whose restore has not come to its end.
UNFINISHED = "restore"


class RestoreDiffers(DomainError):
    """The database does not give back what it was given."""

    code = "restore_differs"
    message = N_("After restoring, {table} is not as it was exported. Nothing was kept.")


@dataclass
class Restored:
    """What came back; `migrated_from` where the export was of an older release, `findings` of the audit's chain."""

    tenant_id: str
    slug: str
    tables: int = 0
    rows: int = 0
    files: int = 0
    missing: list[str] = field(default_factory=list)
    erased_again: int = 0
    migrated_from: str | None = None
    findings: list[str] = field(default_factory=list)


def make_role(made: Tenant) -> None:
    """In a transaction of its own: the group's lock, which every new tenant needs, is not held while rows come."""
    with migrator() as connection, connection.transaction():
        if made.login > 1:
            for base in (APP, RELAY):
                further_login(connection, base, made.login)
        connection.execute(tenant_role_script(made.schema, made.login).encode())


def put_back(
    connection: psycopg.Connection[Any], archive: Archive, said: dict[str, Any], made: Tenant, found: Restored
) -> None:
    """All of it in the owner's transaction; the dealership stays closed. Raises ArchiveBroken, RestoreDiffers."""
    fix_settings(connection)
    then, today = said["schema_version"], revisions.head("tenants")
    tables = revisions.render_upgrade("tenants", None, then) if then != today else None
    connection.execute(tenant_schema_script(made.schema, then, tables).encode())
    contents = {item["table"]: _content(item) for item in said["tables"]}
    if {item.table for item in contents_of(connection, made.schema)} != set(contents):
        raise ArchiveBroken
    if tables is not None:
        # Migrations that lead to the older release leave rows of their own.
        empty(connection, made.schema, contents.values())
    for kind, name, pieces in archive.members():
        if kind == "table":
            copy_in(connection, made.schema, contents[name], pieces)
        elif kind == "file":
            files.put_stored(made.id, name, pulled(pieces))
            found.files += 1
    for item in said["tables"]:
        digest = Digest()
        for _ in digest.over(copy_out(connection, made.schema, contents[item["table"]])):
            pass
        if (digest.lines, digest.sha256) != (item["rows"], item["sha256"]):
            raise RestoreDiffers(table=item["table"])
        found.rows += digest.lines
    found.tables = len(contents)
    set_sequences(connection, made.schema, said["sequences"])
    if then != today:
        found.migrated_from = then
        connection.execute(revisions.render_upgrade("tenants", then, today).encode())
    _put_platform(connection, archive.wrapping, said, made)


def _content(item: dict[str, Any]) -> Content:
    return Content(item["table"], tuple(item["columns"]), tuple(item["key"]), tuple(item["bytewise"]))


def _put_platform(
    connection: psycopg.Connection[Any], wrapping: bytes, said: dict[str, Any], made: Tenant
) -> None:
    """What the platform keeps of a dealership: the directory's row, its keys, where its audit ended, who was erased."""
    row = {name: getattr(made, name) for name in _NAMES} | {"failure": UNFINISHED}
    connection.execute(_DIRECTORY, row)
    with connection.cursor() as cursor:
        for key in said["keys"]:
            wrapped = {"used_from": None, **key, "tenant_id": made.id, "wrapped": bytes.fromhex(key["wrapped"])}
            cursor.execute(_KEY, {**wrapped, "wrapped": keys.wrapped_from(wrapping, wrapped)})
        cursor.executemany(_HEAD, [(made.schema, seq, proof, noted_at) for seq, proof, noted_at in said["audit_heads"]])
        cursor.executemany(_DESTROYED, [(made.schema, subject_id) for subject_id in said["destroyed"]])


_NAMES = (
    "id", "slug", "name", "state", "dsn_name", "login", "schema_version", "locale", "currency", "country", "timezone",
)  # fmt: skip
# The row of a deleted dealership is all that is left of it; any other would have been refused.
_DIRECTORY = """
INSERT INTO platform.tenants
    (id, slug, name, state, dsn_name, login, schema_version, locale, currency, country, timezone, failure)
VALUES (%(id)s, %(slug)s, %(name)s, %(state)s, %(dsn_name)s, %(login)s, %(schema_version)s, %(locale)s, %(currency)s,
    %(country)s, %(timezone)s, %(failure)s)
ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name, state = excluded.state,
    dsn_name = excluded.dsn_name, login = excluded.login, schema_version = excluded.schema_version,
    locale = excluded.locale, currency = excluded.currency, country = excluded.country, timezone = excluded.timezone,
    failure = excluded.failure
"""
_KEY = (
    "INSERT INTO platform.wrapped_keys (tenant_id, purpose, key_version, wrapped, used_from) "
    "VALUES (%(tenant_id)s, %(purpose)s, %(key_version)s, %(wrapped)s, %(used_from)s)"
)
_HEAD = (
    "INSERT INTO platform.audit_heads (tenant_id, seq, proof, noted_at) VALUES (%s, %s, decode(%s, 'hex'), %s)"
)
_DESTROYED = "INSERT INTO platform.destroyed_keys (owner, subject_id) VALUES (%s, %s) ON CONFLICT DO NOTHING"


def settle(actor: Actor, said: dict[str, Any], made: Tenant, found: Restored) -> None:
    """Erase again whoever was erased here or there, end all sessions, and carry the audit on."""
    keys.forget_keys(made.id)
    with owner() as connection:
        listed = connection.execute(
            "SELECT subject_id FROM destroyed_keys WHERE owner = %s AND subject_id IS NOT NULL", [made.schema]
        ).fetchall()
    with entering(made), time_limits(WORKER):
        with transaction():
            marked = select(SubjectKey.subject_id).where(SubjectKey.destroyed_at.is_not(None))
            again: set[uuid.UUID] = {row[0] for row in listed} - set(db.session.scalars(marked))
            for subject_id in sorted(again):
                erasing.erase_again(actor, subject_id)
            found.erased_again = len(again)
            # Who has signed out since would be signed in again.
            db.session.execute(delete(SessionRow))
            told = {"exported_at": (None, said["exported_at"]), "rows": (None, found.rows)}
            audit.record(actor, "tenant.restore", "tenant", None, changes=told)
        sealed = 1
        while sealed:
            with transaction():
                sealed = chain.seal_new()
        found.findings = [item.says for item in verifying.verify().findings]


def open_doors(made: Tenant) -> None:
    """The dealership is active and answers at its hosts."""
    with owner() as connection:
        for host in made.hosts:
            done = connection.execute(
                "INSERT INTO hosts (host, tenant_id) VALUES (%s, %s) ON CONFLICT (host) DO NOTHING", [host, made.id]
            )
            if not done.rowcount:
                raise HostTaken(field="host", host=host)
        # Its keys are not among the destroyed any more: a restore of older keys would take them away again.
        connection.execute("DELETE FROM destroyed_keys WHERE owner = %s AND subject_id IS NULL", [made.schema])
        connection.execute("UPDATE tenants SET state = 'active', failure = NULL WHERE id = %s", [made.id])
        touch_directory(connection, made.id)
    directory.refresh()
