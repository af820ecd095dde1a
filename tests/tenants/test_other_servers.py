"""A dealership of another server: its keys here first, all of it there, its host here; killed anywhere, finished."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select

from app.core.db import db, directory, platform, revisions, tenant, transaction
from app.core.db.bootstrap import bootstrap
from app.core.db.columns import new_id
from app.core.db.owner import owner
from app.core.db.session import dispose_engines
from app.core.guard import key_backup, vault
from app.core.guard.keys import KeyMissing
from app.core.guard.permissions import system_actor
from app.factory import create_app
from app.tenants.models import User
from app.tenants.operations import links, provisioning
from app.tenants.operations.lifecycle import delete_tenant
from app.tenants.operations.provisioning import TenantRequest, provision, request_tenant
from tests.conftest import PASSWORDS, login_url

_numbers = itertools.count(1)


class Killed(Exception):
    """The process ended here."""


@pytest.fixture(scope="module")
def two_servers(app: Flask, admin_url: str, database: str, environ: dict[str, str]) -> Iterator[Flask]:
    """The application with a further database, `east`, which is a server of its own as far as it can tell."""
    east = f"{database}_east"
    bootstrap(admin_url, PASSWORDS, east)
    made = create_app({**environ, "DATABASE_URL_EAST": login_url(admin_url, "forecourt_app", PASSWORDS.app, east)})
    with made.app_context():
        revisions.upgrade_platform("east")
    yield made
    dispose_engines(made, close=True)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {east} WITH (FORCE)".encode())


@pytest.fixture
def wanted(two_servers: Flask) -> Iterator[str]:
    """The id of a requested dealership that is to live in the east."""
    request = TenantRequest(
        slug=f"east-{next(_numbers)}", name="East", country="US", locale="en", currency="USD", timezone="UTC",
        store_name="Main", admin_name="Ada", admin_email="ada@example.com",
    )  # fmt: skip
    with two_servers.app_context():
        with platform(), transaction():
            tenant_id = request_tenant(request)
        with owner() as connection:
            connection.execute("UPDATE tenants SET dsn_name = 'east' WHERE id = %s", [tenant_id])
        yield tenant_id
        # Whoever looks at every dealership later does not know this server.
        provision(tenant_id)
        delete_tenant(tenant_id, request.name, now=True)


def schemas(dsn_name: str, tenant_id: str) -> int:
    with owner(dsn_name) as connection:
        found = connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [f"t_{tenant_id}"])
        row = found.fetchone()
    return row[0] if row else 0


@pytest.mark.parametrize("step", [None, "schema", "seeded", "active"])
def test_it_is_made_there_and_known_here(wanted: str, step: str | None) -> None:
    def stop(done: str) -> None:
        if done == step:
            raise Killed

    if step is not None:
        with pytest.raises(Killed):
            provision(wanted, stop)
        # What was begun there went with its transaction; only a finished dealership has a schema.
        assert schemas("east", wanted) == (1 if step == "active" else 0)
    provision(wanted)
    assert (schemas("main", wanted), schemas("east", wanted)) == (0, 1)
    directory.refresh()
    made = directory.get(wanted)
    assert made is not None
    assert (made.state, made.dsn_name, made.hosts) == ("active", "east", (f"{made.slug}.localhost",))
    with tenant(wanted):
        ada = db.session.scalars(select(User)).one()
        assert links.email_of(ada) == "ada@example.com"
    with owner("east") as connection:
        hint = connection.execute("SELECT 1 FROM outbox_hint WHERE tenant_id = %s", [made.schema])
        assert hint.fetchone() is not None


def test_killed_between_there_and_here_nothing_is_made_twice(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Committed in the east and not yet active: the keys it was sealed with are the ones that stay."""

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(provisioning, "_activate", die)
    with pytest.raises(Killed):
        provision(wanted)
    monkeypatch.undo()
    assert schemas("east", wanted) == 1
    with owner() as connection:
        state = connection.execute("SELECT state, request IS NULL FROM tenants WHERE id = %s", [wanted]).fetchone()
    assert state == ("provisioning", False)
    provision(wanted)
    with tenant(wanted):
        assert links.email_of(db.session.scalars(select(User)).one()) == "ada@example.com"


def test_whoever_was_erased_there_stays_erased(wanted: str, tmp_path: Path) -> None:
    provision(wanted)
    file, erased = tmp_path / "keys", new_id()
    key_backup.backup_keys(file)
    with owner("east") as connection:
        # As the erasure has it, which the copy of the keys does not know of.
        listed = "INSERT INTO destroyed_keys (owner, subject_id) VALUES (%s, %s)"
        connection.execute(listed, [f"t_{wanted}", erased])
    key_backup.restore_keys(system_actor("test"), file)
    with tenant(wanted), pytest.raises(KeyMissing):
        vault.seal(erased, "crm_contact_points", "value_enc", erased, "again")
