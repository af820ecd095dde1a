"""The box finds leads, appraisals and receipts: as far as somebody may see them, and as their records are."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core.db import Tenant, db, tenant, transaction
from app.core.guard.erasing import erase_subject
from app.core.guard.permissions import Actor, system_actor
from app.core.lists import search
from app.core.lists.search import rebuilding
from app.core.lists.search.entries import COLUMNS
from app.core.lists.search.models import SearchEntry
from app.crm.models import Customer
from app.crm.operations import contacts, customers
from app.crm.operations.leads import delete_lead, restore_lead
from app.crm.operations.pipeline import assign_lead
from app.inventory.operations import vehicles
from app.inventory.operations.appraisals import delete_appraisal
from app.sales.operations.payments import refund_payment, take_payment
from app.tenants.models import Store
from tests.factories.appraisals import make_appraisal
from tests.factories.inventory import SYSTEM, make_vehicle, new_vin
from tests.factories.leads import make_lead
from tests.factories.sales import make_deal
from tests.fixtures import people

TEST = system_actor("test")
KINDS = ("lead", "appraisal", "payment")


@pytest.fixture
def store(in_alpha: Tenant) -> Store:
    return db.session.scalars(select(Store).order_by(Store.code)).first()  # type: ignore[return-value]


def unique(word: str) -> str:
    return word + "".join(random.Random(uuid.uuid4().int).choices("abcdefghiklmnopqrstuvwxyz", k=8))


def asker(store: Store, name: str, *points: tuple[str, str], **more: Any) -> Customer:
    with transaction():
        return customers.create_customer(
            actor=SYSTEM, kind="individual", store_id=store.id, name=name,
            contact_points=[contacts.ContactInput(kind, value) for kind, value in points], **more,
        )  # fmt: skip


def found(text: str | None, actor: Actor = TEST) -> list[tuple[str, uuid.UUID]]:
    return [(group.kind.name, hit.record_id) for group in search.find(actor, text or "") for hit in group.hits]


def sees(store: Store, contact: str = "visible", **grants: str) -> Actor:
    named = {name.replace("_", ".", 1): scope for name, scope in grants.items()}
    user = people.find_user("salesperson")
    assert user is not None
    return Actor(user.id, "Sam", named, store_ids=frozenset({store.id}), sights={"contact": contact})


def stored() -> dict[tuple[str, str], tuple[object, ...]]:
    rows = db.session.execute(
        select(*(SearchEntry.__table__.c[name] for name in COLUMNS)).where(SearchEntry.kind.in_(KINDS))
    )
    return {(row.kind, str(row.record_id)): tuple(row) for row in rows}


def rebuild() -> None:
    with transaction():
        job = rebuilding.begin_rebuild(SYSTEM, inline=True)
    while job.state in ("queued", "running"):
        with transaction() as session:
            rebuilding.rebuild_step(job.id, inline=True)
            session.flush()
            session.refresh(job)
    assert job.state == "succeeded"


def test_a_lead_is_found_behind_its_customer_by_name_phone_and_mail(store: Store) -> None:
    name, number = unique("Q"), f"+1303555{random.Random(uuid.uuid4().int).randrange(10_000):04}"
    customer = asker(store, name, ("phone", number), ("email", f"{name}@example.com"))
    lead = make_lead(store, customer_id=customer.id, wanted="a small car")
    both = [("customer", customer.id), ("lead", lead.id)]
    assert found(name) == both
    assert found(f"{name}@example.com") == both
    assert set(found(number)) >= set(both)
    hit = next(group.hits[0] for group in search.find(TEST, name) if group.kind.name == "lead")
    assert (hit.title, list(hit.details)) == (name, ["Vehicle portal", "New lead", store.name])


def test_renaming_and_reaching_the_customer_otherwise_changes_his_leads(store: Store) -> None:
    first, second = unique("A"), unique("B")
    customer = asker(store, first)
    lead = make_lead(store, customer_id=customer.id)
    with transaction():
        customers.edit_customer(
            actor=SYSTEM, customer_id=customer.id, version=customer.version, kind="individual", store_id=store.id,
            name=second,
        )  # fmt: skip
        contacts.add_contact_point(actor=SYSTEM, customer_id=customer.id, kind="email", value=f"{second}@example.org")
    assert found(first) == []
    assert ("lead", lead.id) in found(second)
    assert ("lead", lead.id) in found(f"{second}@example.org")


def test_nobody_finds_by_a_lead_whom_he_may_not_see(store: Store) -> None:
    name = unique("C")
    customer = asker(store, name, ("email", f"{name}@example.com"))
    lead = make_lead(store, customer_id=customer.id)
    for text in (name, f"{name}@example.com"):
        assert found(text, sees(store, lead_see="all")) == []
        assert found(text, sees(store, lead_see="all", customer_see="own")) == []
        assert found(text, sees(store, lead_see="all", customer_see="store")) == [
            ("customer", customer.id), ("lead", lead.id),
        ]  # fmt: skip
        assert found(text, sees(store, lead_see="own", customer_see="all")) == [("customer", customer.id)]
        assert found(text, sees(store, customer_see="all")) == [("customer", customer.id)]


@pytest.mark.parametrize("sight", ["masked", "hidden"])
def test_whoever_sees_no_contacts_finds_no_lead_by_them(store: Store, sight: str) -> None:
    name = unique("D")
    customer = asker(store, name, ("email", f"{name}@example.com"))
    lead = make_lead(store, customer_id=customer.id)
    closed = sees(store, sight, lead_see="all", customer_see="all")
    assert found(f"{name}@example.com", closed) == []
    assert ("lead", lead.id) in found(name, closed)


def test_a_lead_goes_to_somebody_else_and_is_deleted_and_back(store: Store) -> None:
    name = unique("E")
    customer = asker(store, name)
    lead = make_lead(store, customer_id=customer.id)
    own = sees(store, lead_see="own", customer_see="all")
    assert ("lead", lead.id) not in found(name, own)
    with transaction():
        assign_lead(actor=SYSTEM, lead_id=lead.id, version=lead.version, assignee_id=own.user_id)
    assert ("lead", lead.id) in found(name, own)
    row = {column.name: getattr(lead, column.name) for column in lead.__table__.columns}
    with transaction():
        delete_lead(actor=SYSTEM, lead_id=lead.id)
    assert found(name) == [("customer", customer.id)]
    with transaction():
        restore_lead(actor=SYSTEM, row=row)
    assert ("lead", lead.id) in found(name, own)


def test_an_erased_person_is_found_by_no_lead(store: Store) -> None:
    name = unique("F")
    customer = asker(store, name, ("email", f"{name}@example.com"))
    lead = make_lead(store, customer_id=customer.id)
    with transaction():
        erase_subject(SYSTEM, customer.id, "customer")
    assert found(f"{name}@example.com") == []
    assert db.session.scalar(select(func.count()).where(SearchEntry.record_id == lead.id)) == 0


def test_an_appraisal_is_found_by_its_car(store: Store) -> None:
    car = make_vehicle(plate="京A·Q7713")
    appraisal = make_appraisal(store, car)
    both = [("vehicle", car.id), ("appraisal", appraisal.id)]
    assert found(car.vin) == both
    assert set(found("京AQ7713")) >= set(both)
    assert found(car.vin, sees(store, appraisal_see="all")) == []
    assert found(car.vin, sees(store, vehicle_see="all")) == [("vehicle", car.id)]
    assert found(car.vin, sees(store, vehicle_see="all", appraisal_see="own")) == [("vehicle", car.id)]
    old, new = car.vin, new_vin()
    with transaction():
        vehicles.edit_vehicle(
            actor=SYSTEM, vehicle_id=car.id, version=car.version, vin=new, vin_override_reason=None, plate=None
        )
    assert found(old) == []
    assert found(new) == both
    with transaction():
        delete_appraisal(actor=SYSTEM, appraisal_id=appraisal.id)
    assert found(new) == [("vehicle", car.id)]


def test_a_receipt_is_found_by_its_number(store: Store) -> None:
    deal = make_deal(store)
    with transaction():
        paid = take_payment(actor=SYSTEM, deal_id=deal.id, amount=Decimal(300), method="card")
        back = refund_payment(actor=SYSTEM, payment_id=paid.id, reason="Too much")
    assert ("payment", paid.id) in found(paid.receipt_number)
    assert ("payment", back.id) in found(back.receipt_number)
    hit = next(
        hit for group in search.find(TEST, back.receipt_number, 20) for hit in group.hits if hit.record_id == back.id
    )
    assert list(hit.details) == ["Refund", deal.deal_number, store.name]
    for grants in ({"deal_see": "all"}, {"payment_see": "own"}):
        assert ("payment", paid.id) not in found(paid.receipt_number, sees(store, **grants))
    assert ("payment", paid.id) in found(paid.receipt_number, sees(store, payment_see="store"))


def test_what_operations_leave_is_what_a_rebuild_makes(store: Store) -> None:
    customer = asker(store, unique("G"), ("phone", "+13035550142"))
    for _ in range(3):
        make_lead(store, customer_id=customer.id)
    make_appraisal(store)
    deal = make_deal(store)
    with transaction():
        take_payment(actor=SYSTEM, deal_id=deal.id, amount=Decimal(5), method="cash")
    kept = stored()
    assert {kind for kind, _ in kept} == set(KINDS)
    rebuild()
    # Of one whose person was erased before, the rebuild knows the name that his record still has.
    assert {key: row for key, row in stored().items() if key in kept} == kept


def test_another_dealership_finds_none(app: Flask, alpha: Tenant, beta: Tenant, actor: Callable[..., Actor]) -> None:
    with app.app_context(), tenant(alpha.id):
        here = db.session.scalars(select(Store).order_by(Store.code)).first()
        assert here is not None
        name = unique("H")
        customer = asker(here, name, ("email", f"{name}@example.com"))
        make_lead(here, customer_id=customer.id)
        assert len(found(name)) == 2
    who = actor(beta, "tenant_admin")
    with app.app_context(), tenant(beta.id):
        assert found(name, who) == []
        assert found(f"{name}@example.com", who) == []
