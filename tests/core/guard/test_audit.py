"""The audit: written with the change, sealed where it tells of people, shown by the field policy, never altered."""

import enum
from datetime import date
from decimal import Decimal

import pytest
from psycopg import errors
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core.db import db, tenant, transaction
from app.core.db.columns import INTERNAL, new_id
from app.core.guard import audit, vault
from app.core.guard.classes import CONTACT, COST
from app.core.guard.masks import FULL
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor, system_actor
from app.core.guard.policy import declare_record
from app.core.logging import bind, unbind

PHONE = "+8618049531999"
declare_record("audit_test", title=INTERNAL, phone=CONTACT, cost=COST)
PLAIN = Actor(user_id=new_id(), name="Kim", sights={"contact": "masked"})
TRUSTED = Actor(user_id=None, name="Lee", sights={"contact": "visible"})


@pytest.fixture(autouse=True)
def _context(app):
    with app.app_context():
        yield


def written(of, **values):
    """A committed entry about a new record; the record's id."""
    record_id = new_id()
    with tenant(of.id), transaction():
        audit.record(PLAIN, "audit_test.edited", "audit_test", record_id, **values)
    return record_id


def test_an_entry_says_who_what_and_on_which_request(alpha):
    bind(request_id="r-1")
    try:
        record_id = written(alpha, changes={"title": ("a", "b")})
    finally:
        unbind("request_id")
    with tenant(alpha.id):
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == record_id)).one()
        assert (entry.actor_id, entry.actor_name, entry.action) == (PLAIN.user_id, "Kim", "audit_test.edited")
        assert (entry.changes, entry.request_id, entry.sealed) == ({"title": ["a", "b"]}, "r-1", None)
        assert entry.at.tzinfo is not None


def test_an_operation_that_rolls_back_leaves_no_entry(alpha):
    record_id = new_id()
    with tenant(alpha.id):
        with pytest.raises(RuntimeError), transaction():
            audit.record(PLAIN, "audit_test.edited", "audit_test", record_id)
            db.session.flush()
            raise RuntimeError
        assert audit.list_history(PLAIN, "audit_test", record_id) == []


def test_personal_values_stand_nowhere_in_the_clear(alpha):
    record_id = written(alpha, changes={"title": ("a", "b")}, personal={"phone": (None, PHONE)})
    with tenant(alpha.id):
        row = db.session.execute(
            text("SELECT core_audit::text, sealed FROM core_audit WHERE record_id = :id"),
            {"id": record_id},
        ).one()
    assert PHONE not in row[0]
    assert PHONE.encode() not in row[1]


def test_history_follows_the_field_policy(alpha):
    record_id = written(
        alpha,
        changes={"title": ("a", "b"), "cost": (Decimal("1.50"), Decimal("2.00")), "mystery": (1, 2)},
        personal={"phone": (None, PHONE)},
    )
    with tenant(alpha.id):
        seen = {who.name: audit.list_history(who, "audit_test", record_id)[0].changes for who in (PLAIN, TRUSTED)}
        job = audit.list_history(system_actor("job"), "audit_test", record_id)[0].changes
    assert seen["Kim"] == {"title": ("a", "b"), "phone": (None, FULL)}
    assert seen["Lee"] == {"title": ("a", "b"), "phone": (None, PHONE)}
    assert job == {"title": ("a", "b"), "cost": ("1.50", "2.00"), "phone": (None, PHONE)}


def test_fields_that_did_not_change_are_left_out(alpha):
    record_id = written(alpha, changes={"title": ("a", "a")}, personal={"phone": (PHONE, PHONE)})
    with tenant(alpha.id):
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == record_id)).one()
        assert (entry.changes, entry.sealed) == ({}, None)


def test_erasing_a_person_erases_what_the_audit_says_of_them(alpha):
    subject = new_id()
    record_id = written(alpha, changes={"title": (1, 2)}, personal={"phone": (None, PHONE)}, subject_id=subject)
    with tenant(alpha.id):
        assert audit.list_history(TRUSTED, "audit_test", record_id)[0].changes["phone"] == (None, PHONE)
    with tenant(alpha.id), transaction():
        vault.destroy_subject_key(subject)
    with tenant(alpha.id):
        assert audit.list_history(TRUSTED, "audit_test", record_id)[0].changes == {"title": (1, 2)}


@pytest.mark.parametrize(
    "statement",
    ["UPDATE core_audit SET actor_name = 'x'", "DELETE FROM core_audit", "TRUNCATE core_audit"],
)
def test_the_tenant_can_change_no_entry(alpha, statement):
    written(alpha)
    with tenant(alpha.id):
        with pytest.raises(DBAPIError) as refused:
            db.session.execute(text(statement))
        assert isinstance(refused.value.orig, errors.InsufficientPrivilege)
        db.session.rollback()
        assert db.session.scalars(select(AuditEntry.id).limit(1)).first() is not None


def test_another_tenant_has_no_such_history(alpha, beta):
    record_id = written(alpha, changes={"title": ("a", "b")})
    with tenant(beta.id):
        assert audit.list_history(system_actor("job"), "audit_test", record_id) == []


class Colour(enum.StrEnum):
    RED = "red"


def test_values_are_kept_without_loss(alpha):
    when, who = date(2026, 1, 31), new_id()
    values = {
        "colour": Colour.RED,
        "price": Decimal("10.10"),
        "on": when,
        "who": who,
        "tags": {"b", "a"},
        "on_lot": True,
    }
    record_id = written(alpha, changes={field: (None, value) for field, value in values.items()})
    with tenant(alpha.id):
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == record_id)).one()
        assert {field: pair[1] for field, pair in entry.changes.items()} == {
            "colour": "red",
            "price": "10.10",
            "on": "2026-01-31",
            "who": str(who),
            "tags": ["a", "b"],
            "on_lot": True,
        }


def test_a_float_is_refused(alpha):
    with tenant(alpha.id), pytest.raises(TypeError):
        audit.record(PLAIN, "audit_test.edited", "audit_test", new_id(), {"price": (None, 1.5)})
