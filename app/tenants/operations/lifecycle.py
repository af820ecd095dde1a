"""Suspending, resuming and deleting a dealership; a deletion leaves no schema, role, file, key or session."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
import redis
from psycopg import sql
from psycopg.rows import dict_row

from app.core.db import directory
from app.core.db.bootstrap import OWNER
from app.core.db.owner import base_host, migrator, owner
from app.core.db.scopes import SCHEMA_SHAPE
from app.core.db.tenancy import current_settings
from app.core.errors import NotFound
from app.core.guard import files
from app.core.guard.keys import forget_keys
from app.tenants.errors import HostTaken, LastHost, NameDoesNotMatch, TenantNotReady
from app.tenants.operations.provisioning import touch_directory
from app.tenants.rules.slugs import check_host

WAITING_DAYS = 30
_UNMADE = ("requested", "provisioning")
# What the operators' console was told or has counted.
_COPIES = (
    "DELETE FROM operator_consents WHERE tenant_id = %s",
    "DELETE FROM tenant_usage WHERE tenant_id = %s",
    "DELETE FROM tenant_queues WHERE tenant_id = %s",
    "DELETE FROM dead_letters WHERE tenant_id = %s",
)


def find_by_slug(slug: str) -> dict[str, Any]:
    """The directory's row of `slug` (or of a tenant id); raises NotFound."""
    with owner() as connection, connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            "SELECT id, slug, name, state, dsn_name, login, schema_version, locale, currency, country, timezone, "
            "failure, delete_after, created_at FROM tenants WHERE slug = %s OR id = %s",
            [slug, slug],
        ).fetchone()
    if row is None or row["state"] == "deleted":
        raise NotFound
    return row


def list_tenants() -> list[dict[str, Any]]:
    """Every tenant that is not deleted, by slug."""
    with owner() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT id, slug, name, state, schema_version, country, locale, created_at, delete_after FROM tenants "
            "WHERE state <> 'deleted' ORDER BY slug"
        ).fetchall()


def suspend_tenant(tenant_id: str) -> None:
    """Sign-in says so and jobs stop from the next second on; the data stays. Suspending twice changes nothing."""
    _move(tenant_id, ("active",), "suspended")


def resume_tenant(tenant_id: str) -> None:
    """Open a suspended tenant, or one whose deletion is still waiting, again; what it was owed goes on at once."""
    _move(tenant_id, ("suspended", "deleting"), "active")
    wake_tenant(tenant_id)


def _move(tenant_id: str, allowed: tuple[str, ...], state: str) -> None:
    with owner() as connection:
        current = _state(connection, tenant_id)
        if current == state:
            return
        if current not in allowed:
            raise TenantNotReady(state=current)
        connection.execute(
            "UPDATE tenants SET state = %s, delete_after = NULL WHERE id = %s",
            [state, tenant_id],
        )
        touch_directory(connection, tenant_id)
    directory.refresh()


def wake_tenant(tenant_id: str) -> None:
    """Make the outbox rows that have waited due now, and have the relay look; a kill before it costs one sweep."""
    with owner() as connection:
        row = connection.execute("SELECT dsn_name FROM tenants WHERE id = %s", [tenant_id]).fetchone()
    schema = f"t_{tenant_id}"
    if row is None or not SCHEMA_SHAPE.match(schema):
        raise NotFound
    with owner(row[0]) as connection:
        # A message that came meanwhile was turned down, and its row put off as if somebody were at it.
        waiting = "done_at IS NULL AND dead_at IS NULL AND available_at <= now() AND next_dispatch_at > now()"
        free = "(lease_until IS NULL OR lease_until <= now())"
        update = sql.SQL("UPDATE {}.core_outbox SET next_dispatch_at = now(), dispatches = 0 WHERE ")
        connection.execute(update.format(sql.Identifier(schema)) + sql.SQL(f"{waiting} AND {free}"))
        connection.execute("INSERT INTO platform.outbox_hint (tenant_id, due_at) VALUES (%s, now())", [schema])


def _state(connection: psycopg.Connection[Any], tenant_id: str) -> str:
    row = connection.execute("SELECT state FROM platform.tenants WHERE id = %s FOR UPDATE", [tenant_id]).fetchone()
    if row is None or row[0] == "deleted":
        raise NotFound
    return str(row[0])


def delete_tenant(tenant_id: str, name: str, *, now: bool = False) -> datetime | None:
    """Begin the deletion of a tenant whose `name` is given as proof; `now` carries it out at once.

    Otherwise the tenant is closed and erased after WAITING_DAYS, the moment returned; one that was never made has
    nothing to wait for. Raises NameDoesNotMatch.
    """
    with owner() as connection:
        row = connection.execute("SELECT name, state FROM tenants WHERE id = %s FOR UPDATE", [tenant_id]).fetchone()
        if row is None or row[1] == "deleted":
            raise NotFound
        if name not in (row[0],):
            raise NameDoesNotMatch(field="name")
        due = connection.execute(
            "UPDATE tenants SET state = 'deleting', "
            "delete_after = coalesce(delete_after, now() + make_interval(days => %s)) WHERE id = %s "
            "RETURNING delete_after, delete_after <= now()",
            [0 if row[1] in _UNMADE else WAITING_DAYS, tenant_id],
        ).fetchone()
        touch_directory(connection, tenant_id)
    directory.refresh()
    if now or (due and due[1]):
        erase_tenant(tenant_id)
        return None
    return due[0] if due else None


