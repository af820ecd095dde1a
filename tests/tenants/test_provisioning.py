"""A dealership is made in steps; killed after any of them, running it again finishes (fault F14)."""

from __future__ import annotations

import itertools
import threading

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text

from app.core.db import Tenant, db, directory, platform, revisions, tenant, transaction
from app.core.db.owner import owner
from app.core.db.platform import outbox, tenants
from app.core.errors import Invalid, NotFound
from app.tenants.errors import SlugTaken
from app.tenants.operations import provisioning
from app.tenants.operations.provisioning import TenantRequest, create_tenant, provision, request_tenant

_numbers = itertools.count(1)


class Killed(Exception):
    """The process ended here."""


def a_request(**changes: str) -> TenantRequest:
    values = {
        "slug": f"made-{next(_numbers)}", "name": "Made Motors", "country": "GB", "locale": "en", "currency": "GBP",
        "timezone": "Europe/London", "store_name": "High Street", "admin_name": "Ada", "admin_email": "ada@example.com",
    }  # fmt: skip
    return TenantRequest(**{**values, **changes})


def state_of(slug: str) -> str | None:
    with platform():
        return db.session.execute(select(tenants.c.state).where(tenants.c.slug == slug)).scalar_one_or_none()


@pytest.fixture(autouse=True)
def context(app: Flask):  # type: ignore[no-untyped-def]
    with app.app_context():
        yield


@pytest.mark.parametrize("step", ["requested", "schema", "seeded", "active"])
def test_killed_after_any_step_it_is_finished_by_a_retry(step: str) -> None:
    request = a_request()

    def stop(done: str) -> None:
        if done == step:
            raise Killed

    with pytest.raises(Killed):
        create_tenant(request, stop)
    directory.refresh()
    host = f"{request.slug}.localhost"
    assert (directory.find_host(host) is not None) == (step == "active")
    if step != "active":
        create_tenant(request)
    made = directory.find_host(host)
    assert made is not None
    assert made.state == "active"
    assert made.schema_version == revisions.head("tenants")
    with tenant(made.id):
        assert db.session.execute(text("SELECT count(*) FROM tenants_stores")).scalar_one() == 1
        assert db.session.execute(text("SELECT count(*) FROM tenants_users")).scalar_one() == 1


@pytest.mark.parametrize("step", ["schema", "seeded"])
def test_killed_in_the_middle_the_worker_leaves_nothing_but_the_request(step: str) -> None:
    """Role, tables, rows and host are one transaction: there is no dealership that is half there."""
    request = a_request()

    def stop(done: str) -> None:
        if done == step:
            raise Killed

    with platform(), transaction():
        tenant_id = request_tenant(request)
    with pytest.raises(Killed):
        provision(tenant_id, stop)
    assert_nothing_is_made(request.slug)
    provision(tenant_id)
    assert state_of(request.slug) == "active"


@pytest.mark.parametrize("step", ["requested", "schema", "seeded"])
def test_a_command_that_is_stopped_has_done_nothing(step: str) -> None:
    request = a_request()

    def stop(done: str) -> None:
        if done == step:
            raise Killed

    with pytest.raises(Killed):
        create_tenant(request, stop)
    assert state_of(request.slug) is None


def test_the_command_line_finishes_what_was_requested() -> None:
    request = a_request()
    with platform(), transaction():
        tenant_id = request_tenant(request)
    assert create_tenant(request) == tenant_id
    assert state_of(request.slug) == "active"


def assert_nothing_is_made(slug: str) -> None:
    assert state_of(slug) == "requested"
    with platform():
        tenant_id = db.session.execute(select(tenants.c.id).where(tenants.c.slug == slug)).scalar_one()
    queries = (
        "SELECT 1 FROM pg_namespace WHERE nspname = 't_' || %s",
        "SELECT 1 FROM pg_roles WHERE rolname = 't_' || %s",
        "SELECT 1 FROM wrapped_keys WHERE tenant_id = %s",
        "SELECT 1 FROM hosts WHERE tenant_id = %s",
    )
    with owner() as connection:
        assert [connection.execute(query, [tenant_id]).fetchone() for query in queries] == [None] * 4


