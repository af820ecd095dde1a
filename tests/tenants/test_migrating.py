"""Migrating a fleet: each dealership wholly old or wholly new, and a bad one stops nobody (fault F13)."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.db import Tenant, directory, revisions
from app.core.db.owner import migrator, owner
from app.tenants.operations import migrating
from app.tenants.operations.provisioning import touch_directory
from tests.fixtures.dealerships import make_dealership

TARGET = "next"


@pytest.fixture(scope="module")
def fleet(app: Flask) -> list[Tenant]:
    return [make_dealership(app, "fleet") for _ in range(4)]


@pytest.fixture(autouse=True)
def next_release(app: Flask, fleet: list[Tenant], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A release that adds a column; afterwards every dealership is as it was."""
    head = revisions.head("tenants")
    script = (
        f"ALTER TABLE core_counters ADD COLUMN note text;\n"
        f"UPDATE alembic_version SET version_num = '{TARGET}' WHERE version_num = '{head}';"
    )
    monkeypatch.setattr(revisions, "render_upgrade", lambda line, start, end="head": script)
    monkeypatch.setattr(migrating, "LOCK_TRIES", 2)
    others = [item.tenant_id for item in _others(app, fleet)]
    with app.app_context():
        real = migrating.read_versions
        monkeypatch.setattr(
            migrating, "read_versions", lambda: [item for item in real() if item.tenant_id not in others]
        )
        yield
        for one in fleet:
            with owner() as connection:
                connection.execute(f"ALTER TABLE {one.schema}.core_counters DROP COLUMN IF EXISTS note")
                connection.execute(f"UPDATE {one.schema}.alembic_version SET version_num = %s", [head])
                connection.execute("UPDATE tenants SET schema_version = %s WHERE id = %s", [head, one.id])
                touch_directory(connection, one.id)
        directory.refresh()


def _others(app: Flask, fleet: list[Tenant]) -> list[migrating.TenantVersion]:
    """The dealerships of other test modules on this database: not ours to move."""
    with app.app_context():
        return [item for item in migrating.read_versions() if item.tenant_id not in {one.id for one in fleet}]


def shapes(fleet: list[Tenant]) -> list[tuple[str, bool]]:
    """For each dealership the revision its schema says and whether it has the column."""
    found = []
    for one in fleet:
        with owner() as connection:
            version = connection.execute(f"SELECT version_num FROM {one.schema}.alembic_version").fetchone()
            column = connection.execute(
                "SELECT count(*) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'note' "
                "AND NOT attisdropped",
                [f"{one.schema}.core_counters"],
            ).fetchone()
        assert version is not None
        assert column is not None
        found.append((version[0], bool(column[0])))
    return found


def test_every_dealership_is_moved_once_and_then_left_alone(fleet: list[Tenant]) -> None:
    report = migrating.migrate_tenants(target=TARGET)
    assert report.ok
    assert sorted(report.migrated) == sorted(one.id for one in fleet)
    assert shapes(fleet) == [(TARGET, True)] * 4
    again = migrating.migrate_tenants(target=TARGET)
    assert again.ok
    assert again.migrated == []
    assert sorted(again.current) == sorted(one.id for one in fleet)


def test_a_failing_dealership_stays_whole_and_the_others_go_on(fleet: list[Tenant]) -> None:
    bad = sorted(fleet, key=lambda one: one.id)[1]
    with owner() as connection:
        connection.execute(f"ALTER TABLE {bad.schema}.core_counters ADD COLUMN note text")
    report = migrating.migrate_tenants(target=TARGET, workers=2)
    assert not report.ok
    assert list(report.failed) == [bad.id]
    assert "note" in report.failed[bad.id]
    assert sorted(report.migrated) == sorted(one.id for one in fleet if one is not bad)
    with owner() as connection:
        connection.execute(f"ALTER TABLE {bad.schema}.core_counters DROP COLUMN note")
    assert migrating.migrate_tenants(target=TARGET).migrated == [bad.id]
    assert shapes(fleet) == [(TARGET, True)] * 4


def test_a_failing_canary_stops_everything(fleet: list[Tenant]) -> None:
    canary = fleet[2]
    with owner() as connection:
        connection.execute(f"ALTER TABLE {canary.schema}.core_counters ADD COLUMN note text")
    report = migrating.migrate_tenants(target=TARGET, canary=canary.slug)
    assert report.stopped_at_canary
    assert not report.ok
    assert report.migrated == []
    old = revisions.head("tenants")
    assert [version for version, _ in shapes(fleet)] == [old] * 4


def test_a_long_reader_is_not_waited_for(fleet: list[Tenant]) -> None:
    """A DDL statement behind a reader would make everybody wait: it gives up and is reported."""
    held = sorted(fleet, key=lambda one: one.id)[3]
    with migrator() as reader, reader.transaction():
        reader.execute("SET LOCAL ROLE forecourt_owner")
        reader.execute(f"LOCK TABLE {held.schema}.core_counters IN ACCESS SHARE MODE")
        report = migrating.migrate_tenants(target=TARGET)
    assert list(report.failed) == [held.id]
    assert "lock timeout" in report.failed[held.id]


def test_killed_in_the_middle_it_is_resumed(fleet: list[Tenant], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def stop(tenant_id: str) -> None:
        seen.append(tenant_id)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrating.migrate_tenants(target=TARGET, workers=1, progress=stop)
    states = shapes(fleet)
    assert sorted(states).count((TARGET, True)) == 2
    assert all(state in ((TARGET, True), (revisions.head("tenants"), False)) for state in states)
    assert len(migrating.migrate_tenants(target=TARGET).migrated) == 2
    assert shapes(fleet) == [(TARGET, True)] * 4


def test_a_kill_before_the_directory_hears_of_it_is_mended(fleet: list[Tenant]) -> None:
    migrating.migrate_tenants(target=TARGET)
    lost = [one.id for one in fleet[:2]]
    with owner() as connection:
        connection.execute("UPDATE tenants SET schema_version = 'older' WHERE id = ANY(%s)", [lost])
    assert migrating.migrate_tenants(target=TARGET).migrated == []
    with owner() as connection:
        query = "SELECT DISTINCT schema_version FROM tenants WHERE id = ANY(%s)"
        assert connection.execute(query, [[one.id for one in fleet]]).fetchall() == [(TARGET,)]


def test_a_dealership_held_by_another_runner_is_left_to_it(fleet: list[Tenant]) -> None:
    held = sorted(fleet, key=lambda one: one.id)[1]
    with migrator() as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(hashtext('forecourt.migrate'), hashtext(%s))", [held.schema])
        report = migrating.migrate_tenants(target=TARGET)
    assert report.busy == [held.id]
    assert not report.ok


def test_runners_side_by_side_move_each_once(app: Flask, fleet: list[Tenant]) -> None:
    reports: list[migrating.MigrationReport] = []

    def run() -> None:
        with app.app_context():
            reports.append(migrating.migrate_tenants(target=TARGET))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 3
    assert not any(report.failed for report in reports)
    migrating.migrate_tenants(target=TARGET)
    assert shapes(fleet) == [(TARGET, True)] * 4


def test_the_web_does_not_serve_a_version_it_cannot_read(fleet: list[Tenant], client_for) -> None:  # type: ignore[no-untyped-def]
    client: FlaskClient = client_for(fleet[0], None)
    assert client.get("/sign-in").status_code == 200
    migrating.migrate_tenants(target=TARGET)
    directory.refresh()
    refused = client.get("/sign-in")
    assert refused.status_code == 503
    assert "Retry-After" in refused.headers
