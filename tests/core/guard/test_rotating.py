"""New keys for old: everything opens before, meanwhile and afterwards, and nothing is left under the old key."""

from __future__ import annotations

import base64
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core.db import db, tenant, transaction
from app.core.db.columns import new_id
from app.core.db.ids import from_public, to_public
from app.core.db.owner import owner
from app.core.db.sealing import Holder
from app.core.guard import audit, keys, platform_keys, rotating, vault
from app.core.guard.key_models import OldSubjectKey
from app.core.guard.keys import SealBroken
from app.core.guard.models import SubjectKey
from app.core.guard.permissions import system_actor
from app.core.guard.sealed import sealed_columns
from app.core.jobs import rotation, runner
from app.core.jobs.models import Job, JobState
from app.core.lists.models import SavedFilter
from app.core.lists.saved_filters import load_filter, save_filter
from app.crm import queries
from app.crm.models import ContactPoint, Customer
from app.crm.operations.contacts import ContactInput
from app.crm.operations.customers import create_customer
from app.tenants.models import Store
from tests.fixtures.dealerships import make_dealership
from tests.fixtures.importing import work_off
from worker.tasks import keys as tasks

SYSTEM = system_actor("test")
NOTHING = timedelta(0)
assert tasks is not None


@pytest.fixture
def place(app):
    made = make_dealership(app, "rotating")
    with app.app_context(), tenant(made.id):
        yield made


def add_people(count: int, first: int = 0) -> list[uuid.UUID]:
    store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
    with transaction():
        return [
            create_customer(
                actor=SYSTEM, kind="individual", name=f"Person {number}", store_id=store,
                contact_points=[ContactInput("phone", f"+1202555{number:04d}")],
            ).id
            for number in range(first, first + count)
        ]  # fmt: skip


def phones(ids) -> set[str]:
    db.session.rollback()
    return {value for own in queries.contacts_in_the_clear(ids).values() for _, value in own}


def begin(kind: str) -> uuid.UUID:
    with transaction():
        return rotation.begin_rotation(SYSTEM, kind, grace=NOTHING).id


def ended(app, place, job_id: uuid.UUID) -> Job:
    work_off(app, place, queue="ops")
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Job, job_id)


def generations() -> set[int]:
    """Of every value in a column that can be written anew."""
    found = set()
    for item in sealed_columns(Holder.SUBJECT, Holder.ROW):
        if item.can_change:
            blobs = db.session.scalars(select(item.column).where(item.column.is_not(None)))
            found |= {vault.generation_of(blob) for blob in blobs}
    return found


def test_a_dealerships_key_is_replaced_while_another_process_seals_with_the_old_one(
    app, place, another_app, monkeypatch
):
    monkeypatch.setattr(rotating, "AT_ONCE", 3)
    ids = add_people(8)
    other = another_app()
    with other.app_context(), tenant(place.id):
        # That process has the old key at hand, and keeps it for some minutes.
        assert keys.tenant_keys().current == 1
    job_id = begin(rotation.TENANT)
    assert keys.tenant_keys().current == 2
    with other.app_context(), tenant(place.id):
        assert keys.tenant_keys().current == 1
        late = add_people(1, first=50)
    ids += add_people(1, first=60)
    # What this process seals with the new key, the other opens: it looks for a version it does not know.
    monkeypatch.setattr(keys, "_RELOAD_SECONDS", 0.0)
    with other.app_context(), tenant(place.id):
        assert phones(ids[-1:]) == {"+12025550060"}
    job = ended(app, place, job_id)
    assert (job.state, job.result["destroyed"]) == (JobState.SUCCEEDED, 1)
    assert rotating.count_older(2) == {}
    assert set(db.session.scalars(select(SubjectKey.key_version))) == {2}
    with owner() as connection:
        query = "SELECT key_version FROM wrapped_keys WHERE tenant_id = %s AND purpose = 'data'"
        assert connection.execute(query, [place.id]).fetchall() == [(2,)]
    assert phones([*ids, *late]) == {f"+1202555{number:04d}" for number in (*range(8), 50, 60)}
    assert [line.action for line in audit.list_history(SYSTEM, "customer", ids[0])] == ["customer.create"]
    assert audit.list_history(SYSTEM, "customer", ids[0])[0].changes["name"] == (None, "Person 0")


