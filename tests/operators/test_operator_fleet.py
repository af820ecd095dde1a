"""Dealerships, queues, usage and versions at the console, carried out by the ops worker."""

from __future__ import annotations

import html
import io
import re
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, update

from app.core import clock
from app.core.db import Tenant, db, directory, operators, platform, tenant, transaction
from app.core.db.platform import outbox as platform_outbox
from app.core.guard import files
from app.core.jobs.models import Outbox
from app.core.jobs.traffic import Traffic, asked_lately
from app.operators import models, rules
from app.operators.operations import auditing, looking
from app.operators.operations.actor import OperatorActor
from app.tenants.operations.provisioning import TenantRequest, request_tenant
from tests.fixtures.browsing import send
from tests.fixtures.dealerships import make_dealership

ALL = "/platform/dealerships"
Work = Callable[[], int]


@pytest.fixture
def given(app: Flask) -> Tenant:
    return make_dealership(app, "given")


def state_of(app: Flask, tenant_id: str) -> str | None:
    with app.app_context():
        directory.refresh()
        found = directory.get(tenant_id)
        return found.state if found else None


def whole(console: FlaskClient, path: str) -> str:
    """A list with all its pages: other tests have left dealerships here."""
    pages, following = [], path
    while following:
        pages.append(console.get(following).text)
        found = re.search(r'rel="next" href="([^"]+)"', pages[-1])
        following = html.unescape(found[1]) if found else ""
    return "".join(pages)


