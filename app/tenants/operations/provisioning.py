"""A tenant from request to first sign-in: role, schema, tables, first rows and host in one transaction.

The directory row is the state machine (requested → active). A tenant of another server is in between (provisioning):
its keys are committed here first, then all of it there, then its host here. A kill at any point leaves something that
running it again finishes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from sqlalchemy.dialects.postgresql import insert

from app.core.db import Tenant, db, directory, revisions
from app.core.db.bootstrap import APP, LOGIN_CAPACITY, LOGIN_CAPACITY_OLD, RELAY
from app.core.db.bulk import insert_rows
from app.core.db.ddl import tenant_role_script, tenant_schema_script
from app.core.db.owner import base_host, further_login, migrator
from app.core.db.platform import tenants
from app.core.db.tenancy import entering
from app.core.errors import NotFound
from app.core.guard import keys, vault
from app.core.guard.permissions import system_actor
from app.core.jobs.outbox import enqueue_platform
from app.tenants.errors import SlugTaken, TenantNotReady
from app.tenants.operations.seeding import first_rows
from app.tenants.rules import slugs

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_BEGUN = ("requested", "provisioning")

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
    # The administrator's invitation where somebody who has shown that the e-mail is his waits for it: no mail then.
    link_id: str | None = None
    link_until: str | None = None


def new_tenant_id() -> str:
    """A random id: schema names are visible to every tenant, so they tell nothing."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


def request_tenant(request: TenantRequest) -> str:
    """Write down that a dealership is wanted and leave the rest to the `ops` worker; returns the tenant's id.

    Called in `platform()` within `transaction()`. Raises Invalid for a slug or a code nobody could use, SlugTaken.
    """
    row = _row_of(request)
    free = insert(tenants).values(row).on_conflict_do_nothing(index_elements=["slug"]).returning(tenants.c.id)
    tenant_id = db.session.scalar(free)
    if tenant_id is None:
        raise SlugTaken(field="slug", slug=request.slug)
    enqueue_platform("tenants.provision", queue="ops", payload={"tenant_id": tenant_id})
    return str(tenant_id)


def create_tenant(request: TenantRequest, progress: Progress = lambda step: None) -> str:
    """Request and provision in one transaction, for the command line; stopped on its way, it has done nothing.

    A request for the same slug that waits for the worker, or was left half-way, is finished instead.
    """
    row = _row_of(request)
    with migrator(makes_tenant=True) as connection:
        with connection.transaction():
            with connection.pipeline():
                _become_owner(connection)
                connection.execute(_ASK, row)
                plan = _take(connection, _BY_SLUG, request.slug)
            if plan is None or not plan.request:
                raise SlugTaken(field="slug", slug=request.slug)
            progress("requested")
            _begin(connection, plan, progress)
        _finish(connection, plan, progress)
    return plan.tenant.id


def provision(tenant_id: str, progress: Progress = lambda step: None) -> None:
    """Take a requested tenant to active; a repeat of what is done does nothing. Raises NotFound, NoOwner.

    The command line and the `ops` worker may come for the same tenant: the second waits and finds the work done.
    """
    with migrator(makes_tenant=True) as connection:
        with connection.transaction():
            with connection.pipeline():
                _become_owner(connection)
                plan = _take(connection, _BY_ID, tenant_id)
            if plan is None:
                raise NotFound
            if plan.tenant.state == "active":
                return
            if not plan.request:
                raise TenantNotReady(state=plan.tenant.state)
            _begin(connection, plan, progress)
        _finish(connection, plan, progress)


def _row_of(request: TenantRequest) -> dict[str, Any]:
    """The directory's row of a new tenant: what is wanted, checked, and what tells of a person sealed."""
    slugs.check_request(request)
    tenant_id = new_tenant_id()
    sealed = vault.seal_platform("tenants", "request", tenant_id, vault.to_json(asdict(request)))
    values = {name: getattr(request, name) for name in ("slug", "name", "country", "locale", "currency", "timezone")}
    return {"id": tenant_id, "request": sealed, **values}


