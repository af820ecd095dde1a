"""The entries follow their records through every operation, hold nothing personal but names, and go when these go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core.db import Tenant, db, tenant, transaction
from app.core.guard import vault
from app.core.lists import search
from app.core.lists.search import rebuilding
from app.core.lists.search.entries import COLUMNS
from app.core.lists.search.kinds import KINDS, ordered
from app.core.lists.search.models import RecentRecord, SearchEntry
from app.crm.operations import bulk as crm_bulk
from app.crm.operations import contacts, customers
from app.inventory.operations import bulk as stock_bulk
from app.inventory.operations import vehicles
from app.sales.operations import bulk as sales_bulk
from app.tenants.models import Store
from app.tenants.operations import users
from tests.factories.inventory import SYSTEM, new_vin
from tests.factories.life import Life
from tests.fixtures import people

PHONE, EMAIL, PLATE = "+12025550171", "kim.marker@example.com", "京A·T9931"


def first_store() -> Store:
    store = db.session.scalars(select(Store).order_by(Store.code)).first()
    assert store is not None
    return store


def stored() -> dict[tuple[str, str], tuple[object, ...]]:
    rows = db.session.execute(select(*(SearchEntry.__table__.c[name] for name in COLUMNS)))
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
    assert job.progress_done == job.progress_total
    assert job.result["entries"] == len(stored())


@pytest.mark.parametrize("seed", range(4))
def test_what_operations_leave_is_what_a_rebuild_makes(in_alpha: Tenant, seed: int) -> None:
    life = Life(seed)
    rebuild()  # Users of the fixtures came without an operation.
    for _ in range(60):
        life.step()
    kept = stored()
    rebuild()
    assert stored() == kept
    assert {kind for kind, _ in kept} >= {"customer", "vehicle", "stock_unit", "in_stock", "user"}


def test_a_rebuild_repairs_whatever_is_wrong(in_alpha: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "AT_ONCE", 7)
    life = Life(99)
    for _ in range(40):
        life.step()
    rebuild()
    right = stored()
    with transaction() as session:
        for entry in session.scalars(select(SearchEntry).order_by(SearchEntry.record_id)).all()[::3]:
            session.delete(entry)
        for entry in session.scalars(select(SearchEntry).order_by(SearchEntry.record_id)).all()[::2]:
            entry.title, entry.tokens = "wrong", [1]
        session.add(search.new_entry("deal", people.columns.new_id(), search.Entry("D-gone", code="D-gone")))
    assert stored() != right
    rebuild()
    assert stored() == right


def test_imports_and_their_undoing_keep_the_entries(in_alpha: Tenant) -> None:
    store, before = first_store(), stored()
    cars = [
        stock_bulk.VehicleInput("Audi", "A4", vin=new_vin(), vin_status="valid", plate=f"AB{n:02}CDE")
        for n in range(30)
    ]
    sold = date(2026, 2, 1)
    with transaction():
        people_made = crm_bulk.create_customers_many(
            actor=SYSTEM,
            rows=[crm_bulk.CustomerInput("individual", store.id, f"Import {n}",
                                         contacts=(contacts.ContactInput("phone", f"+1202555{3000 + n}"),))
                  for n in range(30)],
        )  # fmt: skip
        found = stock_bulk.find_or_add_vehicles(actor=SYSTEM, rows=cars)
        made = stock_bulk.stock_in_many(
            actor=SYSTEM,
            rows=[stock_bulk.UnitInput(car.vehicle_id, store.id, sold, "delivered", closed_on=sold) for car in found],
        )
        done = sales_bulk.record_delivered_deals(
            actor=SYSTEM, rows=[sales_bulk.DealInput(unit, store.id, "retail", Decimal(5), sold, sold) for unit in made]
        )
    kept = stored()
    assert len(kept) == len(before) + 4 * 30
    rebuild()
    assert {key: value for key, value in stored().items() if key in kept} == kept
    with transaction():
        sales_bulk.take_back_deals(actor=SYSTEM, deal_ids=done)
        stock_bulk.take_back_units(actor=SYSTEM, unit_ids=made, vehicle_ids=[car.vehicle_id for car in found])
        crm_bulk.take_back_customers(actor=SYSTEM, made=people_made)
    assert stored().keys() == before.keys() | {key for key in stored() if key[0] == "user"}


def test_nothing_personal_but_names_is_text(in_alpha: Tenant) -> None:
    store, manager = first_store(), people.actor_of("gm")
    with transaction():
        customers.create_customer(
            actor=SYSTEM, kind="individual", store_id=store.id, name="Kim Marker",
            contact_points=[contacts.ContactInput("phone", PHONE), contacts.ContactInput("email", EMAIL)],
        )  # fmt: skip
        vehicles.add_vehicle(actor=SYSTEM, make="Ford", model="Focus", plate=PLATE)
        users.change_own_profile(manager, name="Gill Marker", locale=None)
    columns = [SearchEntry.title, SearchEntry.names, SearchEntry.code]
    text = "\n".join(db.session.scalars(select(func.concat_ws(" ", *columns))))
    assert "Kim Marker" in text
    for part in ("5550171", "0171", "example.com", "T9931", "9931", people.email("gm")):
        assert part not in text, part
    numbers = {number for row in db.session.scalars(select(SearchEntry.tokens)) for number in row or ()}
    assert numbers.isdisjoint({171, 9931, 2025550171, 12025550171, 5550171, 25550171})
    assert len(numbers) > 10


def test_a_deleted_customer_leaves_neither_entry_nor_token_nor_trace(in_alpha: Tenant) -> None:
    admin = people.actor_of("tenant_admin")
    with transaction():
        made = customers.create_customer(
            actor=SYSTEM, kind="individual", store_id=first_store().id, name="Gone Tomorrow",
            contact_points=[contacts.ContactInput("phone", "+12025550199")],
        )  # fmt: skip
        search.note_recent(admin, "customer", made.id)
    assert [hit.title for group in search.find(admin, "2025550199") for hit in group.hits] == ["Gone Tomorrow"]
    with transaction():
        customers.delete_customer(actor=SYSTEM, customer_id=made.id)
    assert search.find(admin, "2025550199") == []
    assert db.session.scalar(select(func.count()).where(SearchEntry.record_id == made.id)) == 0
    assert db.session.scalar(select(func.count()).where(RecentRecord.record_id == made.id)) == 0


def test_an_erased_person_is_found_by_no_secret(in_alpha: Tenant) -> None:
    admin = people.actor_of("tenant_admin")
    with transaction():
        made = customers.create_customer(
            actor=SYSTEM, kind="individual", store_id=first_store().id, name="Key Destroyed",
            contact_points=[contacts.ContactInput("phone", "+12025550188")],
        )  # fmt: skip
        vault.destroy_subject_key(made.id)
        search.refresh("customer", [made.id])
    assert search.find(admin, "+12025550188") == []
    assert db.session.scalar(select(SearchEntry.tokens).where(SearchEntry.record_id == made.id)) is None


def test_the_same_phone_has_another_token_in_another_dealership(
    app: Flask, alpha: Tenant, beta: Tenant, actor: Callable[..., object]
) -> None:
    tokens = {}
    for of in (alpha, beta):
        with app.app_context(), tenant(of.id), transaction():
            made = customers.create_customer(
                actor=SYSTEM, kind="individual", store_id=first_store().id, name=f"Twin of {of.slug}",
                contact_points=[contacts.ContactInput("phone", "+12025550177")],
            )  # fmt: skip
            tokens[of.slug] = set(
                db.session.scalars(select(SearchEntry.tokens).where(SearchEntry.record_id == made.id)).one()
            )
    first, second = tokens.values()
    assert len(first) == len(second) >= 5
    assert first.isdisjoint(second)
    for of in (alpha, beta):
        who = actor(of, "tenant_admin")
        with app.app_context(), tenant(of.id):
            titles = [hit.title for group in search.find(who, "2025550177") for hit in group.hits]
        assert titles == [f"Twin of {of.slug}"]


def test_every_kind_leads_to_a_page(app: Flask) -> None:
    for kind in ordered():
        assert kind.endpoint in app.view_functions
        assert kind.shown_as in KINDS


def test_two_who_change_a_record_at_once_leave_an_entry_with_both(app: Flask, in_alpha: Tenant) -> None:
    admin = people.actor_of("tenant_admin")
    with transaction():
        made = customers.create_customer(
            actor=SYSTEM, kind="individual", store_id=first_store().id, name="Shared At Once"
        )
    written, both = threading.Event(), ("+12025550155", "+12025550156")

    def add(phone: str, first: bool) -> None:
        with app.app_context(), tenant(in_alpha.id):
            if not first:
                assert written.wait(30)
            with transaction():
                contacts.add_contact_point(actor=SYSTEM, customer_id=made.id, kind="phone", value=phone)
                written.set()
                # The other has begun by now and waits, or comes later: either way it must see this one.
                if first:
                    threading.Event().wait(0.3)

    workers = [threading.Thread(target=add, args=(phone, phone == both[0])) for phone in both]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    for phone in both:
        assert [hit.title for group in search.find(admin, phone) for hit in group.hits] == ["Shared At Once"]