def test_the_list_is_filtered_and_paged(
    app: Flask, console: FlaskClient, alpha: Tenant, beta: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as few:
        few.setattr("app.operators.rules.LISTED", 1)
        page = whole(console, f"{ALL}?q=motors")
    assert alpha.slug in page
    assert beta.slug in page
    assert beta.slug not in console.get(ALL, query_string={"q": "Alpha Mot"}).text
    assert alpha.slug not in console.get(ALL, query_string={"state": "suspended"}).text
    assert alpha.slug not in console.get(ALL, query_string={"version": "behind"}).text
    assert alpha.slug not in console.get(ALL, query_string={"q": "%"}).text
    monkeypatch.setattr("app.operators.rules.LISTED", 1)
    first = console.get(ALL, query_string={"q": "motors"}).text
    assert first.count('class="ti"') == 1
    assert 'rel="next"' in first


def test_a_dealership_is_made_and_suspended_and_opened(
    app: Flask, console: FlaskClient, work_platform: Work
) -> None:
    form = {
        "slug": f"made-{uuid.uuid4().hex[:6]}", "name": "Made Motors", "country": "US", "locale": "en",
        "currency": "USD", "timezone": "America/New_York", "admin_name": "Ada", "admin_email": "ada@example.com",
    }  # fmt: skip
    refused = send(console, ALL, page=f"{ALL}/new", **{**form, "slug": "operator"})
    assert refused.status_code == 422
    answer = send(console, ALL, page=f"{ALL}/new", **form)
    assert answer.status_code == 303
    path = answer.headers["Location"]
    tenant_id = path.rpartition("/")[2]
    assert "Requested" in console.get(path).text
    assert work_platform() >= 1
    assert state_of(app, tenant_id) == "active"
    assert send(console, f"{path}/suspend", page=path).status_code == 303
    assert "Suspend: being carried out" in console.get(path).text
    work_platform()
    assert state_of(app, tenant_id) == "suspended"
    assert "being carried out" not in console.get(path).text
    assert send(console, f"{path}/suspend", page=path).status_code == 409
    send(console, f"{path}/resume", page=path)
    work_platform()
    assert state_of(app, tenant_id) == "active"
    assert "had a dealership suspended" in console.get("/platform/audit").text


def test_what_nobody_could_be_invited_to_is_not_made(console: FlaskClient) -> None:
    form = {
        "slug": f"made-{uuid.uuid4().hex[:6]}", "name": "Made Motors", "country": "US", "locale": "en",
        "currency": "USD", "timezone": "America/New_York", "admin_name": "Ada", "admin_email": "ada at example",
    }  # fmt: skip
    refused = send(console, ALL, page=f"{ALL}/new", **form)
    assert refused.status_code == 422
    assert "Enter an e-mail address" in refused.text
    assert 'class="ti"' not in console.get(ALL, query_string={"q": form["slug"]}).text


def test_one_that_could_not_be_made_is_erased_at_once_and_its_name_is_free(
    app: Flask, console: FlaskClient, fresh_code: Callable[[], str], work_platform: Work
) -> None:
    work_platform()
    request = TenantRequest(f"stuck-{uuid.uuid4().hex[:6]}", "Stuck", "US", "en", "USD", "America/New_York", "Stuck",
                            "Ada", "ada@example.com")  # fmt: skip
    with app.app_context(), platform(), transaction():
        tenant_id = request_tenant(request)
        # As if every try had failed.
        owed = platform_outbox.c.payload["tenant_id"].astext == tenant_id
        db.session.execute(update(platform_outbox).where(owed).values(dead_at=func.now()))
    path = f"{ALL}/{tenant_id}"
    assert "erased at once" in console.get(path).text
    assert send(console, f"{path}/delete", page=path, name="Stuck", code=fresh_code()).status_code == 303
    work_platform()
    with app.app_context(), platform():
        row = db.session.execute(select(models.tenants.c.state, models.tenants.c.slug).filter_by(id=tenant_id)).one()
    assert tuple(row) == ("deleted", f"deleted-{tenant_id}")


def test_deleting_wants_name_and_code_and_can_be_taken_back(
    app: Flask, given: Tenant, console: FlaskClient, fresh_code: Callable[[], str], work_platform: Work
) -> None:
    path = f"{ALL}/{given.id}"
    assert send(console, f"{path}/delete", page=path, name=given.name, code="000000").status_code == 422
    assert send(console, f"{path}/delete", page=path, name="Other", code=fresh_code()).status_code == 422
    work_platform()
    assert state_of(app, given.id) == "active"
    assert send(console, f"{path}/delete", page=path, name=given.name, code=fresh_code()).status_code == 303
    work_platform()
    assert state_of(app, given.id) == "deleting"
    assert "Its data is erased after" in console.get(path).text
    send(console, f"{path}/resume", page=path)
    work_platform()
    assert state_of(app, given.id) == "active"


def test_hosts_are_added_and_removed(app: Flask, given: Tenant, console: FlaskClient, work_platform: Work) -> None:
    path, host = f"{ALL}/{given.id}", f"{given.slug}.example.com"
    assert send(console, f"{path}/hosts", page=path, host="not a host").status_code == 422
    assert send(console, f"{path}/hosts", page=path, host=host).status_code == 303
    work_platform()
    assert f'<span class="grow">{host}</span>' in console.get(path).text
    send(console, f"{path}/hosts/remove", page=path, host=host)
    work_platform()
    assert f'<span class="grow">{host}</span>' not in console.get(path).text


@pytest.mark.parametrize("tenant_id", ["0" * 12, "x", "'" * 12, "é" * 12, "%00" * 4])
def test_unknown_dealerships_are_missing(console: FlaskClient, tenant_id: str) -> None:
    assert console.get(f"{ALL}/{tenant_id}").status_code == 404
    assert send(console, f"{ALL}/{tenant_id}/suspend", page="/platform").status_code == 404


@pytest.mark.parametrize("name", ["q", "state", "version", "after"])
@pytest.mark.parametrize("value", ["\0", "%", "'", "\u202e", "x" * 5000])
def test_no_filter_breaks_the_list(console: FlaskClient, name: str, value: str) -> None:
    assert console.get(ALL, query_string={name: value}).status_code == 200
    assert console.get("/platform/usage", query_string={"after": f"9:{value}"}).status_code == 200


def test_usage_is_counted_by_the_ops_worker(
    app: Flask, alpha: Tenant, client_for: Callable[..., FlaskClient], console: FlaskClient, work_platform: Work
) -> None:
    settings = app.extensions["forecourt_settings"]
    with app.app_context(), tenant(alpha.id), transaction():
        files.save_file(io.BytesIO(b"x" * 5000), "a.txt", "test")
    visitor = client_for(alpha)
    traffic: Traffic = app.extensions["forecourt_traffic"]
    traffic.tell()
    before = asked_lately(settings.redis_url, [alpha.id])
    for _ in range(3):
        assert visitor.get("/account").status_code == 200
    # Counted in the process alone until it tells.
    assert asked_lately(settings.redis_url, [alpha.id]) == before
    traffic.tell()
    send(console, "/platform/usage/count", page="/platform/usage")
    work_platform()
    with app.app_context(), operators():
        row = db.session.execute(
            select(models.tenant_usage).where(models.tenant_usage.c.tenant_id == alpha.id)
        ).one()
    assert row.users > 5
    assert row.table_bytes > 100_000
    assert row.file_bytes >= 5000
    assert [row.requests] == [before[0] + 3]
    assert alpha.slug in whole(console, "/platform/usage")
    assert "Counted" in console.get(f"{ALL}/{alpha.id}").text


@pytest.fixture
def dead_row(app: Flask, alpha: Tenant) -> uuid.UUID:
    key = uuid.uuid4()
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.add(
            Outbox(id=key, task="tenants.clean_up", queue="default", dead_at=clock.now(), attempts=8,
                   last_error="Planted", payload={"marker": "Marker Payload"})
        )  # fmt: skip
    return key


def test_dead_letters_are_seen_and_tried_again(
    app: Flask, alpha: Tenant, console: FlaskClient, dead_row: uuid.UUID, work_platform: Work
) -> None:
    send(console, "/platform/queues/look", page="/platform/queues")
    work_platform()
    page = console.get("/platform/queues").text
    assert str(dead_row) in page
    assert "Planted" in page
    assert "Marker Payload" not in page
    answer = send(console, "/platform/queues/replay", page="/platform/queues", tenant=alpha.id, outbox=str(dead_row))
    assert answer.status_code == 303
    work_platform()
    with app.app_context(), tenant(alpha.id):
        row = db.session.get(Outbox, dead_row)
        assert row is not None
        assert (row.dead_at, row.attempts) == (None, 0)
    assert str(dead_row) not in console.get("/platform/queues").text


def test_dead_letters_of_the_platform_too(app: Flask, console: FlaskClient) -> None:
    key = uuid.uuid4()
    with app.app_context(), platform(), transaction():
        values = {"id": key, "task": "tenants.delete_due", "queue": "ops", "dead_at": clock.now(), "attempts": 8}
        db.session.execute(insert(platform_outbox).values(values))
    assert str(key) in console.get("/platform/queues").text
    send(console, "/platform/queues/replay", page="/platform/queues", outbox=str(key))
    assert str(key) not in console.get("/platform/queues").text
    with app.app_context(), platform(), transaction():
        db.session.execute(update(platform_outbox).where(platform_outbox.c.id == key).values(done_at=clock.now()))


def test_one_broken_schema_spoils_no_count(app: Flask, alpha: Tenant, given: Tenant) -> None:
    with app.app_context():
        with looking.owner() as connection:
            connection.execute(f"ALTER TABLE {given.schema}.core_outbox RENAME TO core_outbox_away".encode())
        try:
            looking.look_at_queues()
        finally:
            with looking.owner() as connection:
                connection.execute(f"ALTER TABLE {given.schema}.core_outbox_away RENAME TO core_outbox".encode())
        with operators():
            ids = set(db.session.scalars(select(models.tenant_queues.c.tenant_id)))
    assert alpha.id in ids
    assert given.id not in ids


def test_the_fleet_is_migrated_by_order(console: FlaskClient, alpha: Tenant, work_platform: Work) -> None:
    assert send(console, "/platform/fleet/migrate", page="/platform/fleet").status_code == 303
    work_platform()
    assert "0 migrated to" in console.get("/platform/fleet").text


def test_a_migration_stays_in_sight_however_much_is_done_after_it(app: Flask, console: FlaskClient) -> None:
    with app.app_context(), operators(), transaction():
        auditing.record(OperatorActor(None, "Migrating Max"), "fleet.migrated", details={"target": "marked"})
        for _ in range(rules.LISTED + 2):
            auditing.record(OperatorActor(None, "Busy Bo"), "fleet.look_at_queues")
    assert "migrated to marked" in console.get("/platform/fleet").text


def test_without_redis_every_request_is_served_and_none_counted(app: Flask, alpha: Tenant) -> None:
    settings = app.extensions["forecourt_settings"]
    away = "redis://127.0.0.1:1/0"
    traffic = Traffic(replace(settings, redis_url=away))
    traffic.count(alpha.id)
    traffic.tell()
    assert asked_lately(away, [alpha.id, "other"]) == [0, 0]
