"""A dealership out of the platform in one file and back into it, while the others live on."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from app.core.db import Tenant, db, directory, tenant, transaction
from app.core.db.contents import contents_of, copy_out, fix_settings
from app.core.db.owner import owner
from app.core.errors import Invalid
from app.core.guard import chain, erasing, files, keys, vault, verifying
from app.core.guard.keys import KeyMissing
from app.core.guard.permissions import system_actor
from app.crm.models import ContactPoint
from app.crm.operations.contacts import ContactInput
from app.crm.operations.customers import create_customer
from app.tenants.errors import SlugTaken
from app.tenants.models import Store
from app.tenants.operations import archives, exporting, lifecycle, restoring
from app.tenants.operations.provisioning import touch_directory
from tests.fixtures import dumps
from tests.fixtures.dealerships import make_dealership

SYSTEM = system_actor("test")
PASSPHRASE = "correct horse battery staple"
PHONES = ("+12025550131", "+12025550142")
Digests = dict[str, tuple[int, str]]


@pytest.fixture(autouse=True)
def context(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # The real cost is paid once, in test_archives.py.
    monkeypatch.setattr(archives, "_COST", {"n": 2**10, "r": 8, "p": 1})
    with app.app_context():
        yield


@pytest.fixture
def mover(app: Flask) -> Tenant:
    """A dealership with people, a file, sealed values and a sealed audit."""
    made = make_dealership(app, "mover")
    with tenant(made.id):
        with transaction():
            files.save_file(io.BytesIO(b"a car" * 50_000), "car.txt", "test")
        store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
        for phone in PHONES:
            with transaction():
                create_customer(
                    actor=SYSTEM, kind="individual", name=f"Person\t\\N {phone[-1]}\n", store_id=store,
                    contact_points=[ContactInput("phone", phone)],
                )  # fmt: skip
        with transaction():
            chain.seal_new()
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mover.fct"


def digests(of: Tenant) -> Digests:
    """Count and digest of every table."""
    found = {}
    with owner(of.dsn_name) as connection:
        fix_settings(connection)
        for content in contents_of(connection, of.schema):
            digest = archives.Digest()
            for _ in digest.over(copy_out(connection, of.schema, content)):
                pass
            found[content.table] = (digest.lines, digest.sha256)
    return found


def others(but: Tenant) -> dict[str, Any]:
    """Everything of every other dealership: tables, keys, hosts, directory, files."""
    there = [known for known in directory.all_tenants() if known.schema_version and known.id != but.id]
    found: dict[str, Any] = {known.id: digests(known) for known in there}
    with owner() as connection:
        for table, column in (("tenants", "id"), ("hosts", "tenant_id"), ("wrapped_keys", "tenant_id")):
            query = f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t WHERE {column} <> %s"
            found[table] = connection.execute(query.encode(), [but.id]).fetchone()
    found["files"] = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files._folder(but.id).parent.rglob("*")
        if path.is_file() and but.id not in path.parts
    }
    return found


def gone(of: Tenant) -> bool:
    """Whether nothing of the dealership is there: schema, role, keys, heads, hosts, hints, files."""
    with owner() as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = %(schema)s), "
            "(SELECT count(*) FROM pg_roles WHERE rolname = %(schema)s), "
            "(SELECT count(*) FROM wrapped_keys WHERE tenant_id = %(id)s), "
            "(SELECT count(*) FROM hosts WHERE tenant_id = %(id)s), "
            "(SELECT count(*) FROM outbox_hint WHERE tenant_id = %(schema)s), "
            "(SELECT count(*) FROM audit_heads WHERE tenant_id = %(schema)s), "
            "(SELECT count(*) FROM tenants WHERE id = %(id)s AND state <> 'deleted')",
            {"id": of.id, "schema": of.schema},
        ).fetchone()
    return counts is not None and not any(counts) and not files._folder(of.id).exists()


def forget(of: Tenant) -> None:
    """As on a platform that has never heard of the dealership."""
    lifecycle.delete_tenant(of.id, of.name, now=True)
    with owner() as connection:
        connection.execute("DELETE FROM destroyed_keys WHERE owner = %s", [of.schema])
        connection.execute("DELETE FROM tenants WHERE id = %s", [of.id])
    keys.forget_keys(of.id)


def readable(of: Tenant) -> set[str]:
    with tenant(of.id):
        return {phone for phone in PHONES if dumps.take(of).places_of(phone)}


def test_a_deleted_dealership_comes_back_as_it_was(mover: Tenant, alpha: Tenant, file: Path, client_for: Any) -> None:
    done = exporting.export_tenant(SYSTEM, mover.id, file, PASSPHRASE)
    assert (done.files, done.missing) == (1, [])
    assert file.stat().st_mode & 0o077 == 0
    sealed = file.read_bytes()
    assert not any(word in sealed for word in (b"Person", b"core_audit", mover.slug.encode(), PHONES[0].encode()))
    before, rest = digests(mover), others(mover)
    assert sum(rows for rows, _ in before.values()) == done.rows
    lifecycle.delete_tenant(mover.id, mover.name, now=True)
    assert gone(mover)
    back = restoring.restore_tenant(SYSTEM, file, PASSPHRASE)
    assert (back.tenant_id, back.slug, back.rows, back.files) == (mover.id, mover.slug, done.rows, 1)
    assert (back.findings, back.missing, back.erased_again, back.migrated_from) == ([], [], 0, None)
    after = digests(mover)
    # What a restore itself writes: the sessions are over, and the audit tells of it.
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"tenants_sessions", "core_audit", "core_audit_seals", "core_outbox"}
    assert after["core_audit"][0] == before["core_audit"][0] + 1
    assert others(mover) == rest
    assert readable(mover) == set(PHONES)
    known = directory.get(mover.id)
    assert known == mover
    with tenant(mover.id):
        assert verifying.verify().ok
        assert chain.last_seal().seq == after["core_audit"][0]
        row = db.session.scalar(select(files.StoredFile))
        assert row is not None
        with files.open_file(row.id) as stream:
            assert stream.read() == b"a car" * 50_000
        with transaction():
            store = db.session.scalars(select(Store.id)).first()
            create_customer(actor=SYSTEM, kind="individual", name="New", store_id=store, contact_points=[])
    assert client_for(mover).get("/").status_code in (200, 302)
    with owner() as connection:
        listed = "SELECT count(*) FROM destroyed_keys WHERE owner = %s"
        assert connection.execute(listed, [mover.schema]).fetchone() == (0,)


def test_what_is_written_meanwhile_is_not_in_it(
    mover: Tenant, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = exporting.copy_out, list[Digests]()

    def busy(connection: Any, schema: str, content: Any) -> Iterator[bytes]:
        if not seen:
            # The first table is about to be read: from here on nothing new is of this moment.
            seen.append(digests(mover))
            with tenant(mover.id), transaction():
                store = db.session.scalars(select(Store.id)).first()
                create_customer(actor=SYSTEM, kind="individual", name="Late", store_id=store, contact_points=[])
                db.session.execute(delete(ContactPoint))
        yield from real(connection, schema, content)

    monkeypatch.setattr(exporting, "copy_out", busy)
    exporting.export_tenant(SYSTEM, mover.id, file, PASSPHRASE)
    said = archives.Archive(file, PASSPHRASE).manifest()
    assert {item["table"]: (item["rows"], item["sha256"]) for item in said["tables"]} == seen[0]
    assert seen[0]["crm_contact_points"][0] == len(PHONES)
    lifecycle.delete_tenant(mover.id, mover.name, now=True)
    assert restoring.restore_tenant(SYSTEM, file, PASSPHRASE).findings == []
    assert readable(mover) == set(PHONES)


def test_it_comes_to_a_platform_that_has_never_known_it(
    app: Flask, mover: Tenant, file: Path, another_app: Any
) -> None:
    """With another master key: the keys come under the passphrase and lie under the new one."""
    with owner() as connection:
        connection.execute("INSERT INTO hosts (host, tenant_id) VALUES ('mover.example.com', %s)", [mover.id])
        touch_directory(connection, mover.id)
    directory.refresh()
    exporting.export_tenant(SYSTEM, mover.id, file, PASSPHRASE)
    forget(mover)
    elsewhere = another_app(MASTER_KEY="/" * 42 + "8=")
    with elsewhere.app_context():
        back = restoring.restore_tenant(SYSTEM, file, PASSPHRASE)
        assert back.findings == []
        assert readable(mover) == set(PHONES)
        known = directory.get(mover.id)
        assert known is not None
        assert set(known.hosts) == {f"{mover.slug}.localhost", "mover.example.com"}
        lifecycle.delete_tenant(mover.id, mover.name, now=True)
    directory.refresh()


def test_under_another_name_when_the_old_one_is_taken(app: Flask, mover: Tenant, file: Path) -> None:
    exporting.export_tenant(SYSTEM, mover.id, file, PASSPHRASE)
    lifecycle.delete_tenant(mover.id, mover.name, now=True)
    heir = make_dealership(app, "heir", slug=mover.slug)
    with pytest.raises(SlugTaken):
        restoring.restore_tenant(SYSTEM, file, PASSPHRASE)
    with pytest.raises(Invalid):
        restoring.restore_tenant(SYSTEM, file, PASSPHRASE, "admin")
    assert gone(mover)
    new = f"{mover.slug}-again"
    assert restoring.restore_tenant(SYSTEM, file, PASSPHRASE, new).slug == new
    found = directory.find_host(f"{new}.localhost"), directory.find_host(f"{mover.slug}.localhost")
    assert [known and known.id for known in found] == [mover.id, heir.id]


def test_what_is_there_is_never_written_over(mover: Tenant, file: Path) -> None:
    exporting.export_tenant(SYSTEM, mover.id, file, PASSPHRASE)
    before = digests(mover)
    with pytest.raises(restoring.TenantThere):
        restoring.restore_tenant(SYSTEM, file, PASSPHRASE, "somewhere-else")
    lifecycle.delete_tenant(mover.id, mover.name)
    with pytest.raises(restoring.TenantThere):
        restoring.restore_tenant(SYSTEM, file, PASSPHRASE)
    assert digests(mover) == before


@pytest.mark.parametrize("step", ["role", "rows", "committed", "settled"])
@pytest.mark.parametrize("killed", [False, True])
def test_stopped_at_any_step_it_leaves_nothing_or_is_done_anew(
    mover: Tenant, file: Path, monkeypatch: pytest.MonkeyPatch, step: str, killed: bool
) -> None:
    exporting.export_tenant(SYSTEM, mover.id, file, PASSPHRASE)
    lifecycle.delete_tenant(mover.id, mover.name, now=True)
    rest = others(mover)

    def stop(at: str) -> None:
        if at == step:
            # A killed process cleans up nothing.
            if killed:
                monkeypatch.setattr(restoring, "_take_back", lambda *args, **more: None)
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        restoring.restore_tenant(SYSTEM, file, PASSPHRASE, progress=stop)
    monkeypatch.undo()
    assert gone(mover) is not killed
    assert directory.find_host(mover.hosts[0]) is None
    with owner() as connection:
        state = connection.execute("SELECT state FROM tenants WHERE id = %s", [mover.id]).fetchone()
    assert state is not None
    assert state[0] in ("deleted", "provisioning")
    assert restoring.restore_tenant(SYSTEM, file, PASSPHRASE).findings == []
    assert readable(mover) == set(PHONES)
    now = others(mover)
    assert {name: now[name] for name in now} == rest


def test_who_was_erased_after_the_export_stays_erased(mover: Tenant, file: Path) -> None:
    exporting.export_tenant(SYSTEM, mover.id, file, PASSPHRASE)
    with tenant(mover.id), transaction():
        point = db.session.scalars(select(ContactPoint).order_by(ContactPoint.id)).first()
        assert point is not None
        person = point.customer_id
        erasing.erase_subject(SYSTEM, person, "customer")
    lifecycle.delete_tenant(mover.id, mover.name, now=True)
    back = restoring.restore_tenant(SYSTEM, file, PASSPHRASE)
    assert (back.erased_again, back.findings) == (1, [])
    assert readable(mover) == {PHONES[1]}
    with tenant(mover.id), pytest.raises(KeyMissing):
        vault.seal(person, "crm_contact_points", "value_enc", person, "again")