def test_provisioning_twice_changes_nothing(alpha: Tenant) -> None:
    with tenant(alpha.id):
        before = db.session.execute(text("SELECT count(*) FROM tenants_grants")).scalar_one()
    provision(alpha.id)
    with tenant(alpha.id):
        assert db.session.execute(text("SELECT count(*) FROM tenants_grants")).scalar_one() == before > 50


def test_a_failed_script_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    request = a_request()
    whole = provisioning.tenant_schema_script
    with platform(), transaction():
        tenant_id = request_tenant(request)
    monkeypatch.setattr(provisioning, "tenant_schema_script", lambda *args: whole(*args) + "SELECT 1/0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        provision(tenant_id)
    assert_nothing_is_made(request.slug)
    monkeypatch.undo()
    provision(tenant_id)
    assert state_of(request.slug) == "active"


def test_the_web_asks_and_the_ops_worker_does(app: Flask) -> None:
    """The request is a row and an outbox row of the platform, written by a role that may not run DDL."""
    request = a_request()
    with platform():
        with transaction():
            tenant_id = request_tenant(request)
        row = db.session.execute(select(outbox).where(outbox.c.payload["tenant_id"].astext == tenant_id)).one()
    assert (row.task, row.queue) == ("tenants.provision", "ops")
    assert state_of(request.slug) == "requested"
    provision(tenant_id)
    assert state_of(request.slug) == "active"


def test_what_the_request_said_of_a_person_is_sealed_and_then_gone() -> None:
    request = a_request(admin_email="somebody.particular@example.com")
    with platform(), transaction():
        tenant_id = request_tenant(request)
    query = "SELECT request FROM tenants WHERE id = %s"
    with owner() as connection:
        sealed = connection.execute(query, [tenant_id]).fetchone()
    assert sealed is not None
    assert b"particular" not in bytes(sealed[0])
    provision(tenant_id)
    with owner() as connection:
        assert connection.execute(query, [tenant_id]).fetchone() == (None,)


def test_a_slug_is_given_once(alpha: Tenant) -> None:
    with pytest.raises(SlugTaken):
        create_tenant(a_request(slug=alpha.slug))
    with platform(), pytest.raises(SlugTaken), transaction():
        request_tenant(a_request(slug=alpha.slug))


@pytest.mark.parametrize(
    "slug",
    ["public", "pg_toast", "a", "A-b", "x" * 41, "t'; drop schema x", "ä-motors", "www", "a--b", "-ab", "ab-", ""],
)
def test_hostile_slugs_are_refused(slug: str) -> None:
    with platform(), pytest.raises(Invalid) as refused, transaction():
        request_tenant(a_request(slug=slug))
    assert [error.field for error in refused.value.errors] == ["slug"]


def test_every_wrong_field_is_named() -> None:
    bad = a_request(slug="!", name=" ", country="usa", currency="$", locale="xx", timezone="Mars/Olympus")
    with platform(), pytest.raises(Invalid) as refused, transaction():
        request_tenant(bad)
    named = {error.field for error in refused.value.errors}
    assert named == {"slug", "name", "country", "currency", "locale", "timezone"}


def test_provisioning_the_unknown_is_not_found() -> None:
    with pytest.raises(NotFound):
        provision("000000000000")


def test_two_that_come_for_the_same_tenant_make_it_once(app: Flask) -> None:
    """The command line and the ops worker: the second waits for the first and finds the work done."""
    request = a_request()
    with platform(), transaction():
        tenant_id = request_tenant(request)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            with app.app_context():
                provision(tenant_id)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert state_of(request.slug) == "active"
