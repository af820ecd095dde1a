"""The gross of deals as stored: counted when agreed, under the policy of then, and again when a cost comes late."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text

from app.core import clock
from app.core.db import db, transaction
from app.core.db.ids import to_public
from app.core.errors import Invalid
from app.inventory.operations import costs
from app.inventory.operations.units import edit_unit
from app.sales.models import Deal
from app.sales.operations import deals, delivery
from app.sales.operations.corrections import correct_deal
from app.sales.operations.policies import set_policy
from app.sales.queries import policies
from app.sales.rules.bodies import to_body
from app.sales.rules.gross import Counts, GrossPolicy, reserve
from app.sales.rules.gross_terms import GrossTerms, gross_terms, reserve_of
from app.sales.rules.payments import Loan
from app.sales.rules.policies import PolicyKind
from app.sales.rules.scenarios import Scenario, ScenarioKind
from app.sales.rules.sheet import Sheet
from app.sales.views.settings.gross import PARTS
from tests.factories.inventory import SYSTEM, make_unit
from tests.factories.pages import post
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
        correct_deal(actor=SYSTEM, deal_id=deal.id, version=None, price=D(31000), discount=D(0), customer_id=None,
                     reason="a typing error")  # fmt: skip
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


def test_the_reserve_is_the_store_s_share_of_the_spread():
    sheet = Sheet("USD", D(30000))
    terms = gross_terms({"policy": {}, "reserve_share": "80", "highest_spread": None})
    loan = Scenario(ScenarioKind.LOAN, term_months=60, apr=D("7.9"))
    expected = reserve(Loan(D(30000), D("7.9"), 60), D("5.9"), D(80), "USD")
    assert reserve_of(sheet, loan, D("5.9"), terms) == expected > 0
    assert reserve_of(sheet, loan, None, terms) == reserve_of(sheet, None, D("5.9"), terms) == 0
    assert reserve_of(sheet, Scenario(ScenarioKind.CASH), D("5.9"), terms) == 0


def test_the_card_shows_the_recap_to_whoever_may_see_margins_and_to_nobody_else(client_for, alpha, stores):
    deal = sold(stores[0], "29800")
    deliver(deal)
    address = f"/deals/{to_public('deal', deal.id)}"
    page = client_for(alpha, "sales_manager").get(address).text
    assert re.search(r"Front gross</th><td class=\"n\"><span class=\"num\">\$2,200", page)
    assert "Cost of the car" in page
    assert "$2,200" not in client_for(alpha, "salesperson").get(address).text
    answer = post(client_for(alpha, "sales_manager"), f"{address}/cost", cost="30000")
    assert answer.status_code == 303
    page = client_for(alpha, "sales_manager").get(address).text
    assert "Costs came after the delivery" in page
    assert "$2,000" in page
    assert post(client_for(alpha, "sales_manager"), f"{address}/cost", cost="x").status_code == 422


def test_the_policy_of_gross_is_set_by_its_form(client_for, alpha, stores, no_policies_left):
    client = client_for(alpha, "gm")
    counted = dict.fromkeys(PARTS, "both") | {"holdback": "never"}
    answer = post(client, "/sales-settings/gross", store="", number="0", pack="250", reserve_share="60", **counted)
    assert answer.status_code == 303, answer.text
    found = gross_terms(policies.in_force(None, PolicyKind.GROSS).body, 1)
    assert (found.policy.pack, found.policy.holdback, found.reserve_share) == (250, Counts.NEVER, 60)
    assert 'value="250"' in client.get("/sales-settings/gross").text
