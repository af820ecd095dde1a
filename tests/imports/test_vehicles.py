"""Importing vehicles in stock: one open listing a car, prices, and the way back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.core.db import db, transaction
from app.core.guard.permissions import system_actor
from app.core.jobs.imports import failures
from app.inventory.models import PriceChange, StockUnit, Vehicle
from app.sales.operations.deals import record_deal
from app.tenants.models import Store
from tests.factories.feeds import some_vin
from tests.factories.inventory import make_unit, make_vehicle
from tests.fixtures.importing import bring_in, undo

SYSTEM = system_actor("test")
HEAD = "VIN,Make,Model,Location,Price,Stock#"
pytestmark = pytest.mark.usefixtures("place")


def listings(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows])


def count(table) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_listing_is_a_vehicle_with_an_open_unit():
    made = bring_in(
        listings(f'{some_vin(1)},Kia,Rio,Main Street,"$39,998",K1', f"{some_vin(2)},Kia,Rio,River Road,Not Priced,"),
        "vehicles",
    )
    assert made.counts == {"created": 2}
    units = db.session.scalars(select(StockUnit).order_by(StockUnit.asking_price)).all()
    assert [(unit.status, unit.asking_price, unit.stock_number) for unit in units] == [
        ("available", Decimal(39998), "K1"), ("available", None, "S-1"),
    ]  # fmt: skip
    assert db.session.scalars(select(PriceChange.price_after)).all() == [Decimal(39998)]


def test_a_second_open_listing_is_a_conflict_within_a_file_and_across_files():
    store = db.session.scalars(select(Store).where(Store.code == "S1")).one()
    unit = make_unit(store, make_vehicle(vin=some_vin(9)))
    file = listings(
        f"{some_vin(1)},Kia,Rio,S1,1,K1",
        f"{some_vin(1)},Kia,Rio,S2,2,K2",
        f"{some_vin(9)},Kia,Rio,S2,2,K3",
        f"{some_vin(1)},Kia,Rio,S1,1,K1",
    )
    made = bring_in(file, "vehicles")
    assert made.counts == {"created": 1, "conflict": 3}
    told = [row.errors[0]["code"] for row in failures.failed_rows(SYSTEM, made.id)]
    assert told == ["listed_twice", "vehicle_already_in_stock", "listed_twice"]
    assert failures.failed_rows(SYSTEM, made.id)[1].errors[0]["params"] == {"stock_number": unit.stock_number}
    assert bring_in(file, "vehicles").counts == {"duplicate": 1, "conflict": 3}
    assert bring_in(listings(f"{some_vin(1)},Kia,Rio,S1,999,K1"), "vehicles").counts == {"conflict": 1}


def test_a_car_comes_back_after_its_episode_is_over():
    store = db.session.scalars(select(Store).where(Store.code == "S1")).one()
    vehicle = make_vehicle(vin=some_vin(1), colour="green")
    unit = make_unit(store, vehicle, acquired_on=date(2024, 1, 1))
    with transaction():
        record_deal(actor=SYSTEM, stock_unit_id=unit.id, price=Decimal(5), delivered_on=date(2024, 2, 1))
    assert bring_in(listings(f"{some_vin(1)},Kia,Rio,S1,1,K1"), "vehicles").counts == {"created": 1}
    assert (count(Vehicle), count(StockUnit)) == (1, 2)
    db.session.refresh(vehicle)
    assert vehicle.colour == "green"


def test_the_cost_is_for_those_who_may_see_it(actor, place):
    head = f"{HEAD},Cost,Acquired"
    made = bring_in(listings(f"{some_vin(1)},Kia,Rio,S1,9,K1,5,1/2/2024", head=head), "vehicles")
    assert made.counts == {"created": 1}
    unit = db.session.scalars(select(StockUnit)).one()
    assert (unit.cost, unit.acquired_on) == (Decimal(5), date(2024, 1, 2))


def test_a_day_that_has_not_come_is_refused():
    made = bring_in(listings(f"{some_vin(1)},Kia,Rio,S1,9,K1,2099-01-01", head=f"{HEAD},Acquired"), "vehicles")
    assert made.counts == {"failed": 1}


def test_undo_leaves_units_that_moved_on_or_are_in_a_deal():
    made = bring_in(listings(*(f"{some_vin(n)},Kia,Rio,S1,9,K{n}" for n in range(4))), "vehicles")
    units = {unit.stock_number: unit for unit in db.session.scalars(select(StockUnit))}
    with transaction():
        units["K1"].asking_price = Decimal(8)
        # Merely being worked on does not change the unit; the deal refers to it all the same.
        record_deal(actor=SYSTEM, stock_unit_id=units["K2"].id, price=Decimal(5))
    undo(made)
    assert made.counts == {"undone": 2, "created": 2}
    assert sorted(db.session.scalars(select(StockUnit.stock_number))) == ["K1", "K2"]
    assert count(Vehicle) == 2
