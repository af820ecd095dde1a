"""The file a dealership is carried in: what is wrong with one is found before anything is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.core.db import Tenant, db, directory, revisions, tenant, transaction
from app.core.db.contents import contents_of
from app.core.db.ddl import tenant_schema_script
from app.core.db.owner import owner
from app.core.guard.permissions import system_actor
from app.core.lists.exports import sealing
from app.tenants.models import Store
from app.tenants.operations import archives, exporting, lifecycle, refilling, restoring
from tests.fixtures.dealerships import make_dealership

SYSTEM = system_actor("test")
PASSPHRASE = "correct horse battery staple"


@pytest.fixture(autouse=True)
def context(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(archives, "_COST", {"n": 2**10, "r": 8, "p": 1})
    with app.app_context():
        yield


@pytest.fixture
def away(app: Flask, tmp_path: Path) -> tuple[Tenant, Path]:
    """A dealership that is gone, and its export."""
    made, file = make_dealership(app, "away"), tmp_path / "away.fct"
    exporting.export_tenant(SYSTEM, made.id, file, PASSPHRASE)
    lifecycle.delete_tenant(made.id, made.name, now=True)
    return made, file


def cut(data: bytes) -> bytes:
    return data[: -(sealing.PIECE // 2)]


def flipped(place: float) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        at = int(len(data) * place)
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    return change


DAMAGES = {
    "empty": lambda data: b"",
    "foreign": lambda data: b"PK\x03\x04" * 100,
    "head alone": lambda data: data[:200],
    "cut": cut,
    "longer": lambda data: data + b"x",
    "salt changed": lambda data: data.replace(b'"salt": "', b'"salt": "00', 1),
    "cheaper": lambda data: data.replace(b'"p": 1', b'"p": 2', 1),
    "dearest": lambda data: data.replace(b'"p": 1', b'"p": 9', 1),
    "flipped early": flipped(0.01),
    "flipped in the middle": flipped(0.5),
    "flipped at the end": flipped(0.999),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_makes_nothing(away: tuple[Tenant, Path], damage: str) -> None:
    known, file = away
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    with pytest.raises(archives.ArchiveBroken):
        restoring.restore_tenant(SYSTEM, file, PASSPHRASE)
    assert not there(known)


def test_another_passphrase_opens_nothing_and_a_short_one_closes_nothing(away: tuple[Tenant, Path]) -> None:
    known, file = away
    with pytest.raises(archives.ArchiveBroken):
        restoring.restore_tenant(SYSTEM, file, PASSPHRASE + "!")
    assert not there(known)
    other = make_path(file)
    with pytest.raises(archives.PassphraseShort):
        archives.write_archive(other, "too short", lambda wrapping: iter(()))
    assert not other.exists()


def test_a_failing_export_leaves_no_file(app: Flask, tmp_path: Path) -> None:
    def fail(wrapping: bytes) -> Iterator[bytes]:
        yield from archives.member("table", "one", [b"1\n"])
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        archives.write_archive(tmp_path / "file", PASSPHRASE, fail)
    assert list(tmp_path.iterdir()) == []


def test_rows_that_come_back_otherwise_are_found(
    away: tuple[Tenant, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    known, file = away
    real = refilling.copy_in

    def wrong(connection: Any, schema: str, content: Any, pieces: Iterator[bytes]) -> None:
        if content.table == "tenants_stores":
            pieces = iter([b"".join(pieces).replace(b"Main Street", b"Main street")])
        real(connection, schema, content, pieces)

    monkeypatch.setattr(refilling, "copy_in", wrong)
    with pytest.raises(refilling.RestoreDiffers):
        restoring.restore_tenant(SYSTEM, file, PASSPHRASE)
    assert not there(known)


def test_an_export_of_an_unknown_release_is_refused(
    away: tuple[Tenant, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    known, file = away
    monkeypatch.setattr(revisions, "known", lambda line, revision: False)
    with pytest.raises(restoring.RevisionUnknown):
        restoring.restore_tenant(SYSTEM, file, PASSPHRASE)
    assert not there(known)


def test_an_export_of_an_older_release_is_restored_and_migrated(app: Flask, tmp_path: Path) -> None:
    old, file = "0016", tmp_path / "older.fct"
    made, fresh = make_dealership(app, "older"), make_dealership(app, "fresh")
    script = tenant_schema_script(made.schema, old, revisions.render_upgrade("tenants", None, old))
    with owner() as connection:
        connection.execute(f"DROP SCHEMA {made.schema} CASCADE".encode())
        connection.execute(script.encode())
        connection.execute(
            "INSERT INTO tenants_stores (id, code, name, timezone) VALUES (gen_random_uuid(), 'OLD', 'Old', 'UTC')"
        )
        # The audit of that release is written by that release.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting.audit, "record", lambda *args, **more: None)
        exporting.export_tenant(SYSTEM, made.id, file, PASSPHRASE)
    lifecycle.delete_tenant(made.id, made.name, now=True)
    back = restoring.restore_tenant(SYSTEM, file, PASSPHRASE)
    assert (back.migrated_from, back.findings) == (old, [])
    with owner() as connection:
        shapes = [contents_of(connection, one.schema) for one in (made, fresh)]
        version = connection.execute(f"SELECT version_num FROM {made.schema}.alembic_version".encode()).fetchone()
    assert {item.table: set(item.columns) for item in shapes[0]} == {
        item.table: set(item.columns) for item in shapes[1]
    }
    assert version == (revisions.head("tenants"),)
    with tenant(made.id), transaction():
        store = db.session.query(Store).one()
        assert (store.code, store.name) == ("OLD", "Old")
        store.name = "New"


def test_the_commands_do_the_same_at_full_cost(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    assert archives._COST == {"n": 2**17, "r": 8, "p": 1}
    made, run = make_dealership(app, "told"), app.test_cli_runner().invoke
    file, secret = str(tmp_path / "told.fct"), tmp_path / "secret"
    secret.write_text(PASSPHRASE + "\n")
    given = ["--passphrase-file", str(secret)]
    told = run(args=["tenants", "export", made.slug, file, *given])
    assert (told.exit_code, "rows of" in told.output) == (0, True), told.output
    refused = run(args=["tenants", "restore", file, *given])
    assert (refused.exit_code, "erase it first" in refused.output) == (1, True), refused.output
    with app.app_context():
        lifecycle.delete_tenant(made.id, made.name, now=True)
    told = run(args=["tenants", "restore", file, *given, "--as", f"{made.slug}-2"])
    assert (told.exit_code, f"{made.slug}-2 is active ({made.id})" in told.output) == (0, True), told.output
    secret.write_text("another passphrase\n")
    assert run(args=["tenants", "restore", file, *given]).exit_code == 1
    secret.write_text("short\n")
    assert run(args=["tenants", "export", f"{made.slug}-2", file, *given]).exit_code == 1


def there(known: Tenant) -> bool:
    with owner() as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = %(schema)s), "
            "(SELECT count(*) FROM pg_roles WHERE rolname = %(schema)s), "
            "(SELECT count(*) FROM wrapped_keys WHERE tenant_id = %(id)s)",
            {"schema": known.schema, "id": known.id},
        ).fetchone()
    return directory.get(known.id) is not None or row != (0, 0, 0)


def make_path(file: Path) -> Path:
    return file.with_name("other.fct")
