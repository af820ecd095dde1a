"""Erasing somebody takes every file he may stand in, at once and on record; what exports are for lies sealed."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.errors import NotFound
from app.core.guard.erasing import erase_subject
from app.core.guard.keys import SealBroken
from app.core.guard.models import AuditEntry, StoredFile
from app.core.guard.permissions import system_actor
from app.core.jobs.models import Job
from app.core.lists.exports import operations, schedules, steps, taking
from app.core.lists.exports.models import Export, ExportLink
from app.core.lists.exports.purposes import purpose_of, purpose_of_schedule, recipient_of
from app.core.lists.exports.states import ExportState
from app.crm.operations.contacts import ContactInput
from app.crm.operations.customers import create_customer
from app.tenants.models import Store
from tests.fixtures import dumps, people
from tests.fixtures import exporting as x
from tests.fixtures.dealerships import make_dealership
from tests.fixtures.importing import work_off

SYSTEM = system_actor("test")
PHONE, TYPED = "+12025550187", "+1 (202) 555-0187"


@pytest.fixture
def place(app):
    made = make_dealership(app, "files")
    x.set_rules(app, made, contact="seen")
    return made


def somebody(app, place, name="Ferdinand Example"):
    with app.app_context(), tenant(place.id), transaction():
        store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
        made = create_customer(
            actor=SYSTEM, kind="individual", name=name, store_id=store, contact_points=[ContactInput("phone", PHONE)]
        )
        return made.id


def erase(app, place, key):
    with app.app_context(), tenant(place.id), transaction():
        erase_subject(x.actor_of("tenant_admin"), key, "customer")


def entries(app, place, action):
    with app.app_context(), tenant(place.id):
        rows = db.session.scalars(select(AuditEntry).where(AuditEntry.action == action)).all()
        return {row.record_id: (row.actor_id, row.record_type) for row in rows}


def begun(app, place, monkeypatch):
    """An export in the middle: a part is written, the file is not."""
    monkeypatch.setattr(steps, "STEP_SECONDS", 0.0)
    monkeypatch.setattr(steps, "ROWS_AT_ONCE", 1)
    export_id = x.ask(app, place, "tenant_admin", "customers")
    with pytest.raises(AssertionError, match="never end"):
        work_off(app, place, 2, queue="exports")
    with app.app_context(), tenant(place.id):
        assert db.session.scalars(select(StoredFile.id).where(StoredFile.kind == "export_part")).all() != []
    return export_id


def test_every_file_goes_at_once_and_is_named_in_the_audit(app, place, monkeypatch):
    key = somebody(app, place)
    for number in range(3):
        somebody(app, place, f"Other {number}")
    with app.app_context():
        empty = set(x.bytes_on_disk(place))
    ready = x.ask(app, place, "tenant_admin", "customers")
    work_off(app, place, queue="exports")
    with app.app_context(), tenant(place.id), transaction():
        taking.make_link(x.actor_of("tenant_admin"), ready)
    asked = x.ask(app, place, "tenant_admin", "customers", unmasked=True)
    started = begun(app, place, monkeypatch)
    with app.app_context():
        assert len(set(x.bytes_on_disk(place)) - empty) >= 2
    erase(app, place, key)
    with app.app_context():
        assert set(x.bytes_on_disk(place)) <= empty
    assert [x.state_of(app, place, one) for one in (ready, started, asked)] == ["gone", "gone", "waiting"]
    with app.app_context(), tenant(place.id):
        who = people.find_user("tenant_admin").id
        assert db.session.scalars(select(ExportLink.id)).all() == []
        assert db.session.scalars(select(StoredFile.id)).all() == []
        assert db.session.get_one(Export, ready).file_key is None
        with pytest.raises(NotFound):
            taking.make_link(x.actor_of("tenant_admin"), ready)
    assert entries(app, place, "export.erase") == {ready: (who, "customer"), started: (who, "customer")}
    # The job of the one that was begun ends and says why; nothing new lies on the disk.
    monkeypatch.undo()
    work_off(app, place, queue="exports")
    with app.app_context(), tenant(place.id):
        job = operations.job_of(db.session.get_one(Export, started))
        assert (job.state, job.result["error"]) == ("failed", "erased")
    with app.app_context():
        assert set(x.bytes_on_disk(place)) <= empty
    assert x.state_of(app, place, started) == "gone"
    # Erasing somebody else names no file twice.
    erase(app, place, somebody(app, place, "Second"))
    assert set(entries(app, place, "export.erase")) == {ready, started}


def test_a_file_that_is_just_being_finished_goes_too(app, place, monkeypatch):
    key = somebody(app, place)
    export_id = x.ask(app, place, "tenant_admin", "customers")
    save, saved = steps.files.save_file, []

    def erased_meanwhile(*args, **values):
        found = save(*args, **values)
        if args[2] == "export":
            saved.append(found.id)
            other = threading.Thread(target=erase, args=(app, place, key))
            other.start()
            other.join(60)
            assert not other.is_alive()
        return found

    monkeypatch.setattr(steps.files, "save_file", erased_meanwhile)
    work_off(app, place, queue="exports")
    assert len(saved) == 1
    assert x.state_of(app, place, export_id) == ExportState.GONE
    with app.app_context(), tenant(place.id):
        assert db.session.scalars(select(StoredFile.id)).all() == []
        job = db.session.scalars(select(Job).where(Job.kind == operations.KIND)).one()
        assert job.result["error"] == "erased"
    with app.app_context():
        assert x.bytes_on_disk(place) == {}


def test_what_an_export_is_for_is_read_by_pages_and_by_no_copy(app, place, client_for):
    words, to = "A letter about Ferdinand's loan", "The notary Quillfeather"
    export_id = x.ask(app, place, "tenant_admin", "customers", purpose=words, recipient=to)
    client = client_for(place)
    listed = client.get("/exports?cols=list,recipient").text
    assert "A letter about Ferdinand" in listed
    assert to in listed
    with app.app_context(), tenant(place.id):
        row = db.session.get_one(Export, export_id)
        assert (purpose_of(row), recipient_of(row)) == (words, to)
        found = dumps.take(place).places_of("loan", "Quillfeather")
        assert {one for one in found if not one.startswith("opened")} == set()
        assert "opened core_exports.purpose_enc" in found


def test_words_about_whoever_is_erased_go_and_a_schedule_without_any_stops(app, place, client_for):
    key = somebody(app, place)
    named = x.ask(app, place, "tenant_admin", "customers", purpose=f"To ring {TYPED}", recipient=f"who rings {TYPED}")
    plain = x.ask(app, place, "tenant_admin", "customers", purpose="The yearly letter")
    with app.app_context(), tenant(place.id), transaction():
        admin = x.actor_of("tenant_admin")
        plan = schedules.Plan("customers", "all", "csv", f"To ring {TYPED}", [admin.user_id], "day", 0, 6)
        schedule_id = schedules.create_schedule(admin, plan).id
    erase(app, place, key)
    with app.app_context(), tenant(place.id):
        assert [purpose_of(db.session.get_one(Export, one)) for one in (named, plain)] == ["", "The yearly letter"]
        assert recipient_of(db.session.get_one(Export, named)) == ""
        schedule = schedules.get_schedule(admin, schedule_id)
        assert purpose_of_schedule(schedule) == ""
        with transaction():
            schedule.next_at = clock.now()
            db.session.flush()
    x.tend(app, place)
    with app.app_context(), tenant(place.id):
        schedule = schedules.get_schedule(admin, schedule_id)
        assert (schedule.stopped, schedule.next_at) == ("purpose_gone", None)
        assert db.session.scalars(select(Export.id).where(Export.schedule_id == schedule_id)).all() == []
    assert "Say it again" in client_for(place).get("/exports/schedules").text


def test_a_purpose_moved_to_another_export_does_not_open(app, place):
    first, second = (x.ask(app, place, "tenant_admin", "customers", purpose=f"Letter {n}") for n in range(2))
    with app.app_context(), tenant(place.id), transaction():
        rows = [db.session.get_one(Export, one) for one in (first, second)]
        assert rows[0].purpose_enc != rows[1].purpose_enc
        rows[0].purpose_enc = rows[1].purpose_enc
        with pytest.raises(SealBroken):
            purpose_of(rows[0])