# Does nothing where the slug is taken: whoever has it is found by it, and may be waiting to be made.
_ASK = (
    "INSERT INTO platform.tenants (id, slug, name, country, locale, currency, timezone, request) VALUES "
    "(%(id)s, %(slug)s, %(name)s, %(country)s, %(locale)s, %(currency)s, %(timezone)s, %(request)s) "
    "ON CONFLICT (slug) DO NOTHING"
)


@dataclass(frozen=True)
class _Plan:
    """A tenant as found; one to be made with its login and revision, its keys as stored, and what its request says."""

    tenant: Tenant
    keys: list[dict[str, Any]]
    request: dict[str, Any]


_ROW = (
    "SELECT id, slug, name, state, dsn_name, login, schema_version, locale, currency, country, timezone, request "
    "FROM platform.tenants"
)
_BY_ID = f"{_ROW} WHERE id = %s FOR UPDATE"
_BY_SLUG = f"{_ROW} WHERE slug = %s FOR UPDATE"


def _take(connection: psycopg.Connection[Any], query: LiteralString, value: str) -> _Plan | None:
    """Lock the tenant's row and settle what making it needs, login and keys among it; None where there is none."""
    cursor = connection.cursor(row_factory=dict_row)
    cursor.execute(query, [value])
    used = connection.execute(
        "SELECT dsn_name, login, count(*) FROM platform.tenants WHERE state NOT IN ('requested', 'deleted') "
        "GROUP BY dsn_name, login"
    )
    row = cursor.fetchone()
    if row is None:
        return None
    sealed = row.pop("request")
    if row["state"] not in _BEGUN or sealed is None:
        return _Plan(Tenant(**row), [], {})
    request = vault.from_json(vault.unseal_platform("tenants", "request", row["id"], bytes(sealed)))
    if row["state"] == "provisioning":
        query = "SELECT tenant_id, purpose, key_version, wrapped FROM platform.wrapped_keys WHERE tenant_id = %s"
        return _Plan(Tenant(**row), cursor.execute(query, [row["id"]]).fetchall(), request)
    counts = {login: count for dsn_name, login, count in used.fetchall() if dsn_name == row["dsn_name"]}
    row["login"] = login_with_room(connection, counts)
    row["schema_version"] = revisions.head("tenants")
    return _Plan(Tenant(**row), keys.new_tenant_keys(keys.master_key(), row["id"]), request)


def _begin(connection: psycopg.Connection[Any], plan: _Plan, progress: Progress) -> None:
    """All of a tenant of this server; of another server's, what must be known here before it is made there."""
    made = plan.tenant
    if made.dsn_name == "main":
        _create_schema(connection, made, progress)
        with connection.pipeline():
            _keep_keys(connection, plan)
            _fill(connection, plan)
            _activate(connection, made)
        progress("seeded")
    elif made.state == "requested":
        _keep_keys(connection, plan)
        connection.execute(
            "UPDATE platform.tenants SET state = 'provisioning', login = %s, schema_version = %s WHERE id = %s",
            [made.login, made.schema_version, made.id],
        )


def _finish(connection: psycopg.Connection[Any], plan: _Plan, progress: Progress) -> None:
    if plan.tenant.dsn_name != "main":
        _make_elsewhere(plan, progress)
        with connection.transaction(), connection.pipeline():
            _become_owner(connection)
            _activate(connection, plan.tenant)
    directory.outdate()
    progress("active")


def _keep_keys(connection: psycopg.Connection[Any], plan: _Plan) -> None:
    for key in plan.keys:
        connection.execute(
            "INSERT INTO platform.wrapped_keys (tenant_id, purpose, key_version, wrapped) "
            "VALUES (%(tenant_id)s, %(purpose)s, %(key_version)s, %(wrapped)s)",
            key,
        )


