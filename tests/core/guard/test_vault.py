"""The vault on the real database: what is sealed opens in its place, in its tenant, and nowhere else."""

import threading
import uuid
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import DBAPIError

from app.core.db import db, tenant, transaction
from app.core.db.columns import new_id
from app.core.db.session import taken_back
from app.core.guard import keys, vault
from app.core.guard.keys import KeyMissing, SealBroken
from app.core.guard.models import SubjectKey
from app.core.guard.vault import Place

TABLE, COLUMN = "crm_contact_points", "value_enc"
PHONE = "+8618049531999"


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@contextmanager
def counted():
    """The statements sent within the body."""
    sent = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def sealed(of, value=PHONE):
    """A committed value: subject, row, bytes."""
    subject, row = new_id(), new_id()
    with tenant(of.id), transaction():
        return subject, row, vault.seal(subject, TABLE, COLUMN, row, value)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(max_size=200))
def test_every_text_comes_back(alpha, value):
    subject, row, blob = sealed(alpha, value)
    with tenant(alpha.id):
        assert vault.unseal(subject, TABLE, COLUMN, row, blob) == value
    assert len(value) < 4 or value.encode() not in blob


def test_equal_values_look_different(alpha):
    subject, row, blob = sealed(alpha)
    with tenant(alpha.id):
        assert vault.seal(subject, TABLE, COLUMN, row, PHONE) != blob


def test_a_value_moved_to_another_place_does_not_open(alpha):
    subject, row, blob = sealed(alpha)
    other, _, _ = sealed(alpha)
    with tenant(alpha.id):
        for place in [
            (subject, TABLE, COLUMN, new_id()),
            (subject, TABLE, "name_enc", row),
            (subject, "crm_customers", COLUMN, row),
            (other, TABLE, COLUMN, row),
        ]:
            with pytest.raises(SealBroken):
                vault.unseal(*place, blob)


def test_a_value_moved_to_another_tenant_does_not_open_even_with_its_key(alpha, beta):
    subject, row, blob = sealed(alpha)
    with tenant(beta.id), pytest.raises(KeyMissing):
        vault.unseal(subject, TABLE, COLUMN, row, blob)
    with tenant(alpha.id):
        stolen = db.session.execute(
            select(SubjectKey.wrapped, SubjectKey.key_version).where(SubjectKey.subject_id == subject)
        ).one()
    with tenant(beta.id), transaction():
        db.session.execute(insert(SubjectKey).values(subject_id=subject, wrapped=stolen[0], key_version=stolen[1]))
    with tenant(beta.id), pytest.raises(SealBroken):
        vault.unseal(subject, TABLE, COLUMN, row, blob)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_byte_is_noticed(alpha, data):
    subject, row, blob = sealed(alpha)
    at = data.draw(st.integers(0, len(blob) - 1))
    changed = blob[:at] + bytes([blob[at] ^ data.draw(st.integers(1, 255))]) + blob[at + 1 :]
    cut = blob[: data.draw(st.integers(0, len(blob) - 1))]
    with tenant(alpha.id):
        for broken in (changed, cut):
            with pytest.raises(SealBroken):
                vault.unseal(subject, TABLE, COLUMN, row, broken)


def test_many_values_cost_two_statements_to_seal_and_one_to_open(alpha):
    places = [Place(new_id(), TABLE, COLUMN, new_id()) for _ in range(300)]
    with tenant(alpha.id), transaction():
        with counted() as sent:
            blobs = vault.seal_many([(place, str(n)) for n, place in enumerate(places)])
        assert len(sent) == 2
    with tenant(alpha.id):
        with counted() as sent:
            assert vault.unseal_many(list(zip(places, blobs, strict=True))) == [str(n) for n in range(300)]
        assert len(sent) == 1
        with counted() as sent:
            vault.unseal_many(list(zip(places, blobs, strict=True)))
        assert sent == []


def test_two_writers_of_one_new_person_end_with_one_key(app, alpha):
    subject, row = new_id(), new_id()
    found, started = [], threading.Event()

    def second():
        with app.app_context(), tenant(alpha.id), transaction():
            started.set()
            found.append(vault.seal(subject, TABLE, COLUMN, row, "second"))

    with tenant(alpha.id), transaction():
        found.append(vault.seal(subject, TABLE, COLUMN, row, "first"))
        thread = threading.Thread(target=second)
        thread.start()
        assert started.wait(10)
    thread.join(10)
    with tenant(alpha.id):
        opened = vault.unseal_many([(Place(subject, TABLE, COLUMN, row), blob) for blob in found])
    assert opened == ["first", "second"]


