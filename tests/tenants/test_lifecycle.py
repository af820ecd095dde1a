"""Suspending keeps the data and closes the door; deleting leaves nothing (case I22)."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import redis
from flask import Flask

from app.core.db import Tenant, directory, tenant, transaction
from app.core.db.owner import owner
from app.core.errors import NotFound
from app.core.guard import chain, files
from app.tenants.errors import NameDoesNotMatch, TenantNotReady
from app.tenants.operations import lifecycle
from tests.fixtures.dealerships import make_dealership


@pytest.fixture(autouse=True)
def context(app: Flask):  # type: ignore[no-untyped-def]
    with app.app_context():
        yield


@pytest.fixture
def doomed(app: Flask) -> Tenant:
    return make_dealership(app, "doomed")


def test_suspended_then_resumed(doomed: Tenant) -> None:
    lifecycle.suspend_tenant(doomed.id)
    lifecycle.suspend_tenant(doomed.id)
    suspended = directory.get(doomed.id)
    assert suspended is not None
    assert suspended.state == "suspended"
    lifecycle.resume_tenant(doomed.id)
    resumed = directory.get(doomed.id)
    assert resumed is not None
    assert resumed.state == "active"


def test_deleting_asks_for_the_name_and_waits(doomed: Tenant) -> None:
    with pytest.raises(NameDoesNotMatch):
        lifecycle.delete_tenant(doomed.id, "Something Else")
    due = lifecycle.delete_tenant(doomed.id, doomed.name)
    assert due is not None
    assert lifecycle.erase_due_tenants() == []
    lifecycle.resume_tenant(doomed.id)
    with owner() as connection:
        state = connection.execute("SELECT state, delete_after FROM tenants WHERE id = %s", [doomed.id]).fetchone()
    assert state == ("active", None)


def test_only_a_tenant_being_deleted_is_erased(doomed: Tenant) -> None:
    with pytest.raises(TenantNotReady):
        lifecycle.erase_tenant(doomed.id)


def leftovers(doomed: Tenant, environ: dict[str, str]) -> dict[str, int]:
    """How much of the dealership is left, place by place."""
    with owner() as connection:
        counts = {
            name: connection.execute(query, [value]).fetchone()[0]  # type: ignore[index]
            for name, query, value in (
                ("schema", "SELECT count(*) FROM pg_namespace WHERE nspname = %s", doomed.schema),
                ("role", "SELECT count(*) FROM pg_roles WHERE rolname = %s", doomed.schema),
                ("hosts", "SELECT count(*) FROM hosts WHERE tenant_id = %s", doomed.id),
                ("keys", "SELECT count(*) FROM wrapped_keys WHERE tenant_id = %s", doomed.id),
                ("heads", "SELECT count(*) FROM audit_heads WHERE tenant_id = %s", doomed.schema),
                ("usage", "SELECT count(*) FROM tenant_usage WHERE tenant_id = %s", doomed.id),
                ("hints", "SELECT count(*) FROM outbox_hint WHERE tenant_id = %s", doomed.schema),
                ("name", "SELECT count(*) FROM tenants WHERE id = %s AND (name <> '' OR slug NOT LIKE 'deleted-%%')",
                 doomed.id),
            )
        }  # fmt: skip
    counts["files"] = sum(1 for path in Path(environ["FILES_DIR"]).rglob("*") if doomed.id in str(path))
    with redis.Redis.from_url(environ["REDIS_URL"]) as client:
        # Under whatever name, and in what whatever name holds.
        counts["redis"] = sum(
            doomed.id.encode() in key or doomed.id.encode() in (client.dump(key) or b"") for key in client.scan_iter()
        )
    return counts


# What may name a dealership that is gone, by its id alone: see lifecycle.erase_tenant.
NAMED_ON = {"tenants", "destroyed_keys", "operator_audit"}


def named_in(doomed: Tenant) -> set[str]:
    """The platform's tables in which any column of any row names the dealership."""
    found = set()
    with owner() as connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema IN ('platform', 'shared') "
            "AND table_type = 'BASE TABLE'"
        ).fetchall()
        for (name,) in names:
            query = f"SELECT 1 FROM {name} AS t WHERE t::text LIKE %s OR t::text LIKE %s LIMIT 1"
            marks = [f"%{doomed.id}%", f"%{doomed.slug}%"]
            if connection.execute(query.encode(), marks).fetchone():
                found.add(name)
    return found


def test_after_deletion_nothing_is_left(doomed: Tenant, environ: dict[str, str]) -> None:
    with tenant(doomed.id), transaction():
        files.save_file(io.BytesIO(b"a car"), "car.txt", "test")
    with redis.Redis.from_url(environ["REDIS_URL"]) as client:
        client.set(f"t:{doomed.id}:something", "1")
    with tenant(doomed.id), transaction():
        chain.seal_new()
    with owner() as connection:
        connection.execute(
            "INSERT INTO tenant_usage (tenant_id, counted_on, rows, table_bytes, file_bytes, users) "
            "VALUES (%s, current_date, 1, 1, 1, 1)",
            [doomed.id],
        )
    before = leftovers(doomed, environ)
    assert all(before.values()), before
    assert {"tenants", "hosts", "wrapped_keys", "audit_heads", "tenant_usage"} <= named_in(doomed)
    assert lifecycle.delete_tenant(doomed.id, doomed.name, now=True) is None
    after = leftovers(doomed, environ)
    assert not any(after.values()), after
    assert named_in(doomed) <= NAMED_ON
    with owner() as connection:
        row = connection.execute("SELECT row_to_json(t)::text FROM tenants t WHERE id = %s", [doomed.id]).fetchone()
    assert row is not None
    assert doomed.name not in row[0]
    assert doomed.slug not in row[0]
    assert directory.get(doomed.id) is None
    assert directory.find_host(doomed.hosts[0]) is None
    with pytest.raises(NotFound):
        lifecycle.find_by_slug(doomed.slug)


def test_killed_half_way_the_deletion_is_finished_by_a_retry(
    doomed: Tenant, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant(doomed.id), transaction():
        files.save_file(io.BytesIO(b"a car"), "car.txt", "test")

    def killed(tenant_id: str) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(files, "erase_tenant_files", killed)
    with pytest.raises(RuntimeError):
        lifecycle.delete_tenant(doomed.id, doomed.name, now=True)
    monkeypatch.undo()
    lifecycle.erase_tenant(doomed.id)
    after = leftovers(doomed, environ)
    assert not any(after.values()), after
