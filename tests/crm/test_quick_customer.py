"""A customer in three fields: who it may be is said while typing, and the full form takes along what was typed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.core.db import db, tenant, transaction
from app.core.guard.permissions import system_actor
from app.crm.models import Activity, ContactPoint, Customer
from app.crm.operations import contacts, customers
from app.tenants.models import Store
from tests.factories.pages import error_of, field_of, post

SYSTEM = system_actor("test")
PATH, ALIKE = "/customers/quick", "/customers/duplicates"


@pytest.fixture
def known(app, alpha):
    """A customer of each of two stores, with a phone each."""
    with app.app_context(), tenant(alpha.id):
        stores = db.session.scalars(select(Store).order_by(Store.code)).all()
        if db.session.scalar(select(Customer.id).where(Customer.name_key == "quick known")) is None:
            with transaction():
                for at, name in enumerate(("Quick Known", "Quick Elsewhere")):
                    customers.create_customer(
                        actor=SYSTEM, kind="individual", store_id=stores[at].id, name=name,
                        contact_points=[contacts.ContactInput("phone", f"202 555 018{at}")],
                    )  # fmt: skip
        yield


def test_three_fields_make_a_customer_with_a_note(client_for, alpha, known):
    client = client_for(alpha, "salesperson")
    answer = post(client, PATH, kind="individual", name="Quick Made", phone="+1 202 555 0190", wanted="A red SUV")
    assert answer.status_code == 303
    made = db.session.scalars(select(Customer).where(Customer.name == "Quick Made")).one()
    assert made.owner_id is not None
    assert db.session.scalars(select(ContactPoint.kind).where(ContactPoint.customer_id == made.id)).all() == ["phone"]
    note = db.session.execute(select(Activity.type, Activity.body).where(Activity.customer_id == made.id)).one()
    assert tuple(note) == ("note", "A red SUV")
    assert "Quick Made" in client.get(answer.location).text


def test_what_is_missing_is_said_at_its_field_and_the_rest_stays(client_for, alpha, known):
    answer = post(client_for(alpha), PATH, kind="business", name="", phone="202 555", wanted="A van")
    assert answer.status_code == 422
    assert error_of(answer.text, "name")
    assert (field_of(answer.text, "phone"), field_of(answer.text, "wanted")) == ("202 555", "A van")


def test_the_full_form_takes_along_what_was_typed(client_for, alpha, known):
    before = db.session.scalars(select(Customer.id)).all()
    page = post(client_for(alpha), PATH, kind="business", name="Half Typed", phone="5550", wanted="A van", full="1")
    assert page.status_code == 200
    assert (field_of(page.text, "name"), field_of(page.text, "phone")) == ("Half Typed", "5550")
    assert "A van</textarea>" in page.text
    assert 'action="/customers"' in page.text
    assert db.session.scalars(select(Customer.id)).all() == before


@pytest.mark.parametrize(
    ("typed", "reason"),
    [({"phone": "(202) 555-0180"}, "same phone"), ({"phone": "+12025550180"}, "same phone"),
     ({"name": "  quick KNOWN "}, "same name")],
)  # fmt: skip
def test_whoever_it_may_be_is_named_while_typing(client_for, alpha, known, typed, reason):
    text = post(client_for(alpha), ALIKE, **typed).text
    assert "Quick Known" in text
    assert reason in text
    assert "Quick Elsewhere" not in text


@pytest.mark.parametrize("typed", [{}, {"phone": "202 555 018"}, {"name": "Quick"}, {"phone": "x" * 300}])
def test_half_a_number_or_a_part_of_a_name_names_nobody(client_for, alpha, known, typed):
    answer = post(client_for(alpha), ALIKE, **typed)
    assert (answer.status_code, "Quick Known" in answer.text) == (200, False)


def test_nobody_is_named_who_may_not_be_seen(client_for, alpha, known):
    assert "Quick Elsewhere" in post(client_for(alpha), ALIKE, phone="2025550181").text
    assert "Quick Elsewhere" not in post(client_for(alpha, "salesperson"), ALIKE, phone="2025550181").text