def erase_due_tenants() -> list[str]:
    """Erase every tenant whose waiting period is over; returns their ids."""
    with owner() as connection:
        rows = connection.execute(
            "SELECT id FROM tenants WHERE state = 'deleting' AND delete_after <= now() ORDER BY id"
        ).fetchall()
    for (tenant_id,) in rows:
        erase_tenant(tenant_id)
    return [row[0] for row in rows]


def erase_tenant(tenant_id: str) -> None:
    """Remove a tenant that is being deleted, for good. Killed at any point, it is finished by running it again."""
    with owner() as connection:
        row = connection.execute("SELECT state, dsn_name FROM tenants WHERE id = %s", [tenant_id]).fetchone()
    if row is None or row[0] == "deleted":
        raise NotFound
    if row[0] != "deleting":
        raise TenantNotReady(state=row[0])
    drop_schema(tenant_id, row[1])
    files.erase_tenant_files(tenant_id)
    _forget_redis_keys(tenant_id)
    forget_keys(tenant_id)
    with owner() as connection:
        connection.execute("DELETE FROM outbox_hint WHERE tenant_id = %s", [f"t_{tenant_id}"])
        connection.execute("DELETE FROM audit_heads WHERE tenant_id = %s", [f"t_{tenant_id}"])
        connection.execute("DELETE FROM wrapped_keys WHERE tenant_id = %s", [tenant_id])
        # Older copies of the keys may lie elsewhere: a restore reads this list.
        connection.execute("INSERT INTO destroyed_keys (owner) VALUES (%s) ON CONFLICT DO NOTHING", [f"t_{tenant_id}"])
        connection.execute("DELETE FROM hosts WHERE tenant_id = %s", [tenant_id])
        for copied in _COPIES:
            connection.execute(copied, [tenant_id])
        # The bare row stays: other processes learn of the end by it, and an id is never given out twice.
        connection.execute(
            "UPDATE tenants SET state = 'deleted', slug = 'deleted-' || id, name = '', request = NULL, "
            "failure = NULL, delete_after = NULL WHERE id = %s",
            [tenant_id],
        )
        touch_directory(connection, tenant_id)
    directory.refresh()


def drop_schema(tenant_id: str, dsn_name: str) -> None:
    """Remove schema and role of a tenant, as far as they are there."""
    schema = f"t_{tenant_id}"
    if not SCHEMA_SHAPE.match(schema):
        raise ValueError(f"not a tenant schema: {schema!r}")
    with migrator(dsn_name) as connection, connection.transaction():
        connection.execute(f"SET LOCAL ROLE {OWNER}")
        connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        connection.execute("RESET ROLE")
        connection.execute(f"DROP ROLE IF EXISTS {schema}")


def _forget_redis_keys(tenant_id: str) -> None:
    """Everything the tenant has in Redis; a broker message left over finds no tenant and does nothing."""
    with redis.Redis.from_url(current_settings().redis_url, socket_timeout=5) as client:
        for key in client.scan_iter(match=f"t:{tenant_id}:*", count=1000):
            client.delete(key)


def add_host(tenant_id: str, host: str) -> None:
    """Have the tenant answer at `host` too, such as its own domain. Raises Invalid, HostTaken, TenantNotReady."""
    wanted = check_host(host)
    if wanted == f"operator.{base_host()}":
        raise HostTaken(field="host", host=wanted)
    with owner() as connection:
        state = _state(connection, tenant_id)
        if state not in ("active", "suspended"):
            raise TenantNotReady(state=state)
        row = connection.execute(
            "INSERT INTO hosts (host, tenant_id) VALUES (%s, %s) ON CONFLICT (host) DO UPDATE SET host = hosts.host "
            "RETURNING tenant_id",
            [wanted, tenant_id],
        ).fetchone()
        if row is None or row[0] != tenant_id:
            raise HostTaken(field="host", host=wanted)
        touch_directory(connection, tenant_id)
    directory.refresh()


def remove_host(tenant_id: str, host: str) -> None:
    """Have the tenant answer at `host` no more; its last one stays. Raises NotFound, LastHost."""
    with owner() as connection:
        _state(connection, tenant_id)
        known = connection.execute("SELECT host FROM hosts WHERE tenant_id = %s FOR UPDATE", [tenant_id]).fetchall()
        if (host.lower(),) not in known:
            raise NotFound
        if len(known) == 1:
            raise LastHost
        connection.execute("DELETE FROM hosts WHERE host = %s AND tenant_id = %s", [host.lower(), tenant_id])
        touch_directory(connection, tenant_id)
    directory.refresh()