def _fill(connection: psycopg.Connection[Any], plan: _Plan) -> None:
    """The first rows of a tenant whose schema has just been made, in the caller's transaction."""
    made, asked = plan.tenant, plan.request
    with entering(made), keys.keys_at_hand(made.id, plan.keys):
        rows = first_rows(
            system_actor("provisioning"),
            store_name=asked["store_name"],
            timezone=asked["timezone"],
            admin_name=asked["admin_name"],
            admin_email=asked["admin_email"],
            link=_known_link(asked),
        )
        insert_rows(connection, rows)
    # The mail of the invitation waits in the tenant's outbox; the relay looks there by this hint.
    connection.execute("INSERT INTO platform.outbox_hint (tenant_id, due_at) VALUES (%s, now())", [made.schema])


def _known_link(asked: Mapping[str, Any]) -> tuple[UUID, datetime] | None:
    if not asked.get("link_id"):
        return None
    return UUID(asked["link_id"]), datetime.fromisoformat(asked["link_until"])


def _make_elsewhere(plan: _Plan, progress: Progress) -> None:
    """Schema and first rows on another server, in one transaction there: repeated, it finds its work done.

    The keys are committed by now, so what is sealed there can be opened whatever happens here. Whoever comes second
    waits for the first and finds the schema.
    """
    made = plan.tenant
    with migrator(made.dsn_name, makes_tenant=True) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('forecourt.provision'), hashtext(%s))", [made.id])
        if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [made.schema]).fetchone() is None:
            _create_schema(connection, made, progress)
            with connection.pipeline():
                _fill(connection, plan)
            progress("seeded")


def _become_owner(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SET LOCAL ROLE forecourt_owner")
    connection.execute("SET LOCAL search_path = platform, shared, ext, pg_temp")


def _create_schema(connection: psycopg.Connection[Any], made: Tenant, progress: Progress) -> None:
    """The whole DDL of a tenant in one message: the role as the migrator, who may create one, the rest as owner."""
    if made.login > 1:
        connection.execute("RESET ROLE")
        for base in (APP, RELAY):
            further_login(connection, base, made.login)
    role = tenant_role_script(made.schema, made.login)
    tables = tenant_schema_script(made.schema, revisions.head("tenants"))
    connection.execute(f"RESET ROLE;\n{role}SET LOCAL ROLE forecourt_owner;\n{tables}".encode())
    progress("schema")


def login_with_room(connection: psycopg.Connection[Any], used: Mapping[int, int]) -> int:
    """The lowest login bucket that serves fewer tenants of the server than it can."""
    capacity = LOGIN_CAPACITY if connection.info.server_version >= 160000 else LOGIN_CAPACITY_OLD
    bucket = 1
    while used.get(bucket, 0) >= capacity:
        bucket += 1
    return bucket


def _activate(connection: psycopg.Connection[Any], made: Tenant) -> None:
    """Open the door: the host answers from now on, and what the request said of a person is gone."""
    connection.execute(
        "INSERT INTO platform.hosts (host, tenant_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        [f"{made.slug}.{base_host()}", made.id],
    )
    connection.execute(
        "UPDATE platform.tenants SET state = 'active', login = %s, schema_version = %s, request = NULL, failure = NULL "
        "WHERE id = %s AND state IN ('requested', 'provisioning')",
        [made.login, made.schema_version, made.id],
    )
    touch_directory(connection, made.id)


def touch_directory(connection: psycopg.Connection[Any], tenant_id: str) -> None:
    """Let every process see the tenant's row anew; the counter's lock puts concurrent changes in commit order."""
    connection.execute(
        "WITH moved AS (UPDATE platform.directory_state SET version = version + 1 RETURNING version) "
        "UPDATE platform.tenants SET directory_version = moved.version FROM moved WHERE id = %s",
        [tenant_id],
    )
