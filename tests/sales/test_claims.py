"""Two people over one car: many may work on it, one has it, and the other is told at once whose it is."""

from collections import Counter
from datetime import date
from decimal import Decimal
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.db import db, tenant, transaction
from app.inventory.models import StockUnit
from app.sales import queries
from app.sales.errors import UnitHasDeal
from app.sales.models import Deal, Snapshot
from app.sales.operations import deals
from tests.factories.inventory import SYSTEM, make_unit
from tests.factories.sales import make_deal
from tests.sales.test_deal_operations import deliver, edit, unit_of

HANDED_OVER = date(2026, 2, 3)
BUYERS, ROUNDS = 32, 10


def test_several_work_on_a_unit_one_holds_it_and_a_lost_one_makes_room(stores, alpha, actor):
    seller = actor(alpha, "salesperson")
    deal, second = make_deal(stores[0], salesperson_id=seller.user_id), make_deal(stores[0])
    unit = unit_of(deal)
    other = make_deal(stores[0], unit)
    edit(deal, status="pending")
    at = deal.promised_at.astimezone(ZoneInfo(stores[0].timezone)).strftime("%Y-%m-%d %H:%M")
    told = {"deal_number": deal.deal_number, "who": seller.name, "since": at}
    for refused in (
        lambda: edit(other, status="sold"),
        lambda: edit(other, status="pending"),
        lambda: deliver(other, clock.today(stores[0].timezone)),
        lambda: make_deal(stores[0], unit, status="sold"),
        lambda: make_deal(stores[0], unit),
    ):
        with pytest.raises(UnitHasDeal) as error:
            refused()
        assert (error.value.params, error.value.extensions) == (told, told)
        db.session.expire_all()
    edit(other, status="working", price=Decimal(9))
    edit(deal, status="lost")
    assert deal.promised_at is None
    edit(other, status="sold")
    with pytest.raises(UnitHasDeal):
        edit(deal, status="working")
    assert queries.find_claiming_deal(unit.id).id == other.id
    assert queries.find_claiming_deal(second.stock_unit_id) is None


def race(app, of, sells):
    """What each of `sells` makes when all begin together, on connections of their own."""
    start, outcomes = Barrier(len(sells)), []

    def run(sell):
        with app.app_context(), tenant(of.id):
            start.wait(timeout=60)
            try:
                with transaction():
                    outcomes.append(("sold", sell()))
            except UnitHasDeal as error:
                outcomes.append(("refused", error.params["deal_number"]))

    threads = [Thread(target=run, args=(sell,)) for sell in sells]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return outcomes


@pytest.mark.parametrize("values", [{"delivered_on": HANDED_OVER}, {"status": "sold"}, {"status": "pending"}])
def test_of_many_who_begin_with_a_sale_one_has_the_unit(app, alpha, stores, values):
    unit_id = make_unit(stores[0]).id

    def sell():
        return deals.record_deal(actor=SYSTEM, stock_unit_id=unit_id, price=Decimal(1), **values).deal_number

    outcomes = race(app, alpha, [sell] * 8)
    assert Counter(kind for kind, _ in outcomes) == {"sold": 1, "refused": 7}
    assert len({number for _, number in outcomes}) == 1
    assert db.session.scalar(select(func.count()).where(Deal.stock_unit_id == unit_id)) == 1


def test_of_32_buyers_in_10_rounds_one_each_gets_the_car_and_nothing_is_lost(app, alpha, stores):
    sold, doubled, told = 0, 0, 0
    for _ in range(ROUNDS):
        unit = make_unit(stores[0])
        worked = [make_deal(stores[0], unit, price=Decimal(9000 + number)) for number in range(BUYERS)]
        keys = [(deal.id, deal.version, deal.price) for deal in worked]
        db.session.rollback()

        def sell(key, version, price):
            def run():
                deal = deals.edit_deal(
                    actor=SYSTEM, deal_id=key, version=version, price=price, discount=Decimal(0), customer_id=None,
                    salesperson_id=None, deal_type="retail", status="sold",
                )  # fmt: skip
                return deal.deal_number

            return run

        outcomes = race(app, alpha, [sell(*key) for key in keys])
        numbers = {number for kind, number in outcomes if kind == "sold"}
        sold += len(numbers)
        told += sum(number in numbers for kind, number in outcomes if kind == "refused")
        rows = db.session.execute(select(Deal.status, Deal.price).where(Deal.stock_unit_id == unit.id)).all()
        holders = [row for row in rows if row.status in ("pending", "sold", "booked", "finalized")]
        doubled += len(holders) > 1
        assert sorted(row.price for row in rows) == sorted(price for _, _, price in keys)
        winners = select(func.count()).select_from(Snapshot).join(Deal, Deal.id == Snapshot.deal_id)
        assert db.session.scalar(winners.where(Deal.stock_unit_id == unit.id)) == 1
        assert db.session.get(StockUnit, unit.id, populate_existing=True).status == "sold"
    assert (sold, doubled, told) == (ROUNDS, 0, ROUNDS * (BUYERS - 1))