def test_killed_in_the_middle_it_goes_on_where_it_was(app, place, monkeypatch):
    monkeypatch.setattr(rotation, "STEP_SECONDS", 0.0)
    ids = add_people(7)
    job_id = begin(rotation.SUBJECTS)
    real = rotating.replace_subject_keys
    calls = []

    def killed_once(after, before, limit=2):
        calls.append(after)
        found = real(after, before, limit=limit)
        if len(calls) == 2:
            raise ZeroDivisionError
        return found

    monkeypatch.setattr(rotating, "replace_subject_keys", killed_once)
    with app.app_context():
        waiting = _waiting(app, place, job_id)
        assert runner.run(place.id, waiting) == runner.Outcome.DONE
        assert runner.run(place.id, _waiting(app, place, job_id)) == runner.Outcome.FAILED
    # What the killed step had done is undone whole; everything opens.
    assert phones(ids) == {f"+1202555{number:04d}" for number in range(7)}
    monkeypatch.setattr(rotation, "STEP_SECONDS", 20.0)
    _make_due(place, job_id)
    job = ended(app, place, job_id)
    assert job.state == JobState.SUCCEEDED
    assert generations() == {2}
    assert phones(ids) == {f"+1202555{number:04d}" for number in range(7)}


def test_a_value_from_before_rows_had_keys_opens_and_gets_one(app, place):
    user_id, told = new_id(), {"phone": ["+12025550133"]}
    with transaction():
        kept = [from_public("flt", save_filter("customers", user_id, told)) for _ in range(3)]
        for row in db.session.scalars(select(SavedFilter)):
            row.conditions = vault.seal_json("core_filters", "conditions", row.id, told)
        # The newest was written when rows had keys already.
        vault.drop_keys(kept[:2])

    def opened() -> list[object]:
        db.session.rollback()
        return [load_filter("customers", user_id, to_public("flt", row_id)) for row_id in kept]

    assert opened() == [told] * 3
    assert ended(app, place, begin(rotation.SUBJECTS)).state == JobState.SUCCEEDED
    assert opened() == [told] * 3
    assert ended(app, place, begin(rotation.TENANT)).result["destroyed"] == 1
    assert opened() == [told] * 3
    # Each lies under a key of its row's now: the third's is its second.
    assert generations() == {1, 2}


def test_killed_when_the_old_key_is_destroyed_it_loses_nothing(app, place, monkeypatch):
    ids = add_people(4)
    job_id = begin(rotation.TENANT)
    for _ in range(2):
        # Everything is written anew, and the time is over in which others may seal with the old key.
        assert runner.run(place.id, _waiting(app, place, job_id)) == runner.Outcome.DONE
    # Somebody's transaction was the last to seal with the old key.
    with transaction():
        row = db.session.get_one(SubjectKey, ids[0])
        plain = keys.unlock(keys.wrapping_key(2), row.wrapped, keys.context_of("subject-key", place.id, ids[0]))
        row.wrapped = keys.lock(keys.wrapping_key(1), plain, keys.context_of("subject-key", place.id, ids[0]))
        row.key_version = 1
    real = platform_keys.drop_keys

    def killed(*args):
        real(*args)
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(platform_keys, "drop_keys", killed)
        assert runner.run(place.id, _waiting(app, place, job_id)) == runner.Outcome.DONE
        assert runner.run(place.id, _waiting(app, place, job_id)) == runner.Outcome.FAILED
    keys.forget_keys(place.id)
    assert phones(ids) == {f"+1202555{number:04d}" for number in range(4)}
    _make_due(place, job_id)
    assert ended(app, place, job_id).state == JobState.SUCCEEDED
    assert phones(ids) == {f"+1202555{number:04d}" for number in range(4)}


