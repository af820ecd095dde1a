"""Cars taken in trade: they come, change, go and come back, and whoever is editing a worksheet is told."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from app.core.db import transaction
from app.core.errors import FieldClosed, Invalid, Stale
from app.core.guard import undo
from app.sales.errors import CarIsTraded
from app.sales.operations import removal, trade_ins
from app.sales.rules.sheet import total
from tests.factories.desk import CLERK, desk, save, told
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle
from tests.factories.sales import make_deal


@pytest.fixture
def deal(stores):
    return make_deal(stores[0], price=D(31950))


def test_a_deleted_deal_comes_back_with_what_hung_on_it(deal, actor, alpha):
    manager = actor(alpha, "tenant_admin")
    save(deal)
    car = make_vehicle()
    with transaction():
        trade_ins.add_trade(actor=SYSTEM, deal_id=deal.id, vehicle_id=car.id, allowance=D(900), acv=D(700))
    before = desk(deal)
    with transaction():
        removal.delete_deal(actor=manager, deal_id=deal.id)
    with transaction():
        undo.take_back(manager, undo.last_offer())
    after = desk(deal)
    assert (after.lines, after.ways, after.sheet) == (before.lines, before.ways, before.sheet)
    assert [car.id for car in after.trades] == [car.id for car in before.trades]


def test_trade_ins_come_change_and_go(deal, actor, alpha):
    manager = actor(alpha, "sales_manager")
    cars = [make_vehicle(model=model) for model in ("CX-5", "Golf")]
    with transaction():
        one, two = (
            trade_ins.add_trade(actor=manager, deal_id=deal.id, vehicle_id=car.id, allowance=D(9000), payoff=D(3150))
            for car in cars
        )
    with pytest.raises(CarIsTraded), transaction():
        trade_ins.add_trade(actor=manager, deal_id=deal.id, vehicle_id=cars[0].id, allowance=D(1))
    assert total(desk(deal).sheet).net_trade == D(11700)
    assert told(deal).changes["trade_ins"] == (None, ["Ford Golf 9000 − 3150"])
    with transaction():
        trade_ins.edit_trade(
            actor=manager, deal_id=deal.id, trade_id=one.id, version=one.version, allowance=D(9400), payoff=D(3150),
            acv=D(8800), lienholder="Bank",
        )  # fmt: skip
    assert desk(deal).trades[0].trade.acv == D(8800)
    with transaction():
        undo.take_back(manager, undo.last_offer())
    assert desk(deal).trades[0].trade == replace(desk(deal).trades[1].trade)
    with transaction():
        trade_ins.remove_trade(actor=manager, deal_id=deal.id, trade_id=two.id)
    assert [car.id for car in desk(deal).trades] == [one.id]
    with transaction():
        undo.take_back(manager, undo.last_offer())
    assert {car.id for car in desk(deal).trades} == {one.id, two.id}


def test_a_trade_in_makes_the_sheet_that_was_read_an_old_one(deal):
    for _ in range(2):
        version, car = desk(deal).version, make_vehicle()
        with transaction():
            trade_ins.add_trade(actor=SYSTEM, deal_id=deal.id, vehicle_id=car.id, allowance=D(1))
        with pytest.raises(Stale):
            save(deal, version=version)
        save(deal, version=desk(deal).version)


def test_the_car_that_is_sold_is_no_trade_in(stores):
    unit = make_unit(stores[1])
    deal = make_deal(stores[1], unit)
    with pytest.raises(Invalid) as error, transaction():
        trade_ins.add_trade(actor=SYSTEM, deal_id=deal.id, vehicle_id=unit.vehicle_id, allowance=D(-1))
    assert {item.field for item in error.value.errors} == {"vehicle_id", "allowance"}


def test_who_sees_no_cost_says_no_worth(deal):
    car = make_vehicle()
    with pytest.raises(FieldClosed), transaction():
        trade_ins.add_trade(actor=CLERK, deal_id=deal.id, vehicle_id=car.id, allowance=D(1), acv=D(1))
