"""The gross of deals as stored: counted when agreed, under the policy of then, and again when a cost comes late."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text

from app.core import clock
from app.core.db import db, transaction
from app.core.errors import Invalid
from app.inventory.operations import costs
from app.inventory.operations.units import edit_unit
from app.sales.models import Deal
from app.sales.operations import deals, delivery
from app.sales.operations.policies import set_policy
from app.sales.rules.bodies import to_body
from app.sales.rules.gross import Counts, GrossPolicy
from app.sales.rules.gross_terms import GrossTerms
from app.sales.rules.policies import PolicyKind
from tests.factories.inventory import SYSTEM, make_unit
from tests.factories.sales import make_deal

D = Decimal


def sold(store: Any, cost: str | None = "29800", price: str = "32000", **values: Any) -> Deal:
    unit = make_unit(store, cost=None if cost is None else D(cost))
    return make_deal(store, unit, price=D(price), **{"status": "sold", **values})


def stored(deal: Deal) -> tuple[Any, ...]:
    columns = (Deal.front_gross, Deal.back_gross, Deal.total_gross, Deal.late_cost)
    with transaction():
        return tuple(db.session.execute(select(*columns).where(Deal.id == deal.id)).one())


def deliver(deal: Deal) -> None:
    with transaction():
        delivery.deliver_deal(actor=SYSTEM, deal_id=deal.id, version=None)


def test_a_deal_has_gross_from_the_day_it_is_agreed(stores):
    working = sold(stores[0], status="working")
    assert stored(working) == (None, None, None, None)
    assert stored(sold(stores[0])) == (2200, 0, 2200, None)


def test_no_cost_no_front_gross(stores):
    assert stored(sold(stores[0], None)) == (None, 0, None, None)


def test_a_correction_of_the_price_and_of_the_status_moves_the_gross(stores):
    deal = sold(stores[0])
    kept: dict[str, Any] = {"customer_id": None, "salesperson_id": None, "deal_type": "retail"}
    with transaction():
        deals.edit_deal(actor=SYSTEM, deal_id=deal.id, version=deal.version, price=D(31000), discount=D(0),
                        status="sold", **kept)  # fmt: skip
    assert stored(deal)[2] == 1200
    with transaction():
        current = db.session.get_one(Deal, deal.id)
        deals.edit_deal(actor=SYSTEM, deal_id=deal.id, version=current.version, price=D(31000), discount=D(0),
                        status="pending", **kept)  # fmt: skip
    assert stored(deal) == (None, None, None, None)


def test_an_unwound_deal_earns_nothing(stores):
    deal = sold(stores[0])
    deliver(deal)
    with transaction():
        delivery.unwind_deal(actor=SYSTEM, deal_id=deal.id, version=None, reason="The bank said no")
    assert stored(deal) == (None, None, None, None)


def test_a_deal_keeps_the_policy_it_was_agreed_under(stores, no_policies_left):
    deal = sold(stores[0])
    terms = GrossTerms(GrossPolicy(pack=D(300), pack_counts=Counts.BOTH))
    with transaction():
        set_policy(actor=SYSTEM, kind=PolicyKind.GROSS, body=to_body(terms), store_id=stores[0].id)
    deliver(deal)
    assert stored(deal)[0] == 2200
    assert stored(sold(stores[0]))[0] == 1900
    with transaction():
        db.session.execute(text("UPDATE sales_deals SET gross_policy_id = NULL"))


def test_a_cost_that_comes_after_the_delivery_is_flagged_and_lowers_the_gross(stores):
    deal = sold(stores[0])
    deliver(deal)
    with transaction():
        costs.correct_cost(actor=SYSTEM, unit_id=deal.stock_unit_id, cost=D(30050))
    assert stored(deal) == (1950, 0, 1950, 250)
    with transaction():
        costs.correct_cost(actor=SYSTEM, unit_id=deal.stock_unit_id, cost=D(29800))
    assert stored(deal) == (2200, 0, 2200, None)


def test_a_cost_before_the_delivery_is_none_that_came_late(stores):
    unit = make_unit(stores[0], cost=D(9000))
    deal = make_deal(stores[0], unit, price=D(10000), status="sold")
    with transaction():
        edit_unit(actor=SYSTEM, unit_id=unit.id, version=unit.version, stock_number=unit.stock_number,
                  condition=unit.condition, acquired_on=unit.acquired_on, cost=D(9400))  # fmt: skip
    deliver(deal)
    assert stored(deal) == (600, 0, 600, None)


def test_counting_gross_makes_no_new_version_of_a_deal(stores):
    deal = sold(stores[0])
    assert deal.version == 1
    deliver(deal)
    with transaction():
        before = db.session.get_one(Deal, deal.id).version
        costs.correct_cost(actor=SYSTEM, unit_id=deal.stock_unit_id, cost=D(1))
        assert db.session.get_one(Deal, deal.id).version == before


def test_a_cost_below_zero_is_refused(stores):
    deal = sold(stores[0], delivered_on=clock.today("America/New_York"))
    with pytest.raises(Invalid), transaction():
        costs.correct_cost(actor=SYSTEM, unit_id=deal.stock_unit_id, cost=D(-1))
