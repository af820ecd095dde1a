"""A file leaves by a link of minutes, for one user, a few times; then it goes. Work that is cut off goes on."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.errors import NotFound, PermissionDenied
from app.core.guard.models import AuditEntry, StoredFile
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.jobs import runner
from app.core.jobs.jobs import retry_job
from app.core.jobs.models import Job, Outbox
from app.core.lists.exports import operations, steps, taking
from app.core.lists.exports.models import Export, ExportLink
from app.core.lists.exports.operations import Asked
from app.core.lists.query import read_query
from app.core.lists.spec import REGISTRY
from app.tenants.models import Store
from tests.factories.sales import make_customer
from tests.fixtures import exporting as x
from tests.fixtures.importing import work_off


@pytest.fixture(scope="module", autouse=True)
def rows(app, alpha):
    x.set_rules(app, alpha, personal="seen")
    with app.app_context(), tenant(alpha.id):
        store = db.session.scalars(select(Store).order_by(Store.code)).first()
        for number in range(7):
            make_customer(store, f"Linked {number}")


@pytest.fixture
def ready(app, alpha):
    """A finished export of the administrator's."""
    export_id = x.ask(app, alpha, "tenant_admin", "customers")
    work_off(app, alpha, queue="exports")
    return export_id


def token(client, path="/customers"):
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)[1]


def link(client, export_id):
    public = to_public("exp", export_id)
    answer = client.post(f"/exports/{public}/link", data={"csrf_token": token(client, f"/exports/{public}")})
    assert answer.status_code == 303
    return answer.location


def test_a_link_is_good_for_three_downloads_of_its_owner(app, alpha, beta, client_for, ready):
    client = client_for(alpha)
    address = link(client, ready)
    assert len(address.rsplit("/", 1)[1]) >= 43  # 256 bits
    assert client_for(alpha, "gm").get(address).status_code == 404
    assert client_for(beta).get(address).status_code == 404
    assert client_for(alpha, None).get(address).status_code == 303
    for _ in range(3):
        answer = client.get(address)
        assert answer.status_code == 200
        assert b"Linked 6" in answer.data
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer.headers["Cache-Control"]
    assert client.get(address).status_code == 404
    assert client.get(link(client, ready)).status_code == 200


def test_a_link_ends_after_minutes_and_is_stored_as_a_hash(app, alpha, client_for, ready):
    client = client_for(alpha)
    address = link(client, ready)
    with app.app_context(), tenant(alpha.id):
        row = db.session.scalars(select(ExportLink).order_by(ExportLink.id.desc())).first()
        assert clock.now() + timedelta(minutes=14) < row.expires_at <= clock.now() + timedelta(minutes=15)
        assert address.rsplit("/", 1)[1].encode() not in row.token_hash
        with transaction():
            db.session.execute(update(ExportLink).values(expires_at=clock.now()))
    assert client.get(address).status_code == 404
    x.tend(app, alpha)
    with app.app_context(), tenant(alpha.id):
        assert db.session.scalars(select(ExportLink)).all() == []


def test_a_file_goes_with_its_hours_from_disk_and_list(app, alpha, client_for, ready):
    client = client_for(alpha)
    address = link(client, ready)
    with app.app_context(), tenant(alpha.id), transaction():
        row = db.session.get_one(Export, ready)
        stored_as = db.session.get_one(StoredFile, row.file_id).stored_as
        assert clock.now() + timedelta(hours=23) < row.expires_at <= clock.now() + timedelta(hours=24)
        assert row.file_key is not None
        row.expires_at = clock.now()
    x.tend(app, alpha)
    assert client.get(address).status_code == 404
    with app.app_context(), tenant(alpha.id):
        assert [path for path in x.bytes_on_disk(alpha) if path.name == stored_as] == []
        row = db.session.get_one(Export, ready)
        assert (row.state, row.file_id, row.file_key) == ("gone", None, None)
        entries = db.session.scalars(select(AuditEntry.action).where(AuditEntry.record_id == ready)).all()
        assert set(entries) == {"export", "export.link", "export.expire"}


def test_whoever_may_no_longer_export_gets_nothing_by_an_old_link(app, alpha, ready):
    with app.app_context(), tenant(alpha.id):
        actor = x.actor_of("tenant_admin")
        with transaction():
            key = taking.make_link(actor, ready)
        without = Actor(actor.user_id, actor.name, {"customer.see": "all"})
        with pytest.raises(PermissionDenied), transaction():
            taking.take(without, ready, key)
        with pytest.raises(NotFound), transaction():
            taking.take(actor, ready, key[:-1])


def test_an_operator_who_was_let_in_takes_nothing_away(app, alpha, ready):
    with app.app_context(), tenant(alpha.id):
        actor = x.actor_of("tenant_admin")
        behind = Actor(actor.user_id, actor.name, actor.grants, behind="Operator")
        query = read_query(REGISTRY["customers"], {}, policy_for(behind))
        with pytest.raises(PermissionDenied), transaction():
            operations.start_export(behind, query, Asked("csv", "Why not"), locale="en", timezone="UTC")
        with pytest.raises(PermissionDenied), transaction():
            taking.make_link(behind, ready)


