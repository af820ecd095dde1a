"""Customers over a real database: names, contact points, duplicates, scopes, deletion and audit."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.core.db import db, tenant, transaction
from app.core.errors import FieldClosed, NotFound, PermissionDenied, Stale
from app.core.guard.permissions import Actor, system_actor
from app.crm import queries
from app.crm.errors import ChoiceUnknown, ContactRepeated, CustomerHasActivities, NameMissing
from app.crm.models import ContactPoint, Customer
from app.crm.operations import activities, contacts, customers
from app.tenants.models import Store

SYSTEM = system_actor("test")


def stores():
    return db.session.scalars(select(Store.id).order_by(Store.code)).all()


def make(name="Kim Lee", actor=SYSTEM, **values):
    points = [contacts.ContactInput(kind, value) for kind, value in values.pop("contact_points", ())]
    values = {"kind": "individual", "store_id": stores()[0], **values}
    with transaction():
        return customers.create_customer(actor=actor, name=name, contact_points=points, **values)


def found_by(kind, typed):
    return [item.customer_id for item in queries.find_similar(SYSTEM, "", None, [(kind, typed)])]


def test_contact_values_are_sealed_masked_and_found_in_any_format(in_alpha):
    customer = make(contact_points=[("phone", "(202) 555-0143"), ("email", "Kim@Example.com")])
    points = queries.list_contact_points(customer.id)
    assert [(point.kind, point.value_masked) for point in points] == [
        ("phone", "+1 ****0143"),
        ("email", "k***@example.com"),
    ]
    assert b"5550143" not in points[0].value_enc
    for typed in ("+1 202-555-0143", "2025550143", "1.202.555.0143"):
        assert customer.id in found_by("phone", typed)
    assert customer.id in found_by("email", " KIM@example.COM ")
    assert found_by("phone", "202 555 0199") == []


def test_contact_is_revealed_to_whoever_may_see_it_and_leaves_a_trace(in_alpha, actor):
    customer = make(contact_points=[("phone", "202 555 0111")])
    (point,) = queries.list_contact_points(customer.id)
    with transaction():
        value = contacts.reveal_contact_point(actor=SYSTEM, customer_id=customer.id, contact_point_id=point.id)
    assert value == "+12025550111"
    foreman = Actor(None, "foreman", {"customer.see": "all"}, sights={"contact": "masked"})
    with pytest.raises(FieldClosed), transaction():
        contacts.reveal_contact_point(actor=foreman, customer_id=customer.id, contact_point_id=point.id)


def test_one_customer_has_a_contact_once_but_two_may_share_it(in_alpha):
    first = make("Ann Bell", contact_points=[("email", "bells@example.com")])
    with pytest.raises(ContactRepeated), transaction():
        contacts.add_contact_point(actor=SYSTEM, customer_id=first.id, kind="email", value="BELLS@example.com")
    second = make("Bob Bell", contact_points=[("email", "bells@example.com")])
    assert [(item.customer_id, item.reasons) for item in queries.find_duplicates(SYSTEM, second.id)] == [
        (first.id, ("email",))
    ]


def test_same_name_counts_as_a_duplicate_within_a_store_only(in_alpha):
    here, there = stores()
    first = make("Zoë Quartz", store_id=here)
    twin = make("zoe  QUARTZ", store_id=here)
    make("Zoe Quartz", store_id=there)
    assert [item.customer_id for item in queries.find_duplicates(SYSTEM, first.id)] == [twin.id]


def test_removed_contact_is_found_no_more(in_alpha):
    customer = make(contact_points=[("phone", "202 555 0122")])
    (point,) = queries.list_contact_points(customer.id)
    with transaction():
        contacts.remove_contact_point(actor=SYSTEM, customer_id=customer.id, contact_point_id=point.id)
    assert customer.id not in found_by("phone", "202 555 0122")


def test_customer_needs_a_name_and_a_store_that_exists(in_alpha):
    with pytest.raises(NameMissing):
        make("  ")
    with pytest.raises(ChoiceUnknown) as refusal:
        make(store_id=queries.get_customer(SYSTEM, make().id).id)
    assert refusal.value.field == "store_id"


def test_edit_refuses_an_old_version(in_alpha):
    customer = make("Old Name")
    read = customer.version
    values = {"kind": "individual", "store_id": customer.store_id}
    with transaction():
        customers.edit_customer(actor=SYSTEM, customer_id=customer.id, version=read, name="New Name", **values)
    assert queries.get_customer(SYSTEM, customer.id).name_key == "new name"
    with pytest.raises(Stale), transaction():
        customers.edit_customer(actor=SYSTEM, customer_id=customer.id, version=read, name="Other", **values)


def test_customer_with_activities_stays(in_alpha):
    customer = make()
    with transaction():
        activity = activities.log_activity(actor=SYSTEM, customer_id=customer.id, type="call", body="Hello")
    with pytest.raises(CustomerHasActivities) as refusal, transaction():
        customers.delete_customer(actor=SYSTEM, customer_id=customer.id)
    assert refusal.value.params == {"count": 1}
    with transaction():
        activities.delete_activity(actor=SYSTEM, activity_id=activity.id)
    with transaction():
        customers.delete_customer(actor=SYSTEM, customer_id=customer.id)
    assert db.session.scalars(select(Customer.id).where(Customer.id == customer.id)).all() == []
    assert db.session.scalars(select(ContactPoint.id).where(ContactPoint.customer_id == customer.id)).all() == []


def test_out_of_scope_is_not_found_and_handing_over_needs_the_right(in_alpha):
    here, there = stores()
    customer = make(store_id=here)
    stranger = Actor(None, "there", {"customer.see": "store", "customer.edit": "store"}, frozenset({there}))
    with pytest.raises(NotFound):
        queries.get_customer(stranger, customer.id)
    local = Actor(None, "here", {"customer.see": "store", "customer.edit": "store"}, frozenset({here}))
    with pytest.raises(PermissionDenied), transaction():
        customers.edit_customer(
            actor=local,
            customer_id=customer.id,
            version=customer.version,
            kind="individual",
            store_id=there,
            name="Kim",
        )


def test_the_other_dealership_finds_nothing(app, alpha, beta):
    with app.app_context(), tenant(alpha.id):
        customer_id = make(contact_points=[("phone", "202 555 0177")]).id
        token = queries.contact_tokens("phone", "202 555 0177")
    with app.app_context(), tenant(beta.id):
        with pytest.raises(NotFound):
            queries.get_customer(SYSTEM, customer_id)
        assert found_by("phone", "202 555 0177") == []
        assert queries.contact_tokens("phone", "202 555 0177") != token
