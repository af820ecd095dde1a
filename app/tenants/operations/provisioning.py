"""A tenant from request to first sign-in: schema, role and tables in one transaction, then seeds, then its host.

The directory row is the state machine (requested → provisioning → active). Each step is one transaction that leaves
the row in the next state, so a kill at any point leaves something that running it again finishes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.core.db import Tenant, db, directory, platform, revisions, transaction
from app.core.db.bootstrap import APP, LOGIN_CAPACITY, LOGIN_CAPACITY_OLD, RELAY
from app.core.db.ddl import tenant_role_script, tenant_schema_script
from app.core.db.owner import base_host, further_login, migrator, owner
from app.core.db.platform import tenants
from app.core.db.tenancy import entering
from app.core.errors import NotFound
from app.core.guard import keys, vault
from app.core.guard.permissions import system_actor
from app.core.jobs.outbox import enqueue_platform
from app.tenants.errors import SlugTaken, TenantNotReady
from app.tenants.operations.seeding import seed_tenant
from app.tenants.rules import slugs

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"

# Called with the name of each step just finished; tests and drills stop the process there.
Progress = Callable[[str], None]


@dataclass(frozen=True)
class TenantRequest:
    """What a new dealership says about itself; `timezone` is an IANA name, `country` and `currency` ISO codes."""

    slug: str
    name: str
    country: str
    locale: str
    currency: str
    timezone: str
    store_name: str
    admin_name: str
    admin_email: str


def new_tenant_id() -> str:
    """A random id: schema names are visible to every tenant, so they tell nothing."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


def request_tenant(request: TenantRequest) -> str:
    """Write down that a dealership is wanted and leave the rest to the `ops` worker; returns the tenant's id.

    Called in `platform()` within `transaction()`. Raises Invalid for a slug or a code nobody could use, SlugTaken.
    """
    slugs.check_request(request)
    tenant_id = new_tenant_id()
    values = {name: getattr(request, name) for name in ("slug", "name", "country", "locale", "currency", "timezone")}
    sealed = vault.seal_platform("tenants", "request", tenant_id, vault.to_json(asdict(request)))
    try:
        with db.session.begin_nested():
            db.session.execute(insert(tenants).values(id=tenant_id, request=sealed, **values))
    except IntegrityError as error:
        raise SlugTaken(field="slug", slug=request.slug) from error
    enqueue_platform("tenants.provision", queue="ops", payload={"tenant_id": tenant_id})
    return tenant_id


def create_tenant(request: TenantRequest, progress: Progress = lambda step: None) -> str:
    """Request and provision in one go, for the command line; a request for the same slug left half-way is finished."""
    with platform():
        found = db.session.execute(
            select(tenants.c.id, tenants.c.state).where(tenants.c.slug == request.slug)
        ).one_or_none()
        if found is not None and found.state not in ("requested", "provisioning"):
            raise SlugTaken(field="slug", slug=request.slug)
        if found is None:
            with transaction():
                tenant_id = request_tenant(request)
        else:
            tenant_id = found.id
    progress("requested")
    provision(tenant_id, progress)
    return tenant_id


def provision(tenant_id: str, progress: Progress = lambda step: None) -> None:
    """Take a requested tenant to active; a repeat of what is done does nothing. Raises NotFound, NoOwner.

    The command line and the `ops` worker may come for the same tenant: the second waits and finds the work done.
    """
    with migrator() as guard:
        guard.execute("SELECT pg_advisory_lock(hashtext('forecourt.provision'), hashtext(%s))", [tenant_id])
        _provision(tenant_id, progress)
        guard.execute("SELECT pg_advisory_unlock(hashtext('forecourt.provision'), hashtext(%s))", [tenant_id])


def _provision(tenant_id: str, progress: Progress) -> None:
    made = _make_schema(tenant_id)
    directory.outdate()
    progress("schema")
    if made is None:
        return
    with entering(made.tenant), transaction():
        seed_tenant(
            system_actor("provisioning"),
            store_name=made.request["store_name"],
            timezone=made.request["timezone"],
            admin_name=made.request["admin_name"],
            admin_email=made.request["admin_email"],
        )
    progress("seeded")
    _activate(tenant_id, made.request["slug"])
    directory.outdate()
    progress("active")


@dataclass(frozen=True)
class _Made:
    """A tenant whose schema stands, and what its request still asks for."""

    tenant: Tenant
    request: dict[str, Any]


_DIRECTORY_ROW = "id, slug, name, state, dsn_name, login, schema_version, locale, currency, country, timezone"


