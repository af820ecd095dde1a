"""Pay as stored: entries made once, periods closed once, corrections in the current one, statements made again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.db import current_tenant, db, tenant, transaction
from app.core.db.owner import owner
from app.core.errors import Invalid, PermissionDenied
from app.core.guard.permissions import Actor
from app.inventory.operations.costs import correct_cost
from app.sales.models import CommissionEntry, CommissionStatement, Deal
from app.sales.operations import commission, delivery
from app.sales.queries import pay
from app.sales.rules.pay_entries import month_of
from app.sales.rules.plans import Base, Draw, Earning, PaidOn, Plan
from app.sales.rules.tiers import Step, TierMeasure, TierMode, Tiers
from tests.factories.inventory import SYSTEM, make_unit
from tests.factories.sales import make_deal
from tests.fixtures.people import find_user

D = Decimal
TODAY = clock.today("America/New_York")
THIS = month_of(TODAY)
LAST = month_of(THIS - timedelta(days=1))
PERCENT = Plan((Earning(Base.FRONT, D(25)),))


@pytest.fixture(autouse=True)
def no_pay_left(in_alpha):
    """What a test sets is gone after it: nothing of pay can be deleted by the dealership itself."""
    yield
    with owner() as connection:
        for table in ("statements", "entries", "plans"):
            connection.execute(f"DELETE FROM {current_tenant().schema}.sales_commission_{table}")
        connection.execute(f"UPDATE {current_tenant().schema}.sales_deals SET salesperson_id = NULL, shares = NULL")


@pytest.fixture
def seller(in_alpha):
    return find_user("salesperson").id


def plan(value: Plan = PERCENT, since: date = LAST, **values: Any) -> Any:
    with transaction():
        return commission.set_plan(actor=SYSTEM, name="Sales", plan=value, valid_from=since, **values)


def delivered(store: Any, seller: Any, on: date = LAST, cost: str = "9000", price: str = "10000") -> Deal:
    unit = make_unit(store, cost=D(cost), acquired_on=on)
    return make_deal(store, unit, price=D(price), salesperson_id=seller, delivered_on=on)


def count(deal: Deal) -> int:
    with transaction():
        return commission.count_pay(deal.id)


def close(seller: Any, store: Any, period: date = LAST) -> CommissionStatement:
    with transaction():
        return commission.close_period(actor=SYSTEM, user_id=seller, store_id=store.id, period=period)


def total(seller: Any, store: Any, period: date) -> Decimal:
    with transaction():
        found = pay.open_period(seller, store.id, period)
        assert found is not None
        return found.statement.earned


def entries(deal: Deal) -> list[tuple[Any, ...]]:
    columns = (CommissionEntry.kind, CommissionEntry.period, CommissionEntry.amount)
    with transaction():
        asked = select(*columns).where(CommissionEntry.deal_id == deal.id)
        return [tuple(row) for row in db.session.execute(asked.order_by(CommissionEntry.user_id, CommissionEntry.seq))]


def test_a_delivered_deal_pays_once_however_often_it_is_looked_at(stores, seller):
    plan()
    deal = delivered(stores[0], seller)
    assert (count(deal), count(deal), count(deal)) == (1, 0, 0)
    assert total(seller, stores[0], LAST) == 250


def test_without_a_plan_nobody_is_paid(stores, seller):
    deal = delivered(stores[0], seller)
    assert count(deal) == 0


def test_a_late_cost_in_an_open_period_is_counted_there(stores, seller):
    plan()
    deal = delivered(stores[0], seller)
    count(deal)
    with transaction():
        correct_cost(actor=SYSTEM, unit_id=deal.stock_unit_id, cost=D(9400))
    assert count(deal) == 1
    assert total(seller, stores[0], LAST) == 150
    assert [entry[0] for entry in entries(deal)] == ["deal", "late_cost"]


def test_what_changes_after_closing_lands_in_the_current_period_and_the_closed_one_stays(stores, seller):
    plan()
    deal = delivered(stores[0], seller)
    count(deal)
    closed = close(seller, stores[0])
    assert (closed.total, closed.units) == (250, 1)
    with transaction():
        correct_cost(actor=SYSTEM, unit_id=deal.stock_unit_id, cost=D(9400))
    count(deal)
    assert total(seller, stores[0], THIS) == -100
    with transaction():
        delivery.unwind_deal(actor=SYSTEM, deal_id=deal.id, version=None, reason="The bank said no")
    count(deal)
    assert count(deal) == 0
    assert entries(deal) == [("deal", LAST, None), ("late_cost", THIS, -100), ("chargeback", THIS, -150)]
    assert total(seller, stores[0], THIS) == -250
    with transaction():
        again = db.session.get_one(CommissionStatement, closed.id)
        assert again.total == 250
        assert pay.replays(again)


def test_an_unwound_deal_of_an_open_period_pays_nothing_there(stores, seller):
    plan()
    deal = delivered(stores[0], seller)
    count(deal)
    with transaction():
        delivery.unwind_deal(actor=SYSTEM, deal_id=deal.id, version=None, reason="The bank said no")
    count(deal)
    assert total(seller, stores[0], LAST) == 0


def test_a_split_deal_pays_each_his_part(stores, seller):
    plan(Plan((Earning(Base.UNIT, D(100)), Earning(Base.FRONT, D(25)))))
    other = find_user("sales_manager").id
    deal = delivered(stores[0], seller, price="10000.01")
    with transaction():
        commission.share_deal(actor=SYSTEM, deal_id=deal.id, people=[(seller, D("0.5")), (other, D("0.5"))])
    assert count(deal) == 2
    assert total(seller, stores[0], LAST) == D("175.00")  # 50 + 25 % of 500.01 = 125.0025
    assert total(other, stores[0], LAST) == D("175.00")
    with pytest.raises(Invalid), transaction():
        commission.share_deal(actor=SYSTEM, deal_id=deal.id, people=[(seller, D("0.5"))])


def test_paid_on_funding_waits_for_the_lender_and_for_nobody_where_there_is_none(stores, seller):
    plan(Plan((Earning(Base.FRONT, D(25)),), paid_on=PaidOn.FUNDED))
    assert count(delivered(stores[0], seller)) == 1


def test_what_is_paid_on_payment_waits_for_the_money(stores, seller):
    plan(Plan((Earning(Base.FRONT, D(25)),), paid_on=PaidOn.PAID))
    assert count(delivered(stores[0], seller)) == 0


def test_a_period_is_closed_after_its_end_in_its_order_and_once(stores, seller):
    before = month_of(LAST - timedelta(days=1))
    plan(since=before)
    for on in (before, LAST, THIS):
        count(delivered(stores[0], seller, on=on))
    for period, code in ((THIS, "period_not_over"), (LAST, "earlier_period_open")):
        with pytest.raises(Invalid) as refused:
            close(seller, stores[0], period)
        assert [field.code for field in refused.value.errors] == [code]
    close(seller, stores[0], before)
    close(seller, stores[0], LAST)
    with pytest.raises(Invalid) as refused:
        close(seller, stores[0], LAST)
    assert [field.code for field in refused.value.errors] == ["period_closed"]


def test_what_was_advanced_is_carried_into_the_next_statement(stores, seller):
    before = month_of(LAST - timedelta(days=1))
    plan(Plan((Earning(Base.FRONT, D(25)),), draw=Draw(D(400))), since=before)
    count(delivered(stores[0], seller, on=before))
    count(delivered(stores[0], seller, on=LAST, price="13000"))
    first = close(seller, stores[0], before)
    assert (first.total, first.carried) == (400, 150)
    second = close(seller, stores[0], LAST)
    assert (second.earned, second.total, second.carried) == (1000, 850, 0)


def test_a_closed_statement_takes_no_change_from_anybody(stores, seller):
    plan()
    count(delivered(stores[0], seller))
    close(seller, stores[0])
    for statement in ("UPDATE sales_commission_statements SET total = 1", "DELETE FROM sales_commission_entries"):
        with pytest.raises(DBAPIError, match="permission denied"), transaction():
            db.session.execute(text(statement))


def test_nobody_closes_his_own_period(stores, client_for, seller):
    plan()
    count(delivered(stores[0], seller))
    self_made = Actor(user_id=seller, name="S", grants={"commission.approve": "all"}, sights={"pay": "visible"})
    with pytest.raises(PermissionDenied), transaction():
        commission.close_period(actor=self_made, user_id=seller, store_id=stores[0].id, period=LAST)


def test_a_plan_cannot_reach_back_into_a_closed_period(stores, seller):
    plan()
    count(delivered(stores[0], seller))
    close(seller, stores[0])
    with pytest.raises(Invalid):
        plan(since=LAST)
    assert plan(since=THIS).number == 2


def test_a_plan_that_names_somebody_goes_before_one_for_everybody(stores, seller):
    everybody = plan()
    with transaction():
        named = commission.set_plan(actor=SYSTEM, name="His", plan=PERCENT, valid_from=LAST, people=[seller])
        found = pay.plan_for(seller, stores[0].id, LAST)
        other = pay.plan_for(find_user("sales_manager").id, stores[0].id, LAST)
    assert (found.id, other.id) == (named.id, everybody.id)


def test_two_people_closing_one_period_at_once_close_it_once(app, alpha, stores, seller):
    plan()
    count(delivered(stores[0], seller))
    store_id = stores[0].id

    def attempt(_: int) -> str:
        with app.app_context(), tenant(alpha.id):
            try:
                with transaction():
                    commission.close_period(actor=SYSTEM, user_id=seller, store_id=store_id, period=LAST)
            except Invalid as refusal:
                return refusal.errors[0].code
            return "closed"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == ["closed", *["period_closed"] * 3]


def test_tiers_that_rise_as_the_month_goes_on_come_out_as_counted_at_once(stores, seller):
    tiers = Tiers(TierMeasure.UNITS, TierMode.RETROACTIVE, (Step(D(2), D(40)),))
    plan(Plan((Earning(Base.FRONT, D(20), tiers),)))
    made = [delivered(stores[0], seller) for _ in range(3)]
    for deal in made[:2]:
        count(deal)
    assert total(seller, stores[0], LAST) == 400
    count(made[2])
    assert total(seller, stores[0], LAST) == 1200
    with transaction():
        commission.count_month(LAST)
    assert total(seller, stores[0], LAST) == 1200
