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
from app.core.guard import files
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
                ("hints", "SELECT count(*) FROM outbox_hint WHERE tenant_id = %s", doomed.schema),
                ("name", "SELECT count(*) FROM tenants WHERE id = %s AND (name <> '' OR slug NOT LIKE 'deleted-%%')",
                 doomed.id),
            )
        }  # fmt: skip
    counts["files"] = sum(1 for path in Path(environ["FILES_DIR"]).rglob("*") if doomed.id in str(path))
    with redis.Redis.from_url(environ["REDIS_URL"]) as client:
        counts["redis"] = sum(1 for _ in client.scan_iter(match=f"t:{doomed.id}:*"))
    return counts


def test_after_deletion_nothing_is_left(doomed: Tenant, environ: dict[str, str]) -> None:
    with tenant(doomed.id), transaction():
        files.save_file(io.BytesIO(b"a car"), "car.txt", "test")
    with redis.Redis.from_url(environ["REDIS_URL"]) as client:
        client.set(f"t:{doomed.id}:something", "1")
    before = leftovers(doomed, environ)
    assert all(before.values()), before
    assert lifecycle.delete_tenant(doomed.id, doomed.name, now=True) is None
    after = leftovers(doomed, environ)
    assert not any(after.values()), after
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
