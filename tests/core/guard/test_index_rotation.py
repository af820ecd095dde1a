"""A new index key while people work: everybody is found throughout, what is unique stays so, nothing old is left."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine

from app.core.db import db, tenant, transaction
from app.core.errors import DomainError
from app.core.guard import indexes, keys, reindexing, vault
from app.core.jobs import rotation, runner
from app.core.jobs.models import JobState, Outbox
from app.core.lists.search import rebuilding
from app.crm import queries
from app.crm.errors import ContactRepeated
from app.crm.operations.contacts import add_contact_point
from app.tenants.errors import EmailTaken
from app.tenants.models import User
from app.tenants.operations import signing
from tests.fixtures import dumps
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


def test_everybody_is_found_before_meanwhile_and_after_in_every_process(
    app, place, another_app, small_steps, monkeypatch
):
    time, other = Clock(monkeypatch), another_app()
    known = [world.add_person(number) for number in range(3)]
    assert world.import_again() == {"created": 3}
    with other.app_context(), tenant(place.id):
        assert world.missed(known) == []
    old = keys.tenant_keys().indexes[1][0]
    job_id = world.begin(HOUR)
    # This process knows the new key at once and the other does not: both go on with the old one.
    assert len(vault.every_index("phone", "1")) == 2
    with other.app_context(), tenant(place.id):
        assert vault.every_index("phone", "1") == [mark_of("1")]
        known.append(world.add_person(50))
        assert world.missed(known) == []
    known.append(world.add_person(51))
    assert world.missed(known) == []
    # Minutes later the other has read the keys anew; after the hour both write with the new one from then on.
    time.move(minutes=10)
    world.learn(other, place)
    before = mark_of("1")
    time.move(minutes=51)
    assert mark_of("1") != before
    with other.app_context(), tenant(place.id):
        assert mark_of("1") != before
        known.append(world.add_person(60))
        assert world.missed(known) == []
    known.append(world.add_person(61))
    # For another hour nothing is made anew: a transaction may still end that began before.
    assert world.take_step(app, place, job_id)
    assert world.state_of(job_id).checkpoint["phase"] == "wait"
    time.move(hours=1)
    world.make_due(place, job_id)
    steps_taken = 0
    while world.take_step(app, place, job_id):
        steps_taken += 1
        if steps_taken % 4 == 0:
            known.append(world.add_person(100 + steps_taken))
        assert world.missed(known[:1] + known[-1:]) == []
        with other.app_context(), tenant(place.id):
            assert world.missed(known[1:2] + known[-1:]) == []
        time.move(minutes=1)
        world.make_due(place, job_id)
    assert steps_taken > 12
    job = world.state_of(job_id)
    assert (job.state, job.result["destroyed"], job.result["forgotten"]) == (JobState.SUCCEEDED, 1, 0)
    assert world.versions(place) == [2]
    with other.app_context(), tenant(place.id):
        assert world.missed(known) == []
        keys.forget_keys(place.id)
        assert world.missed(known) == []
    assert world.missed(known) == []
    assert world.import_again() == {"duplicate": 3}
    assert left_under(old, place, known) == []
    assert world.wrong() == []


def left_under(old: bytes, place, known) -> list[str]:
    """Where anything stands that the old key makes of anybody's values: in whatever column of whatever table."""
    marks = []
    for person in known:
        for kind, text in (
            ("phone", person.phone), ("email", person.email), ("plate", person.plate),
            ("search.customer.phone.whole", person.phone[1:]), ("search.customer.phone.tail", person.phone[-4:]),
            ("search.customer.email.whole", person.email), ("search.vehicle.plate.whole", person.plate),
            ("sign_in.account", person.email),
        ):  # fmt: skip
            mark = vault._fingerprint(old, kind, text)
            marks += [mark, mark.hex(), str(int.from_bytes(mark[:8], "big", signed=True))]
    dump = dumps.take(place)
    assert dump.places_of(*(mark for person in known for mark in _today(person))) >= {
        "crm_contact_points.value_index", "core_search_entries.tokens", "inventory_vehicles.plate_index",
        "tenants_users.email_index",
    }  # fmt: skip
    return sorted(dump.places_of(*marks))


def _today(person) -> list[str | bytes]:
    token = vault.blind_index("search.customer.phone.whole", person.phone[1:])[:8]
    return [
        vault.blind_index("phone", person.phone), vault.blind_index("plate", person.plate),
        vault.blind_index("email", person.email), str(int.from_bytes(token, "big", signed=True)),
    ]  # fmt: skip


