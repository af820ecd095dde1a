"""What the rooms keep under the index key while it is replaced: counters, devices, imports, the erased and undone."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.core.db import db, tenant, transaction
from app.core.guard import reindexing, undo, vault
from app.core.guard.erasing import erase_subject
from app.core.jobs import rotation
from app.core.jobs.imports import mapping, settling, steps
from app.core.jobs.imports import operations as imports
from app.core.jobs.imports.models import Import, ImportMark, ImportRow
from app.core.jobs.imports.uploads import table_of
from app.core.jobs.models import JobState
from app.core.lists.search import rebuilding
from app.crm.models import ContactPoint
from app.crm.operations.contacts import add_contact_point, remove_contact_point
from app.crm.operations.customers import delete_customer
from app.notifications.models import Item
from app.notifications.operations import reactions
from app.tenants.errors import TooManyAttempts
from app.tenants.events import NEW_DEVICE, SignedInAt
from app.tenants.models import SignInAttempt, User
from app.tenants.operations import signing
from tests.fixtures import people
from tests.fixtures import rotation as world
from tests.fixtures.dealerships import make_dealership
from tests.fixtures.factors import Clock
from worker.tasks import keys as tasks

HOUR, NOTHING = timedelta(hours=1), timedelta(0)
SYSTEM = world.SYSTEM
assert tasks is not None


@pytest.fixture
def place(app):
    made = make_dealership(app, "reindexed")
    with app.app_context(), tenant(made.id):
        yield made


@pytest.fixture
def small_steps(monkeypatch):
    """A batch is a few rows, and a step is a batch."""
    monkeypatch.setattr(reindexing, "AT_ONCE", 4)
    monkeypatch.setattr(rebuilding, "AT_ONCE", 4)
    monkeypatch.setattr(rotation, "INDEX_STEP_SECONDS", 0.0)


def mark_of(text: str) -> bytes:
    return vault.blind_index("phone", text)


def test_what_slows_guessing_down_goes_on_counting(app, place, small_steps):
    person = world.add_person(3)
    key = {"kind": "account", "fingerprint": vault.blind_index("sign_in.account", person.email)}
    for _ in range(4):
        with transaction():
            signing.count_attempt("account", person.email)
            signing.count_attempt("account", "nobody@example.org")
    job_id = world.begin(NOTHING)
    with transaction():
        signing.count_attempt("account", person.email)
    assert db.session.scalars(select(SignInAttempt).filter_by(**key)).one_or_none() is None
    for _ in range(4):
        with transaction():
            signing.count_attempt("account", person.email)
    while world.take_step(app, place, job_id):
        pass
    with transaction():
        signing.count_attempt("account", person.email)
    with pytest.raises(TooManyAttempts), transaction():
        signing.count_attempt("account", person.email)
    with transaction():
        signing.forgive("account", person.email)
    assert db.session.scalar(select(func.count()).select_from(SignInAttempt)) == 0


def test_a_counter_nobody_touches_meanwhile_is_carried_over_when_it_is_somebodys(app, place, monkeypatch):
    time, person = Clock(monkeypatch), world.add_person(4)
    for kind, value in (("account", person.email), ("factor", str(person.user)), ("account", "nobody@example.org")):
        for _ in range(10):
            with transaction():
                signing.count_attempt(kind, value)
    job_id = world.begin(HOUR)
    time.move(hours=2, minutes=5)
    with transaction():
        signing.count_attempt("address", "192.0.2.7")
    world.make_due(place, job_id)
    while world.take_step(app, place, job_id):
        world.make_due(place, job_id)
    assert world.state_of(job_id).result["forgotten"] == 1
    rows = db.session.scalars(select(SignInAttempt).order_by(SignInAttempt.kind, SignInAttempt.attempts)).all()
    assert [(row.kind, row.attempts) for row in rows] == [("account", 10), ("address", 1), ("factor", 10)]
    assert rows[0].fingerprint == vault.blind_index("sign_in.account", person.email)


def test_a_device_is_recognised_under_either_key(app, place, small_steps):
    person, device = world.add_person(5), "Firefox, Linux"

    def seen() -> list[int]:
        with transaction():
            reactions.signed_in(SignedInAt(person.user, uuid.uuid4(), device))
        return list(db.session.scalars(select(Item.times).where(Item.topic == NEW_DEVICE.key)))

    assert seen() == [1]
    key = db.session.scalars(select(Item.same_key).where(Item.topic == NEW_DEVICE.key)).one()
    job_id = world.begin(NOTHING)
    assert seen() == [1]
    while world.take_step(app, place, job_id):
        pass
    assert seen() == [1]
    assert db.session.scalars(select(Item.same_key).where(Item.topic == NEW_DEVICE.key)).one() != key


def test_the_erased_stay_erased_and_what_is_taken_back_is_found(app, place):
    gone, person = world.add_person(1), world.add_person(2)
    admin = people.actor_of("tenant_admin")
    with transaction():
        for kind, subject_id in (("customer", gone.customer), ("vehicle", gone.vehicle), ("user", gone.user)):
            erase_subject(SYSTEM, subject_id, kind)
    noise = db.session.get_one(User, gone.user).email_index
    with transaction():
        delete_customer(actor=admin, customer_id=person.customer)
    offered = undo.last_offer()
    job_id = world.begin(NOTHING)
    while world.take_step(app, place, job_id):
        pass
    assert world.state_of(job_id).state == JobState.SUCCEEDED
    assert len(world.missed([gone])) == 10
    assert db.session.get_one(User, gone.user).email_index == noise
    with transaction():
        assert undo.take_back(admin, offered).done == 1
    assert world.missed([person]) == world.wrong() == []


def test_a_removed_contact_comes_back_under_the_key_of_now_and_once(app, place):
    person, admin = world.add_person(9), people.actor_of("tenant_admin")
    point = db.session.scalars(
        select(ContactPoint.id).where(ContactPoint.customer_id == person.customer, ContactPoint.kind == "phone")
    ).one()
    offers = []
    for again in (True, False):
        with transaction():
            remove_contact_point(actor=admin, customer_id=person.customer, contact_point_id=point)
        offers.append(undo.last_offer())
        if again:
            with transaction():
                point = add_contact_point(
                    actor=SYSTEM, customer_id=person.customer, kind="phone", value=person.phone
                ).id
    with transaction():
        point = add_contact_point(actor=SYSTEM, customer_id=person.customer, kind="phone", value=person.phone).id
    world.begin(NOTHING)
    with pytest.raises(undo.ChangedSince), transaction():
        undo.take_back(admin, offers[0])
    with transaction():
        remove_contact_point(actor=SYSTEM, customer_id=person.customer, contact_point_id=point)
    with transaction():
        undo.take_back(admin, offers[1])
    assert world.missed([person]) == []
    assert db.session.scalars(select(ContactPoint.value_index).where(ContactPoint.kind == "phone")).one() == mark_of(
        person.phone
    )


def test_an_import_under_way_goes_on_and_marks_of_before_are_forgotten(app, place, small_steps, monkeypatch):
    monkeypatch.setattr(steps, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(steps, "STEP_SECONDS", 0)
    monkeypatch.setattr(steps, "TIMES_READING", 0)
    text = world.FILE + world.FILE.removeprefix(world.HEAD)
    made = world.bring_in(text, "customers", run=False)
    with transaction():
        job = imports.start_run(SYSTEM, made.id, inline=True)
    with transaction():
        steps.run_rows(job.id, inline=True)
    first = set(db.session.scalars(select(ImportRow.identity)))
    rotating = world.begin(NOTHING)
    while world.take_step(app, place, rotating):
        pass
    assert len(first) == 2
    assert not first & set(db.session.scalars(select(ImportRow.identity)))
    while db.session.get_one(Import, made.id).state == "running":
        with transaction():
            steps.run_rows(job.id, inline=True)
        db.session.expire_all()
    assert db.session.get_one(Import, made.id).counts == {"created": 3, "duplicate": 3}
    # A mark of an earlier release, which has no digest.
    with transaction():
        db.session.execute(update(ImportMark).where(ImportMark.row_no == 1).values(said_enc=None))
    rotating = world.begin(NOTHING)
    while world.take_step(app, place, rotating):
        pass
    assert world.state_of(rotating).result["forgotten"] == 1
    assert set(db.session.scalars(select(ImportRow.identity))) == {None}
    assert world.import_again() == {"created": 1, "duplicate": 2}


def test_a_mark_of_an_earlier_release_is_known_until_then(app, place):
    world.import_again()
    with transaction():
        for mark in db.session.scalars(select(ImportMark)):
            text = vault.unseal_bytes("core_import_marks", "said_enc", mark.id, mark.said_enc).decode()
            assert mark.identity == vault.blind_index("import.customers.identity", text)
    with transaction():
        old = [row.identities[-1] for row in _rows_of(imports._kind("customers"))]
        for mark in db.session.scalars(select(ImportMark).order_by(ImportMark.row_no)):
            mark.identity, mark.said_enc = old[mark.row_no - 1], None
    assert world.import_again() == {"duplicate": 3}


def _rows_of(kind):
    found = db.session.scalars(select(Import)).one()
    reader = mapping.RowReader(kind.offered(SYSTEM), SYSTEM, found.headers, mapping.loaded(found.mapping))
    rows = [settling.read_row(reader, number, line) for number, line in enumerate(table_of(found).rows(), 1)]
    settling.fingerprint(kind, rows)
    return rows
