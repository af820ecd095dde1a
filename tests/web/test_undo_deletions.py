"""Deleted vehicles, units and deals come back whole, and say why where something stands in their way."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core.db import db, tenant, transaction
from app.core.db.columns import values_of
from app.core.db.ids import to_public
from app.core.errors import PermissionDenied
from app.core.guard.permissions import system_actor
from app.inventory.models import OdometerReading, PriceChange, StockUnit, Vehicle
from app.inventory.operations import removal, units
from app.sales.models import Deal
from app.sales.operations import deals
from app.sales.operations.removal import restore_deal
from app.tenants.models import Store
from tests.factories.inventory import make_unit, make_vehicle
from tests.factories.pages import post
from tests.web.test_undo import offered, press

SYSTEM = system_actor("test")


@pytest.fixture
def store(app, alpha):
    with app.app_context(), tenant(alpha.id):
        yield db.session.scalars(select(Store).order_by(Store.code)).first()


def column(attribute, key):
    return db.session.scalar(select(attribute).where(attribute.class_.id == key))


def delete(client, kind, prefix, record):
    answer = post(client, f"/{kind}/{to_public(prefix, record.id)}/delete", version=record.version)
    assert answer.status_code == 303
    return offered(client, answer.location)


def make_deal(unit, **fields):
    with transaction():
        return deals.record_deal(actor=SYSTEM, stock_unit_id=unit.id, price=Decimal(15000), **fields)


def test_a_vehicle_comes_back_with_its_plate_and_readings(client_for, alpha, store):
    client = client_for(alpha)
    vehicle = make_vehicle(plate="8ABC123", odometer=41000, odometer_unit="mi", vin="1HGCM82633A004352")
    key = vehicle.id
    button = delete(client, "vehicles", "veh", vehicle)
    assert column(Vehicle.id, key) is None
    assert "Taken back." in press(client, button, "/vehicles")
    page = client.get(f"/vehicles/{to_public('veh', key)}").text
    assert "8ABC123" in page
    assert "brought the vehicle back" in page
    readings = select(OdometerReading.reading).where(OdometerReading.vehicle_id == key)
    assert db.session.scalars(readings).all() == [41000]
    assert to_public("veh", key) in post(client, "/find", q="8ABC123").text


def test_a_vehicle_whose_vin_was_entered_anew_stays_deleted(client_for, alpha, store):
    client, vehicle = client_for(alpha), make_vehicle(vin="1M8GDM9AXKP042788")
    key, button = vehicle.id, delete(client, "vehicles", "veh", vehicle)
    make_vehicle(vin="1M8GDM9AXKP042788")
    assert "There is already a vehicle with the VIN" in press(client, button, "/vehicles")
    assert column(Vehicle.id, key) is None


def test_a_vehicle_that_was_in_stock_is_not_deleted(client_for, alpha, store):
    client, unit = client_for(alpha), make_unit(store)
    vehicle = db.session.get(Vehicle, unit.vehicle_id)
    answer = post(client, f"/vehicles/{to_public('veh', vehicle.id)}/delete", version=vehicle.version)
    assert (answer.status_code, unit.stock_number in answer.text) == (409, True)


def test_a_unit_comes_back_with_number_cost_and_prices(client_for, alpha, store):
    client, unit = client_for(alpha), make_unit(store, cost=Decimal(9000), asking_price=Decimal(12000))
    key, number, vehicle_id = unit.id, unit.stock_number, unit.vehicle_id
    entry = select(PriceChange.id, PriceChange.changed_at).where(PriceChange.stock_unit_id == key)
    before = db.session.execute(entry).all()
    button = delete(client, "stock", "unit", unit)
    assert db.session.execute(entry).all() == []
    press(client, button, "/vehicles")
    row = db.session.execute(
        select(StockUnit.stock_number, StockUnit.cost, StockUnit.asking_price).where(StockUnit.id == key)
    ).one()
    assert tuple(row) == (number, 9000, 12000)
    assert db.session.execute(entry).all() == before
    assert "brought the unit back" in client.get(f"/vehicles/{to_public('veh', vehicle_id)}").text


@pytest.mark.parametrize("way", ["in stock again", "number taken", "vehicle gone"])
def test_a_unit_says_what_stands_in_its_way(client_for, alpha, store, way):
    client, unit = client_for(alpha), make_unit(store)
    key, number, vehicle_id = unit.id, unit.stock_number, unit.vehicle_id
    button = delete(client, "stock", "unit", unit)
    if way == "in stock again":
        with transaction():
            said = units.stock_in_unit(actor=SYSTEM, vehicle_id=vehicle_id, store_id=store.id).stock_number
        said = f"This vehicle is already in stock as {said}."
    elif way == "number taken":
        make_unit(store, stock_number=number)
        said = f"The stock number {number} is taken in this store."
    else:
        with transaction():
            removal.delete_vehicle(actor=SYSTEM, vehicle_id=vehicle_id)
        said = f"{number} was changed since"
    assert said in press(client, button, "/vehicles")
    assert column(StockUnit.id, key) is None


@pytest.mark.parametrize(("status", "held"), [("working", "available"), ("sold", "sold")])
def test_a_deal_comes_back_and_takes_its_unit_up_again(client_for, alpha, store, status, held):
    client, unit = client_for(alpha), make_unit(store)
    deal = make_deal(unit, status=status, note="Wants mats", discount=Decimal(500))
    key, number = deal.id, deal.deal_number
    button = delete(client, "deals", "deal", deal)
    assert (column(Deal.id, key), column(StockUnit.status, unit.id)) == (None, "available")
    press(client, button, "/deals")
    row = db.session.execute(select(Deal.deal_number, Deal.status, Deal.note, Deal.net_amount).where(Deal.id == key))
    assert tuple(row.one()) == (number, status, "Wants mats", 14500)
    assert column(StockUnit.status, unit.id) == held
    assert "brought the deal back" in client.get(f"/deals/{to_public('deal', key)}").text


@pytest.mark.parametrize("way", ["another deal", "left stock", "unit gone"])
def test_a_deal_says_what_stands_in_its_way(client_for, alpha, store, way):
    client, unit = client_for(alpha), make_unit(store)
    deal = make_deal(unit, status="pending")
    key, number = deal.id, deal.deal_number
    button = delete(client, "deals", "deal", deal)
    if way == "another deal":
        said = f"has this unit in the deal {make_deal(unit, status='sold').deal_number} since"
    elif way == "left stock":
        # The deal had it on hold, and let it go when it was deleted.
        db.session.refresh(unit)
        with transaction():
            units.move_status(actor=SYSTEM, unit_id=unit.id, version=unit.version, status="wholesaled")
        said = f"The unit {unit.stock_number} is no longer in stock."
    else:
        with transaction():
            removal.delete_unit(actor=SYSTEM, unit_id=unit.id)
        said = f"{number} was changed since"
    assert said in press(client, button, "/deals")
    assert column(Deal.id, key) is None


def test_a_lost_deal_comes_back_beside_the_active_one(client_for, alpha, store):
    client, unit = client_for(alpha), make_unit(store)
    lost = make_deal(unit)
    with transaction():
        deals.edit_deal(
            actor=SYSTEM, deal_id=lost.id, version=lost.version, price=lost.price, discount=lost.discount,
            customer_id=None, salesperson_id=None, deal_type="retail", status="lost",
        )  # fmt: skip
    key, button = lost.id, delete(client, "deals", "deal", lost)
    other = make_deal(unit, status="sold")
    press(client, button, "/deals")
    assert (column(Deal.status, key), column(Deal.status, other.id)) == ("lost", "sold")
    assert column(StockUnit.status, unit.id) == "sold"


def test_bringing_back_takes_the_right_to_delete(alpha, store, actor):
    unit = make_unit(store)
    deal = make_deal(unit)
    rows = values_of(unit), values_of(deal), values_of(db.session.get(Vehicle, unit.vehicle_id))
    reader = actor(alpha, "salesperson")
    for restore in (
        lambda: removal.restore_unit(actor=reader, row=rows[0], prices=[]),
        lambda: restore_deal(actor=reader, row=rows[1]),
        lambda: removal.restore_vehicle(actor=reader, row=rows[2], readings=[]),
    ):
        with pytest.raises(PermissionDenied), transaction():
            restore()