def test_a_key_of_a_rolled_back_transaction_seals_nothing_more(alpha):
    subject, row = new_id(), new_id()
    with tenant(alpha.id):
        with pytest.raises(RuntimeError), transaction():
            vault.seal(subject, TABLE, COLUMN, row, "lost")
            raise RuntimeError
        with transaction():
            blob = vault.seal(subject, TABLE, COLUMN, row, "kept")
    with tenant(alpha.id):
        assert vault.unseal(subject, TABLE, COLUMN, row, blob) == "kept"


def test_a_key_of_a_rolled_back_savepoint_seals_nothing_more(alpha):
    subject, row = new_id(), new_id()
    with tenant(alpha.id), transaction() as session:
        savepoint = session.begin_nested()
        vault.seal(subject, TABLE, COLUMN, row, "lost")
        savepoint.rollback()
        blob = vault.seal(subject, TABLE, COLUMN, row, "kept")
    with tenant(alpha.id):
        assert vault.unseal(subject, TABLE, COLUMN, row, blob) == "kept"


def test_without_the_persons_key_nothing_opens(alpha):
    subject, row, blob = sealed(alpha)
    with tenant(alpha.id), transaction():
        vault.destroy_subject_key(subject)
    with tenant(alpha.id), pytest.raises(KeyMissing):
        vault.unseal(subject, TABLE, COLUMN, row, blob)


def test_a_blind_index_is_equal_within_a_tenant_and_a_kind_alone(alpha, beta):
    with tenant(alpha.id):
        here = vault.blind_index("phone", PHONE)
        assert vault.blind_indexes("phone", [PHONE]) == [here]
        assert vault.blind_index("email", PHONE) != here
        assert vault.blind_index("a", "bc") != vault.blind_index("ab", "c")
    with tenant(beta.id):
        assert vault.blind_index("phone", PHONE) != here
    assert len(here) == 16


def test_tenant_values_open_in_their_place_and_tenant_alone(alpha, beta):
    row, value = new_id(), {"phone": [None, PHONE], "n": 1}
    with tenant(alpha.id):
        blob = vault.seal_json("core_filters", "value", row, value)
        assert vault.unseal_json("core_filters", "value", row, blob) == value
        with pytest.raises(SealBroken):
            vault.unseal_json("core_filters", "value", new_id(), blob)
    with tenant(beta.id), pytest.raises(SealBroken):
        vault.unseal_json("core_filters", "value", row, blob)
    assert PHONE.encode() not in blob


def test_bytes_open_in_their_place_alone(alpha):
    row, content = new_id(), bytes(range(256))
    with tenant(alpha.id):
        blob = vault.seal_bytes("core_files", "content", row, content)
        assert vault.unseal_bytes("core_files", "content", row, blob) == content
        with pytest.raises(SealBroken):
            vault.unseal_bytes("core_files", "name", row, blob)


def test_what_was_tried_out_is_taken_back_with_its_keys(alpha):
    subject, row = new_id(), new_id()
    with tenant(alpha.id), transaction():
        with taken_back():
            vault.seal(subject, TABLE, COLUMN, row, "tried")
        assert db.session.get(SubjectKey, subject) is None
        blob = vault.seal(subject, TABLE, COLUMN, row, "kept")
    with tenant(alpha.id):
        assert vault.unseal(subject, TABLE, COLUMN, row, blob) == "kept"


def test_platform_values_open_in_their_place_alone():
    blob = vault.seal_platform("tenants", "request", "abc", PHONE)
    assert vault.unseal_platform("tenants", "request", "abc", blob) == PHONE
    with pytest.raises(SealBroken):
        vault.unseal_platform("tenants", "request", "abd", blob)


def test_a_tenant_cannot_read_the_wrapped_keys(alpha):
    with tenant(alpha.id):
        with pytest.raises(DBAPIError) as refused:
            db.session.execute(text("SELECT wrapped FROM platform.wrapped_keys"))
        assert isinstance(refused.value.orig, errors.InsufficientPrivilege)
        db.session.rollback()


def test_a_tenant_without_keys_seals_nothing():
    with pytest.raises(KeyMissing):
        keys._load("0" * 12)


def test_a_wrapped_key_opens_for_its_tenant_and_master_key_alone():
    row = keys.new_tenant_keys(bytes(32), "a" * 12)[0]
    for master, owner in [(bytes(31) + b"1", "a" * 12), (bytes(32), "b" * 12)]:
        with pytest.raises(SealBroken):
            keys.unlock(
                keys.AESGCM(keys.derived(master, "tenant-keys")),
                row["wrapped"],
                keys.context_of("tenant-key", owner, row["purpose"], row["key_version"]),
            )


def test_the_cache_is_bounded_and_keyed_by_tenant():
    cache = keys._Cache()
    for number in range(keys._CACHED_TENANTS + 1):
        cache.put(f"tenant{number}", number)
    assert cache.get("tenant0") is None
    assert cache.get("tenant1") == 1
    cache.forget("tenant1")
    assert cache.get("tenant1") is None
    assert uuid.UUID(int=1) not in cache._held
