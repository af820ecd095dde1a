"""A trade-in becomes a unit of stock at what it is worth, and goes again when its deal is unwound."""

from datetime import date
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from app.core.db import db, tenant, transaction
from app.core.errors import Invalid, NotFound
from app.core.guard.models import AuditEntry
from app.inventory.errors import TradeUnitChanged, UnitReferredTo, VehicleAlreadyInStock
from app.inventory.models import StockUnit
from app.inventory.operations import trades, units
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle
from tests.factories.sales import make_deal

DAY = date(2026, 3, 2)


def trade_in(store, vehicle=None, acv="11000"):
    vehicle = vehicle or make_vehicle()
    with transaction():
        return trades.stock_in_trade(
            actor=SYSTEM,
            vehicle_id=vehicle.id,
            store_id=store.id,
            acv=None if acv is None else Decimal(acv),
            acquired_on=DAY,
        )


def take_back(unit_id):
    with transaction():
        trades.take_back_trade(actor=SYSTEM, unit_id=unit_id)


def test_it_comes_in_used_for_reconditioning_at_what_it_is_worth(stores):
    unit = trade_in(stores[0], acv="11000.005")
    db.session.expire_all()
    assert (unit.status, unit.condition, unit.cost) == ("in_recon", "used", Decimal("11000.01"))
    assert (unit.asking_price, unit.acquired_on, unit.closed_on) == (None, DAY, None)
    assert unit.stock_number.startswith("S-")
    noted = select(AuditEntry.action).where(AuditEntry.record_id == unit.id)
    assert db.session.scalars(noted).all() == ["stock.create"]


def test_what_it_is_worth_may_be_unknown_and_never_negative(stores):
    assert trade_in(stores[0], acv=None).cost is None
    with pytest.raises(Invalid):
        trade_in(stores[0], acv="-1")


def test_a_car_in_stock_is_refused_with_its_number(stores):
    there = make_unit(stores[1])
    with pytest.raises(VehicleAlreadyInStock) as error, transaction():
        trades.stock_in_trade(
            actor=SYSTEM, vehicle_id=there.vehicle_id, store_id=stores[0].id, acv=None, acquired_on=DAY
        )
    assert error.value.params == {"stock_number": there.stock_number}


def test_a_car_nobody_knows_is_not_there(stores):
    with pytest.raises(NotFound), transaction():
        trades.stock_in_trade(actor=SYSTEM, vehicle_id=stores[0].id, store_id=stores[0].id, acv=None, acquired_on=DAY)


def test_two_deals_delivering_the_same_trade_make_one_unit(app, alpha, stores):
    vehicle_id, store_id, barrier, outcomes = make_vehicle().id, stores[0].id, Barrier(2), []

    def deliver():
        with app.app_context(), tenant(alpha.id):
            barrier.wait(timeout=20)
            try:
                with transaction():
                    made = trades.stock_in_trade(
                        actor=SYSTEM, vehicle_id=vehicle_id, store_id=store_id, acv=None, acquired_on=DAY
                    )
                    outcomes.append(made.stock_number)
            except VehicleAlreadyInStock as error:
                outcomes.append(error)

    threads = [Thread(target=deliver) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    refused = [outcome for outcome in outcomes if isinstance(outcome, VehicleAlreadyInStock)]
    made = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert len(made) == 1
    assert [error.params["stock_number"] for error in refused] == made


def test_taking_it_back_leaves_nothing_and_can_be_done_twice(stores):
    unit_id = trade_in(stores[0]).id
    take_back(unit_id)
    assert db.session.get(StockUnit, unit_id) is None
    take_back(unit_id)
    noted = select(AuditEntry.action).where(AuditEntry.record_id == unit_id).order_by(AuditEntry.id)
    assert db.session.scalars(noted).all() == ["stock.create", "stock.delete"]


def test_it_may_come_again_after_it_was_taken_back(stores):
    vehicle = make_vehicle()
    take_back(trade_in(stores[0], vehicle).id)
    assert trade_in(stores[0], vehicle).closed_on is None


def test_a_unit_somebody_touched_is_not_taken_away(stores):
    unit = trade_in(stores[0])
    with transaction():
        units.change_price(actor=SYSTEM, unit_id=unit.id, version=unit.version, asking_price=Decimal(14000))
    with pytest.raises(TradeUnitChanged) as error:
        take_back(unit.id)
    assert error.value.params == {"stock_number": unit.stock_number}
    assert db.session.get(StockUnit, unit.id) is not None


def test_a_unit_in_another_deal_is_not_taken_away(stores):
    unit = trade_in(stores[0])
    make_deal(stores[0], unit)
    with pytest.raises((TradeUnitChanged, UnitReferredTo)):
        take_back(unit.id)
    db.session.expire_all()
    assert db.session.get(StockUnit, unit.id) is not None
