"""Importing customers: names, sealed contacts found by their tokens, and the way back."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.core.db import db, transaction
from app.core.guard import audit, vault
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import system_actor
from app.crm import queries
from app.crm.models import ContactPoint, Customer
from app.crm.operations.activities import log_activity
from app.crm.operations.contacts import add_contact_point
from tests.fixtures.importing import bring_in, undo

SYSTEM = system_actor("test")
HEAD = "First Name,Last Name,Company,Phone,Mobile2,E-Mail,Store,Type,Notes"
pytestmark = pytest.mark.usefixtures("place")


def people(*rows: str) -> str:
    return "\n".join([HEAD, *rows])


def bring(text: str):
    return bring_in(text, "customers", columns={"other_phone": "Mobile2"})


def test_customers_come_in_with_sealed_contacts():
    made = bring(
        people(
            "芳,王,,(202) 555-0101,+1 202 555 0101,Fang@Example.COM,S1,,likes red",
            ",,Acme Inc,not a phone,,,S2,Company,",
        )
    )
    assert made.counts == {"created": 2}
    person = db.session.scalars(select(Customer).where(Customer.kind == "individual")).one()
    assert (person.name, person.given_name, person.family_name, person.notes) == ("王芳", "芳", "王", "likes red")
    points = queries.list_contact_points(person.id)
    # The same number written twice is one contact.
    assert [(point.kind, point.status, point.position) for point in points] == [
        ("phone", "valid", 0), ("email", "valid", 1),
    ]  # fmt: skip
    opened = vault.unseal(person.id, "crm_contact_points", "value_enc", points[0].id, points[0].value_enc)
    assert opened == "+12025550101"
    found = queries.find_similar(SYSTEM, "", None, [("email", "fang@example.com")])
    assert [item.customer_id for item in found] == [person.id]
    company = db.session.scalars(select(Customer).where(Customer.kind == "business")).one()
    assert [(point.status, point.value_masked) for point in queries.list_contact_points(company.id)] == [
        ("raw", "****")
    ]
    history = audit.list_history(SYSTEM, "customer", person.id)
    assert [line.action for line in history] == ["customer.create"]
    assert history[0].changes["name"] == (None, "王芳")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == person.id)).one()
    assert "王" not in str(entry.changes)
    assert entry.subject_id == person.id


def test_people_called_nothing_are_people():
    made = bring(people("Na,Null,,,,,S1,,", ",,—,,,,S1,,"))
    assert made.counts == {"created": 1, "failed": 1}
    assert db.session.scalars(select(Customer.name)).all() == ["Na Null"]


def test_a_row_that_says_the_same_otherwise_is_a_duplicate_and_another_person_is_not():
    bring(people("Ada,Novak,,202-555-0101,,a@b.example,S1,,"))
    again = bring(people("ADA,novak,,+1 (202) 555 0101,,A@B.example,S1,,", "Ada,Novak,,202-555-0102,,,S1,,"))
    assert again.counts == {"duplicate": 1, "created": 1}
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 2


def test_undo_leaves_whoever_was_worked_with():
    made = bring(people(*(f"P{n},Q,,+1 202 555 010{n},,,S1,," for n in range(5))))
    found = {customer.given_name: customer for customer in db.session.scalars(select(Customer))}
    with transaction():
        log_activity(actor=SYSTEM, customer_id=found["P1"].id, type="call")
        add_contact_point(actor=SYSTEM, customer_id=found["P2"].id, kind="email", value="x@y.example")
        found["P3"].notes = "changed"
    undo(made)
    assert made.counts == {"undone": 2, "created": 3}
    assert sorted(db.session.scalars(select(Customer.given_name))) == ["P1", "P2", "P3"]
    assert db.session.scalar(select(func.count()).select_from(ContactPoint)) == 4
