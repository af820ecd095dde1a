"""The watch over all tests' writes: what it finds, what it leaves alone, and that its exemptions exist."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from app.core.db import db, tenant, transaction
from app.core.db.columns import new_id
from app.core.db.platform import platform_metadata
from app.core.db.session import taken_back
from app.core.guard import audit
from app.core.guard.permissions import system_actor
from app.tenants.models import Store, User
from app.tenants.operations import links
from app.tenants.rules.signing import PASSWORD_RESET
from tests.fixtures import people
from tests.fixtures.audited import EXEMPT, EXEMPT_PLACES, Transaction, Written, by_hand

SYSTEM = system_actor("test")


def send():
    """A part of an operation that leaves telling of it to its callers."""
    links.send_link(people.find_user("gm").id, PASSWORD_RESET)


@pytest.fixture
def found(app, alpha, watch_of_writes):
    """What is found of a transaction with `body`; the test itself is not to fail for it."""

    def run(body):
        with app.app_context(), tenant(alpha.id), transaction():
            body()
        items, watch_of_writes.found = watch_of_writes.found, []
        return {(item.verb, item.table) for item in items}

    return run


def test_a_write_without_an_entry_is_found(found):
    assert ("INSERT", "tenants_links") in found(send)


def test_an_entry_in_the_same_transaction_is_enough(found):
    assert found(lambda: (send(), audit.record(SYSTEM, "escape_test.send", "user", None))) == set()


def test_an_object_changed_and_left_to_the_commit_is_found(found):
    def set_password():
        user = links.find_user_by_email(people.email("gm"))
        links._set_password(user, *["three blue vans by the sea"] * 2)

    assert ("UPDATE", "tenants_users") in found(set_password)


def test_what_was_taken_back_is_not_found(found):
    def send_and_regret():
        with taken_back():
            send()

    assert found(send_and_regret) == set()


def test_an_entry_taken_back_is_no_entry(found):
    def regret_the_entry():
        send()
        with taken_back():
            audit.record(SYSTEM, "escape_test.send", "user", None)
            db.session.flush()

    assert ("INSERT", "tenants_links") in found(regret_the_entry)


def test_a_tests_own_hand_is_left_alone(found):
    def by_the_test():
        db.session.execute(update(User).where(User.id == new_id()).values(name="Nobody"))
        db.session.execute(update(Store).values(name=Store.name))
        with by_hand():
            send()

    assert found(by_the_test) == set()


@pytest.mark.parametrize(
    ("statement", "written"),
    [
        ("INSERT INTO crm_customers (id) VALUES (1)", [("INSERT", "crm_customers", set())]),
        ('COPY "crm_customers" ("id") FROM STDIN', [("INSERT", "crm_customers", set())]),
        ("UPDATE a SET b=1, c = now() WHERE d = 2", [("UPDATE", "a", {"b", "c"})]),
        ("WITH x AS (SELECT 1) DELETE FROM a USING x", [("DELETE", "a", set())]),
        ("SELECT 1", []),
    ],
)
def test_statements_are_read(monkeypatch, statement, written):
    monkeypatch.setattr("tests.fixtures.audited.asked_by", lambda: None)
    transaction = Transaction()
    transaction.take(statement, changed=True)
    assert [(item.verb, item.table, set(item.columns)) for item in transaction.written] == written


def test_only_the_columns_that_are_exempt_are(monkeypatch):
    monkeypatch.setitem(EXEMPT, "a: b c", "a test")
    assert Written("UPDATE", "a", frozenset({"b"}), "").is_exempt()
    assert not Written("UPDATE", "a", frozenset({"b", "d"}), "").is_exempt()
    assert not Written("INSERT", "a", frozenset(), "").is_exempt()


def test_what_is_exempt_exists_and_says_why():
    tables = {**db.metadata.tables, **platform_metadata.tables}
    for name, reason in EXEMPT.items():
        table, _, columns = name.rpartition(" ")[2].partition(": ") if ":" not in name else name.partition(": ")
        assert table in tables, name
        assert set(columns.split()) <= set(tables[table].columns.keys()), name
        assert reason, name
    assert [path for path in EXEMPT_PLACES if not Path(path).is_file()] == []
