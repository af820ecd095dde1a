"""The entries follow their records through every operation, hold nothing personal but names, and go when these go."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import Text, cast, func, select

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
from app.inventory.operations import units, vehicles
from app.sales.operations import bulk as sales_bulk
from app.sales.operations import deals, delivery
from app.tenants.models import Store
from app.tenants.operations import users
from tests.factories.inventory import SYSTEM, new_vin
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
            session.refresh(job)
    assert job.state == "succeeded"
    assert job.progress_done == job.progress_total == job.result["entries"]


class Life:
    """A dealership at work: each step is one operation on something that is there, drawn by chance."""

    def __init__(self, seed: int) -> None:
        self.chance, self.number = random.Random(seed), 0
        self.customers, self.vehicles, self.units, self.deals = [], [], [], []
        self.stores = db.session.scalars(select(Store).order_by(Store.code)).all()

    def step(self) -> None:
        self.number += 1
        ways = [self.add_customer, self.edit_customer, self.add_contact, self.drop_contact, self.drop_customer,
                self.add_vehicle, self.edit_vehicle, self.stock_in, self.edit_unit, self.close_unit, self.record_deal,
                self.deliver, self.unwind, self.drop_deal]  # fmt: skip
        with transaction():
            self.chance.choice(ways)()

    def any_of(self, things: list) -> object | None:
        return self.chance.choice(things) if things else None

    def add_customer(self) -> None:
        points = [contacts.ContactInput("phone", f"+1202555{1000 + self.number}")] * self.chance.choice((0, 1))
        made = customers.create_customer(
            actor=SYSTEM, kind="individual", store_id=self.chance.choice(self.stores).id, contact_points=points,
            given_name=self.chance.choice(("Ann", "伟")), family_name=f"Marker{self.number}",
        )  # fmt: skip
        self.customers.append(made)

    def edit_customer(self) -> None:
        if one := self.any_of(self.customers):
            store = self.chance.choice(self.stores).id
            customers.edit_customer(actor=SYSTEM, customer_id=one.id, version=one.version, kind="business",
                                    store_id=store, name=f"Firm {self.number}")  # fmt: skip

    def add_contact(self) -> None:
        if one := self.any_of(self.customers):
            contacts.add_contact_point(actor=SYSTEM, customer_id=one.id, kind="email",
                                       value=f"mail{self.number}@example.com")  # fmt: skip

    def drop_contact(self) -> None:
        from_whom = self.any_of(self.customers)
        points = customers.queries.list_contact_points(from_whom.id) if from_whom else []
        if points:
            contacts.remove_contact_point(actor=SYSTEM, customer_id=from_whom.id, contact_point_id=points[0].id)

    def drop_customer(self) -> None:
        free = [one for one in self.customers if one.id not in {deal.customer_id for deal in self.deals}]
        if one := self.any_of(free):
            customers.delete_customer(actor=SYSTEM, customer_id=one.id)
            self.customers.remove(one)

    def add_vehicle(self) -> None:
        self.vehicles.append(vehicles.add_vehicle(actor=SYSTEM, make="Ford", model="Focus", vin=new_vin(),
                                                  plate=self.chance.choice((None, f"京A{self.number:05}"))))  # fmt: skip

    def edit_vehicle(self) -> None:
        if one := self.any_of(self.vehicles):
            vehicles.edit_vehicle(actor=SYSTEM, vehicle_id=one.id, version=one.version, vin=new_vin(),
                                  vin_override_reason=None, plate=f"沪B{self.number:05}",
                                  model=f"Model {self.number}")  # fmt: skip

    def stock_in(self) -> None:
        taken = {unit.vehicle_id for unit in self.units if unit.closed_on is None}
        if one := self.any_of([vehicle for vehicle in self.vehicles if vehicle.id not in taken]):
            store = self.chance.choice(self.stores).id
            made = units.stock_in_unit(actor=SYSTEM, vehicle_id=one.id, store_id=store, acquired_on=date(2026, 1, 10))
            self.units.append(made)

    def _open(self) -> list:
        return [unit for unit in self.units if unit.closed_on is None]

    def edit_unit(self) -> None:
        if one := self.any_of(self._open()):
            units.edit_unit(actor=SYSTEM, unit_id=one.id, version=one.version, stock_number=f"N{self.number}",
                            condition="used", acquired_on=one.acquired_on)  # fmt: skip

    def close_unit(self) -> None:
        busy = {deal.stock_unit_id for deal in self.deals}
        if one := self.any_of([unit for unit in self._open() if unit.id not in busy]):
            units.move_status(actor=SYSTEM, unit_id=one.id, version=one.version, status="wholesaled")

    def record_deal(self) -> None:
        busy = {deal.stock_unit_id for deal in self.deals}
        if one := self.any_of([unit for unit in self._open() if unit.id not in busy]):
            buyer = self.any_of(self.customers)
            self.deals.append(deals.record_deal(actor=SYSTEM, stock_unit_id=one.id, price=Decimal(900),
                                                customer_id=buyer.id if buyer else None))  # fmt: skip

    def deliver(self) -> None:
        waiting = [deal for deal in self.deals if deal.delivered_on is None]
        if one := self.any_of(waiting):
            delivery.deliver_deal(actor=SYSTEM, deal_id=one.id, version=one.version)

    def unwind(self) -> None:
        done = [deal for deal in self.deals if deal.delivered_on is not None and deal.unwound_on is None]
        if one := self.any_of(done):
            delivery.unwind_deal(actor=SYSTEM, deal_id=one.id, version=one.version, reason="Came back")

    def drop_deal(self) -> None:
        if one := self.any_of([deal for deal in self.deals if deal.delivered_on is None]):
            deals.delete_deal(actor=SYSTEM, deal_id=one.id)
            self.deals.remove(one)


@pytest.mark.parametrize("seed", range(4))
def test_what_operations_leave_is_what_a_rebuild_makes(in_alpha: Tenant, seed: int) -> None:
    life = Life(seed)
    rebuild()  # Users of the fixtures came without an operation.
    for _ in range(60):
        life.step()
    kept = stored()
    rebuild()
    assert stored() == kept
    assert {kind for kind, _ in kept} == set(KINDS)


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
    cars = [stock_bulk.VehicleInput("Audi", "A4", vin=new_vin(), vin_status="valid", plate=f"AB{n:02}CDE") for n in range(30)]
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
    text = "\n".join(db.session.scalars(select(cast(func.to_jsonb(SearchEntry.__table__.table_valued()), Text))))
    assert "Kim Marker" in text
    for part in ("5550171", "0171", "example.com", "T9931", "9931", people.email("gm")):
        assert part not in text.replace(r"\u", ""), part


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