def _make_schema(tenant_id: str) -> _Made | None:
    """Role, schema, tables, keys and the directory's word for it, in one transaction; None when all is done."""
    with migrator() as connection, connection.transaction():
        _become_owner(connection)
        with connection.cursor(row_factory=dict_row) as cursor:
            query = f"SELECT {_DIRECTORY_ROW}, request FROM platform.tenants WHERE id = %s FOR UPDATE"
            row = cursor.execute(query, [tenant_id]).fetchone()
        if row is None:
            raise NotFound
        sealed = row.pop("request")
        if row["state"] == "active":
            return None
        if row["state"] not in ("requested", "provisioning") or sealed is None:
            raise TenantNotReady(state=row["state"])
        if row["state"] == "requested":
            row["login"] = _login_with_room(connection, row["dsn_name"])
            row["schema_version"] = revisions.head("tenants")
            _make_here(connection, tenant_id, row["dsn_name"], row["login"])
        request = vault.from_json(vault.unseal_platform("tenants", "request", tenant_id, bytes(sealed)))
        return _Made(Tenant(**row), dict(request))


def _make_here(connection: psycopg.Connection[Any], tenant_id: str, dsn_name: str, login: int) -> None:
    if dsn_name == "main":
        _create_schema(connection, tenant_id, login)
    else:
        _create_schema_elsewhere(dsn_name, tenant_id, login)
    _become_owner(connection)
    connection.cursor().executemany(
        "INSERT INTO platform.wrapped_keys (tenant_id, purpose, key_version, wrapped) "
        "VALUES (%(tenant_id)s, %(purpose)s, %(key_version)s, %(wrapped)s) ON CONFLICT DO NOTHING",
        keys.new_tenant_keys(keys.master_key(), tenant_id),
    )
    connection.execute(
        "UPDATE platform.tenants SET state = 'provisioning', login = %s, schema_version = %s WHERE id = %s",
        [login, revisions.head("tenants"), tenant_id],
    )
    touch_directory(connection, tenant_id)


def _become_owner(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SET LOCAL ROLE forecourt_owner")
    connection.execute("SET LOCAL search_path = platform, shared, ext, pg_temp")


def _create_schema(connection: psycopg.Connection[Any], tenant_id: str, login: int) -> None:
    """The whole DDL of a tenant in two messages: the role as the migrator, who may create one, the rest as owner."""
    schema = f"t_{tenant_id}"
    if login > 1:
        connection.execute("RESET ROLE")
        for base in (APP, RELAY):
            further_login(connection, base, login)
    role = tenant_role_script(schema, login)
    tables = tenant_schema_script(schema, revisions.head("tenants"))
    connection.execute(f"RESET ROLE;\n{role}SET LOCAL ROLE forecourt_owner;\n{tables}".encode())


def _create_schema_elsewhere(dsn_name: str, tenant_id: str, login: int) -> None:
    """The same on another server, in a transaction of its own: repeated after a kill, it finds its work done."""
    with migrator(dsn_name) as connection, connection.transaction():
        known = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [f"t_{tenant_id}"]).fetchone()
        if known is None:
            _create_schema(connection, tenant_id, login)


def _login_with_room(connection: psycopg.Connection[Any], dsn_name: str) -> int:
    """The lowest login bucket that serves fewer tenants of the server than it can."""
    capacity = LOGIN_CAPACITY if connection.info.server_version >= 160000 else LOGIN_CAPACITY_OLD
    counts = dict(
        connection.execute(
            "SELECT login, count(*) FROM platform.tenants "
            "WHERE state NOT IN ('requested', 'deleted') AND dsn_name = %s GROUP BY login",
            [dsn_name],
        ).fetchall()
    )
    bucket = 1
    while counts.get(bucket, 0) >= capacity:
        bucket += 1
    return bucket


def _activate(tenant_id: str, slug: str) -> None:
    """Open the door: the host answers from now on, and what the request said of a person is gone."""
    with owner() as connection:
        connection.execute(
            "INSERT INTO hosts (host, tenant_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [f"{slug}.{base_host()}", tenant_id],
        )
        connection.execute(
            "UPDATE tenants SET state = 'active', request = NULL, failure = NULL "
            "WHERE id = %s AND state = 'provisioning'",
            [tenant_id],
        )
        touch_directory(connection, tenant_id)


def touch_directory(connection: psycopg.Connection[Any], tenant_id: str) -> None:
    """Let every process see the tenant's row anew; the counter's lock puts concurrent changes in commit order."""
    connection.execute(
        "WITH moved AS (UPDATE platform.directory_state SET version = version + 1 RETURNING version) "
        "UPDATE platform.tenants SET directory_version = moved.version FROM moved WHERE id = %s",
        [tenant_id],
    )
