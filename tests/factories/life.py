"""A dealership at work: operations on customers, vehicles, stock and deals, drawn by chance."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.core.db import db, transaction
from app.crm.operations import contacts, customers
from app.inventory.operations import units, vehicles
from app.sales.operations import deals, delivery, removal
from app.tenants.models import Store
from tests.factories.inventory import SYSTEM, new_vin


class Life:
    """A dealership at work: each step is one operation on something that is there, drawn by chance."""

    def __init__(self, seed: int) -> None:
        self.chance, self.number = random.Random(seed), 1000 * seed
        self.customers: list[Any] = []
        self.vehicles: list[Any] = []
        self.units: list[Any] = []
        self.deals: list[Any] = []
        self.stores = db.session.scalars(select(Store).order_by(Store.code)).all()
        for begin in (self.add_customer, self.add_vehicle, self.stock_in, self.record_deal, self.add_vehicle):
            with transaction():
                begin()

    def step(self) -> None:
        self.number += 1
        ways = [self.add_customer, self.edit_customer, self.add_contact, self.drop_contact, self.drop_customer,
                self.add_vehicle, self.edit_vehicle, self.stock_in, self.edit_unit, self.close_unit, self.record_deal,
                self.deliver, self.unwind, self.drop_deal]  # fmt: skip
        with transaction():
            self.chance.choice(ways)()

    def any_of(self, things: list[Any]) -> Any:
        return self.chance.choice(things) if things else None

    def add_customer(self) -> None:
        points = [contacts.ContactInput("phone", f"+1202555{self.number:04}")] * self.chance.choice((0, 1))
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
        plate = self.chance.choice((None, f"京A{self.number:05}"))
        made = vehicles.add_vehicle(actor=SYSTEM, make="Ford", model="Focus", vin=new_vin(), plate=plate)
        self.vehicles.append(made)

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

    def _open(self) -> list[Any]:
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
            removal.delete_deal(actor=SYSTEM, deal_id=one.id)
            self.deals.remove(one)