def test_the_page_says_what_leaves_and_asks_what_for(alpha, client_for):
    client = client_for(alpha)
    page = client.get("/lists/customers/export?sort=-created").text
    assert 'name="sort" value="-created"' in page
    assert "Masked" in page
    filled = {"csrf_token": token(client), "format": "csv"}
    answer = client.post("/lists/customers/export", data={**filled, "purpose": " "})
    assert answer.status_code == 422
    assert "Say in a few words what the file is for." in answer.text
    answer = client.post("/lists/customers/export", data={**filled, "purpose": "A letter", "recipient": "The printer"})
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "The printer" in page
    assert "A letter" in client.get("/exports").text


def test_a_step_that_dies_leaves_nothing_and_the_next_try_makes_the_same_file(app, alpha, monkeypatch):
    whole = x.made(app, alpha, "tenant_admin", "customers")
    monkeypatch.setattr(steps, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(steps, "STEP_SECONDS", 0.0)
    export_id = x.ask(app, alpha, "tenant_admin", "customers")
    report, died = steps.report, []

    def dies(job, **told):
        report(job, **told)
        # After the part is written, before anything is committed: the worst moment, once for every part.
        if "checkpoint" in told and told["done"] not in died:
            died.append(told["done"])
            raise RuntimeError("killed")

    monkeypatch.setattr(steps, "report", dies)
    for _ in range(100):
        with app.app_context(), tenant(alpha.id):
            row = db.session.scalars(
                select(Outbox.id).where(Outbox.queue == "exports", Outbox.done_at.is_(None)).order_by(Outbox.id)
            ).first()
        if row is None:
            break
        with app.app_context(), tenant(alpha.id), transaction():
            now = {"attempts": 0, "lease_until": None, "available_at": func.now()}
            db.session.execute(update(Outbox).where(Outbox.id == row).values(now))
        with app.app_context():
            runner.run(alpha.id, str(row))
    assert len(died) >= 3
    assert x.taken(app, alpha, "tenant_admin", export_id) == whole


def test_a_canceled_export_leaves_no_parts_and_counts_no_rows(app, alpha, monkeypatch):
    monkeypatch.setattr(steps, "_finish", lambda work, kept: steps.next_step(work.job))
    export_id = x.ask(app, alpha, "tenant_admin", "customers")
    work_off_some(app, alpha, 2)
    with app.app_context(), tenant(alpha.id), transaction():
        row = db.session.get_one(Export, export_id)
        assert row.rows > 0
        db.session.get_one(Job, row.job_id).cancel_requested = True
    work_off(app, alpha, queue="exports")
    with app.app_context(), tenant(alpha.id):
        row = db.session.get_one(Export, export_id)
        assert (row.state, row.rows) == ("failed", 0)
        assert db.session.scalars(select(StoredFile).where(StoredFile.kind == "export_part")).all() == []


def test_an_export_whose_step_died_for_good_has_failed_and_can_be_tried_again(app, alpha, client_for, monkeypatch):
    client, finish = client_for(alpha), steps._finish

    def dies(work, kept):
        raise RuntimeError("killed")

    monkeypatch.setattr(steps, "_finish", dies)
    export_id = x.ask(app, alpha, "tenant_admin", "customers", purpose="Will die")
    work_off_some(app, alpha, 1)
    with app.app_context(), tenant(alpha.id), transaction():
        assert db.session.get_one(Export, export_id).rows > 0
        db.session.execute(update(Outbox).where(Outbox.queue == "exports").values(max_attempts=1))
    work_off_some(app, alpha, 1)
    with app.app_context(), tenant(alpha.id):
        row = db.session.get_one(Export, export_id)
        assert (row.state, row.rows) == ("failed", 0)
        assert db.session.scalars(select(StoredFile).where(StoredFile.kind == "export_part")).all() == []
    assert "Being made" not in client.get(f"/exports/{to_public('exp', export_id)}").text
    assert "Will die" in client.get("/exports?state=failed").text
    monkeypatch.setattr(steps, "_finish", finish)
    with app.app_context(), tenant(alpha.id), transaction():
        retry_job(x.actor_of("tenant_admin"), db.session.get_one(Export, export_id).job_id)
    work_off(app, alpha, queue="exports")
    assert b"Linked 6" in x.taken(app, alpha, "tenant_admin", export_id)


def work_off_some(app, of, count):
    """As many steps, though more are waiting."""
    for _ in range(count):
        with app.app_context(), tenant(of.id):
            found = db.session.scalars(
                select(Outbox.id)
                .where(Outbox.queue == "exports", Outbox.done_at.is_(None), Outbox.dead_at.is_(None))
                .order_by(Outbox.id)
            ).first()
        with app.app_context():
            runner.run(of.id, str(found))