def test_killed_between_two_steps_it_goes_on_where_it_was(app, place, small_steps, monkeypatch):
    known = [world.add_person(number) for number in range(4)]
    job_id = world.begin(NOTHING)
    for _ in range(3):
        assert world.take_step(app, place, job_id)
    reached = world.state_of(job_id).checkpoint
    real, calls = reindexing._store, []

    def killed(item, changes):
        real(item, changes)
        calls.append(str(item.column))
        raise ZeroDivisionError

    monkeypatch.setattr(reindexing, "_store", killed)
    monkeypatch.setattr(rotation, "INDEX_STEP_SECONDS", 20.0)
    with app.app_context():
        outcome = runner.run(place.id, waiting(place, job_id))
    assert outcome == runner.Outcome.FAILED
    assert calls
    # What the killed step had done is undone whole.
    assert world.state_of(job_id).checkpoint == reached
    assert world.missed(known) == []
    monkeypatch.setattr(reindexing, "_store", real)
    monkeypatch.setattr(rotation, "INDEX_STEP_SECONDS", 0.0)
    world.make_due(place, job_id)
    while world.take_step(app, place, job_id):
        assert world.missed(known) == []
    assert world.state_of(job_id).state == JobState.SUCCEEDED
    assert world.versions(place) == [2]
    assert world.missed(known) == world.wrong() == []


def waiting(place, job_id: uuid.UUID) -> str:
    own = Outbox.payload["job_id"].astext == str(job_id), Outbox.done_at.is_(None)
    found = db.session.scalars(select(Outbox.id).where(*own)).one()
    db.session.rollback()
    return str(found)


def test_a_canceled_one_leaves_both_keys_good_and_the_next_one_ends_both(app, place, small_steps):
    known = [world.add_person(number) for number in range(2)]
    first = world.begin(NOTHING)
    for _ in range(3):
        world.take_step(app, place, first)
    with pytest.raises(rotation.RotationUnderWay), transaction():
        rotation.begin_rotation(SYSTEM, rotation.INDEX)
    with transaction():
        world.state_of(first).cancel_requested = True
    world.take_step(app, place, first)
    assert world.state_of(first).state == JobState.CANCELED
    assert world.missed(known) == []
    second = world.begin(NOTHING)
    assert len(vault.every_index("phone", "1")) == 3
    while world.take_step(app, place, second):
        assert world.missed(known) == []
    assert world.state_of(second).result["destroyed"] == 2
    assert world.versions(place) == [3]
    assert world.missed(known) == world.wrong() == []


def test_what_is_unique_stays_so_while_two_keys_are_good(app, place):
    person = world.add_person(7)
    taken = db.session.get_one(User, person.user).email_index
    job_id = world.begin(NOTHING)
    assert vault.blind_index("email", person.email) != taken
    with pytest.raises(EmailTaken):
        world.add_person(7)
    db.session.rollback()
    with pytest.raises(ContactRepeated), transaction():
        add_contact_point(actor=SYSTEM, customer_id=person.customer, kind="phone", value=person.phone)
    # Two people with one phone, one under each key, are told of each other.
    again = world.add_person(8)
    with transaction():
        add_contact_point(actor=SYSTEM, customer_id=again.customer, kind="phone", value=person.phone)
    for one, two in ((person, again), (again, person)):
        assert two.customer in {found.customer_id for found in queries.find_duplicates(SYSTEM, one.customer)}
    while world.take_step(app, place, job_id):
        pass
    with pytest.raises(EmailTaken):
        world.add_person(7)
    db.session.rollback()
    # Nothing else of the rows moved.
    assert db.session.get_one(User, person.user).version == 1


def test_whoever_stores_the_same_value_waits_for_the_other_process(app, place, another_app):
    other = another_app()
    world.begin(HOUR)
    with transaction():
        vault_before = vault.blind_index("email", "same@example.org")
        reserved = indexes.is_taken(User.email_index, "email", "same@example.org")
        with other.app_context(), tenant(place.id):
            # The other writes with the new key already, and meets the lock of the one that does not yet.
            known = keys.tenant_keys()
            known.indexes[2] = (known.indexes[2][0], None)
            assert vault.blind_index("email", "same@example.org") != vault_before
            free = [
                db.session.scalar(select(func.pg_try_advisory_xact_lock(indexes.lock_number("email", email))))
                for email in ("same@example.org", "another@example.org")
            ]
            db.session.rollback()
    assert (reserved, free) == (False, [False, True])


def test_outside_a_rotation_nothing_more_is_asked(app, place):
    person = world.add_person(1)
    world.missed([person])
    said: list[str] = []

    def note(connection, cursor, statement, *others):
        said.append(statement)

    def asked() -> int:
        said.clear()
        with pytest.raises(DomainError), transaction():
            users_email_again(person)
        with transaction():
            signing.count_attempt("account", "somebody@example.org")
        world.missed([person])
        return len(said)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        asked()
        usual = asked()
        assert not any("advisory" in statement or "wrapped_keys" in statement for statement in said)
        world.begin(NOTHING)
        asked()
        # Where there is something to hold, this is what it costs.
        assert asked() > usual
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def users_email_again(person) -> None:
    add_contact_point(actor=SYSTEM, customer_id=person.customer, kind="phone", value=person.phone)


def test_the_command_does_it_at_once_where_nobody_works(app, place):
    person = world.add_person(1)
    db.session.rollback()
    answer = app.test_cli_runner().invoke(args=["keys", "rotate", "index", place.slug, "--now"])
    assert (answer.exit_code, "succeeded" in answer.output) == (0, True), answer.output
    assert world.versions(place) == [2]
    assert world.missed([person]) == world.wrong() == []
