"""Who is told what: once however often it happens, with the change or not at all, many people step by step."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from app.core.db import Tenant, db, tenant, transaction
from app.core.guard.permissions import system_actor
from app.core.jobs import jobs, runner
from app.core.jobs.models import JobState, Outbox
from app.core.jobs.notices import JOB_FAILED, JOB_FINISHED
from app.core.jobs.topics import Subject
from app.notifications.models import Item
from app.notifications.operations import inbox, reactions, telling
from app.tenants.events import NEW_DEVICE, RIGHTS_CHANGED, GrantsOfRoleChanged, SignedInAt
from app.tenants.models import Membership, Role, Store, User
from app.tenants.operations import links, roles, users
from app.tenants.rules.signing import INVITATION
from tests.fixtures import people
from tests.notifications.conftest import Owed, end_job, items_of

SYSTEM = system_actor("test")


@pytest.fixture(autouse=True)
def empty(in_alpha: Tenant) -> None:
    with transaction():
        db.session.execute(delete(Item))
        db.session.execute(delete(Outbox))


def id_of(role: str) -> uuid.UUID:
    user = people.find_user(role)
    assert user is not None
    return user.id


def test_whoever_began_a_job_hears_of_its_end() -> None:
    job = end_job("gm")
    (item,) = items_of("gm")
    assert (item.topic, item.subject_id, item.read_at, item.done_at) == ("job.finished", job.id, None, None)
    assert db.session.scalar(select(func.count()).select_from(Item)) == 1


def test_a_job_of_the_system_tells_nobody() -> None:
    with transaction():
        jobs.finish_job(jobs.start_job(SYSTEM, "marker", {}, "tests.marker", "default", inline=True), JobState.FAILED)
    assert db.session.scalar(select(func.count()).select_from(Item)) == 0


def test_what_is_rolled_back_was_never_told() -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        telling.notify([id_of("gm")], JOB_FINISHED, Subject("job", uuid.uuid4()))
        raise ZeroDivisionError
    assert items_of("gm") == []


def test_a_retried_job_takes_its_failure_off_the_inbox() -> None:
    job = end_job("gm", JobState.FAILED)
    assert [item.topic for item in items_of("gm")] == ["job.failed"]
    with transaction():
        jobs.retry_job(SYSTEM, job.id)
        jobs.finish_job(job, JobState.SUCCEEDED)
    db.session.expire_all()
    assert {item.topic: item.done_at is not None for item in items_of("gm")} == {
        "job.failed": True,
        "job.finished": False,
    }


def test_a_canceled_job_is_no_news() -> None:
    end_job("gm", JobState.CANCELED)
    assert items_of("gm") == []


def test_the_same_thing_stands_there_once_and_comes_up_again() -> None:
    about, gm = Subject("job", uuid.uuid4()), people.actor_of("gm")
    with transaction():
        telling.notify([id_of("gm")], JOB_FAILED, about)
    with transaction():
        inbox.mark_read(gm, items_of("gm")[0].id)
    with transaction():
        telling.notify([id_of("gm")], JOB_FAILED, about)
    db.session.expire_all()
    (item,) = items_of("gm")
    assert (item.times, item.read_at) == (2, None)
    assert item.last_at > item.created_at
    with transaction():
        inbox.mark_done(gm, item.id)
    with transaction():
        telling.notify([id_of("gm")], JOB_FAILED, about)
    assert [(found.times, found.done_at is None) for found in items_of("gm")] == [(2, False), (1, True)]


def test_who_may_not_sign_in_is_told_nothing() -> None:
    with transaction():
        user = people.new_user("invited_only")
        user.state = "invited"
        db.session.add(user)
        db.session.flush()
        telling.notify([user.id, uuid.uuid4()], JOB_FINISHED, Subject("job", uuid.uuid4()))
    assert db.session.scalar(select(func.count()).select_from(Item)) == 0


def test_more_people_than_one_transaction_should_tell_are_refused() -> None:
    with pytest.raises(ValueError, match="audience"), transaction():
        telling.notify([uuid.uuid4() for _ in range(201)], JOB_FINISHED, Subject("job", uuid.uuid4()))


def many_with_role(count: int) -> tuple[uuid.UUID, set[uuid.UUID]]:
    """A role and its users."""
    with transaction():
        role = roles.create_role(SYSTEM, name=f"Many {uuid.uuid4()}", grants={})
        store_id = db.session.scalars(select(Store.id)).first()
        made = [people.new_user(f"many.{uuid.uuid4()}") for _ in range(count)]
        db.session.add_all(made)
        db.session.flush()
        db.session.add_all(Membership(id=uuid.uuid4(), user_id=u.id, store_id=store_id, role_id=role.id) for u in made)
    return role.id, {user.id for user in made}


def test_a_change_of_a_role_is_told_to_all_who_have_it_and_once_under_retry(
    app: Flask, in_alpha: Tenant, run_owed: Owed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "AT_ONCE", 3)
    role_id, members = many_with_role(8)
    changer = next(iter(members))
    with transaction():
        reactions.grants_changed(GrantsOfRoleChanged(role_id, changer))
    calls, tell = [], telling._tell

    def failing(*args: object) -> None:
        tell(*args)
        calls.append(args)
        if len(calls) == 2:
            raise ConnectionError

    monkeypatch.setattr(telling, "_tell", failing)
    assert run_owed(in_alpha, telling.FAN_OUT) == ["done", "failed"]
    with tenant(in_alpha.id), transaction():
        row = db.session.scalars(select(Outbox).where(Outbox.task == telling.FAN_OUT, Outbox.done_at.is_(None))).one()
        row.available_at = row.next_dispatch_at = row.created_at
        row.lease_until = None
    assert run_owed(in_alpha, telling.FAN_OUT) == ["done", "done"]
    with tenant(in_alpha.id):
        rows = db.session.execute(select(Item.user_id, Item.times).where(Item.topic == RIGHTS_CHANGED.key)).all()
        done = db.session.scalars(select(Outbox.id).where(Outbox.task == telling.FAN_OUT)).all()
    assert sorted(rows) == sorted((user_id, 1) for user_id in members - {changer})
    assert {runner.run(in_alpha.id, str(key)).value for key in done} == {"skipped"}


def test_whoever_invited_hears_of_it_and_else_whoever_may_invite(run_owed: Owed, in_alpha: Tenant) -> None:
    role_id = db.session.scalars(select(Role.id).where(Role.key == "lot_staff")).one()
    store_id = db.session.scalars(select(Store.id)).first()
    for number, actor in enumerate((people.actor_of("tenant_admin"), SYSTEM)):
        with transaction():
            user = users.invite_user(actor, name="New", email=f"new{number}@example.com", places=[(store_id, role_id)])
            link = db.session.get(links.Link, links.send_link(user.id, INVITATION))
            assert link is not None
            _, _, public_id, token = links.link_url(link).rsplit("/", 3)
            links.use_link(public_id, token, password="three red vans by a lake", repeated="three red vans by a lake")
        assert db.session.get(User, user.id).state == "active"  # type: ignore[union-attr]
        run_owed(in_alpha, telling.FAN_OUT)
        told = db.session.scalars(select(Item.user_id).where(Item.subject_id == user.id)).all()
        assert told == [id_of("tenant_admin")]


def test_a_new_device_is_told_and_a_known_one_is_not() -> None:
    gm = id_of("gm")

    def sign_in(device: str) -> None:
        with transaction():
            reactions.signed_in(SignedInAt(gm, uuid.uuid4(), device))

    for device in ("Firefox on Linux", "Firefox on Linux", "Chrome on Windows", "Firefox on Linux"):
        sign_in(device)
    db.session.expire_all()
    found = [item for item in items_of("gm") if item.topic == NEW_DEVICE.key]
    assert [item.done_at is None for item in found] == [False, True]
    assert "Firefox" not in "".join(item.same_key for item in found)


def test_one_dealership_tells_nobody_of_another(app: Flask, in_alpha: Tenant, beta: Tenant) -> None:
    end_job("gm")
    assert len(items_of("gm")) == 1
    with tenant(beta.id):
        assert items_of("gm") == []


def test_what_was_done_long_ago_is_forgotten_and_devices_are_not() -> None:
    gm = id_of("gm")
    with transaction():
        telling.notify([gm], JOB_FINISHED, Subject("job", uuid.uuid4()))
        telling.notify([gm], JOB_FAILED, Subject("job", uuid.uuid4()))
        telling.remember(gm, NEW_DEVICE, Subject("session", uuid.uuid4()), key="security.device:x")
    old = func.now() - func.make_interval(0, 0, 0, 91)
    with transaction():
        db.session.execute(Item.__table__.update().where(Item.topic != "job.failed").values(done_at=old))
        telling.forget_old()
    assert sorted(item.topic for item in items_of("gm")) == ["job.failed", "security.device"]