def test_persons_keys_are_replaced_and_only_the_audits_stay(app, place, another_app):
    ids = add_people(3)
    index = vault.blind_index("phone", "+12025550000")
    version = db.session.get_one(Customer, ids[0]).version
    other = another_app()
    with other.app_context(), tenant(place.id), transaction():
        store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
        # Begun before the keys are replaced, ended after it.
        point = new_id()
        sealed = vault.seal(ids[0], "crm_contact_points", "value_enc", point, "+12025550099")
        assert store is not None
    job_id = begin(rotation.SUBJECTS)
    with app.app_context():
        runner.run(place.id, _waiting(app, place, job_id))
    db.session.rollback()
    with transaction():
        db.session.add(
            ContactPoint(
                id=point, customer_id=ids[0], kind="phone", status="valid", value_enc=sealed, value_masked="****",
                value_index=vault.blind_index("phone", "+12025550099"),
            )
        )  # fmt: skip
    assert phones(ids[:1]) == {"+12025550000", "+12025550099"}
    job = ended(app, place, job_id)
    assert job.state == JobState.SUCCEEDED
    assert generations() == {2}
    assert phones(ids[:1]) == {"+12025550000", "+12025550099"}
    # Of the seven or so with keys, those with an entry in the audit keep the old one for it.
    told = db.session.scalars(select(OldSubjectKey.subject_id)).all()
    assert set(ids) <= set(told)
    assert job.result["kept_for_the_audit"] == len(told)
    assert audit.list_history(SYSTEM, "customer", ids[1])[0].changes["name"] == (None, "Person 1")
    # Nothing else of the record moved.
    assert db.session.get_one(Customer, ids[0]).version == version
    kept = db.session.scalars(select(ContactPoint.value_index).where(ContactPoint.customer_id == ids[0])).all()
    assert index in kept
    with transaction():
        vault.destroy_subject_key(ids[0])
    left = select(func.count()).select_from(OldSubjectKey).where(OldSubjectKey.subject_id == ids[0])
    assert db.session.scalar(left) == 0
    assert phones(ids[:1]) == set()


def test_only_one_rotation_of_a_kind_at_a_time(app, place):
    begin(rotation.SUBJECTS)
    with pytest.raises(rotation.RotationUnderWay), transaction():
        rotation.begin_rotation(SYSTEM, rotation.SUBJECTS)


def test_the_master_key_is_replaced_with_both_good_meanwhile(app, place, another_app, environ):
    ids = add_people(2)
    old, new = environ["MASTER_KEY"], base64.b64encode(bytes(range(32, 64))).decode()
    both = another_app(MASTER_KEY=new, MASTER_KEY_PREVIOUS=old)
    with both.app_context(), tenant(place.id):
        assert len(phones(ids)) == 2
    try:
        with both.app_context():
            done = platform_keys.rotate_master()
            assert done.keys >= 2
            assert platform_keys.rotate_master() == platform_keys.MasterRotation(0, 0)
        with another_app(MASTER_KEY=new).app_context(), tenant(place.id):
            assert len(phones(ids)) == 2
        with another_app(MASTER_KEY=old).app_context(), tenant(place.id), pytest.raises(SealBroken):
            phones(ids)
    finally:
        with another_app(MASTER_KEY=old, MASTER_KEY_PREVIOUS=new).app_context():
            assert platform_keys.rotate_master().keys >= 2


def _waiting(app, place, job_id: uuid.UUID) -> str:
    with owner() as connection:
        query = f"SELECT id FROM {place.schema}.core_outbox WHERE payload->>'job_id' = %s AND done_at IS NULL"
        found = connection.execute(query.encode(), [str(job_id)]).fetchone()
    assert found is not None
    return str(found[0])


def _make_due(place, job_id: uuid.UUID) -> None:
    with owner() as connection:
        connection.execute(
            f"UPDATE {place.schema}.core_outbox SET available_at = now(), next_dispatch_at = now(), lease_until = NULL "
            "WHERE payload->>'job_id' = %s".encode(),
            [str(job_id)],
        )
