"""A vehicle is handed over once its buyer has paid his part and somebody stands for the rest."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.core.db import db, transaction
from app.core.db.ids import to_public
from app.sales.errors import BuyerOwes, LenderNotBound
from app.sales.models import Deal
from app.sales.operations import delivery
from app.sales.operations.policies import set_policy
from app.sales.rules.policies import PolicyKind
from app.sales.rules.receivables import Balance, Party, open_at_delivery
from tests.factories.inventory import SYSTEM
from tests.factories.pages import post
from tests.factories.sales import make_deal, pay
from tests.fixtures.lenders import decided, fund
from tests.sales.test_deal_operations import edit

D = Decimal
OWED = Balance(owed=D(12000), financed=D(9000), paid=D(1000), funded=D(0), paid_off=D(0), payoff=D(0))


def deliver(deal, actor):
    with transaction():
        return delivery.deliver_deal(actor=actor, deal_id=deal.id, version=None)


@pytest.fixture
def boss(alpha, actor):
    return actor(alpha, "tenant_admin")


def test_each_party_owes_his_own_part_and_what_was_paid_too_much_owes_nothing():
    assert open_at_delivery(OWED, lender_stands=True) == ((Party.BUYER, D(2000)),)
    assert open_at_delivery(OWED, lender_stands=False) == ((Party.BUYER, D(2000)), (Party.LENDER, D(9000)))
    paid = replace(OWED, paid=D(3000))
    assert open_at_delivery(paid, lender_stands=True) == ()
    assert open_at_delivery(replace(paid, paid=D(3001), funded=D(9000)), lender_stands=False) == ()
    assert open_at_delivery(replace(paid, paid=D("2999.99")), lender_stands=True) == ((Party.BUYER, D("0.01")),)


def test_the_buyer_pays_before_he_drives_away(stores, boss):
    deal = make_deal(stores[0], status="sold")
    pay(deal, D("11999.99"))
    with pytest.raises(BuyerOwes) as refused:
        deliver(deal, boss)
    assert refused.value.params == {"amount": "0.01 USD"}
    assert refused.value.extensions == {
        "party": "buyer", "amount": "0.01", "currency": "USD", "missing": ["buyer_owes"],
    }  # fmt: skip
    db.session.expire_all()
    pay(deal)
    assert deliver(deal, boss).delivered_on is not None


def test_a_lender_who_agreed_to_these_figures_stands_for_his_part_and_to_others_does_not(borrower_deal, bank, boss):
    found = decided(borrower_deal, bank)
    with pytest.raises(BuyerOwes) as refused:
        deliver(borrower_deal, boss)
    assert refused.value.params == {"amount": "3000 USD"}
    db.session.expire_all()
    pay(borrower_deal)
    edit(borrower_deal, price=D(11900))
    with pytest.raises(LenderNotBound) as other:
        deliver(borrower_deal, boss)
    assert other.value.params == {"amount": "9000 USD"}
    assert other.value.extensions["party"] == "lender"
    db.session.expire_all()
    edit(borrower_deal, price=D(12000))
    assert deliver(borrower_deal, boss).delivered_on is not None
    assert found.status == "conditional"


def test_money_that_came_asks_nobody_whether_he_stands(borrower_deal, bank, boss):
    found = decided(borrower_deal, bank, amount=D(9000))
    found.stipulations = []
    db.session.commit()
    fund(found.id, 9000)
    edit(db.session.get(Deal, borrower_deal.id), price=D(11900))
    pay(borrower_deal)
    assert deliver(borrower_deal, boss).delivered_on is not None


def test_a_store_may_hand_over_before_and_programs_write_down_what_happened(stores, boss):
    with transaction():
        body = {"open_balance": True}
        set_policy(actor=SYSTEM, kind=PolicyKind.DOCUMENTS, body=body, store_id=stores[1].id)
    assert deliver(make_deal(stores[1]), boss).delivered_on is not None
    assert deliver(make_deal(stores[0]), SYSTEM).delivered_on is not None
    history = make_deal(stores[0], delivered_on=stores[0].created_at.date())
    assert history.delivered_on is not None
    with pytest.raises(BuyerOwes):
        deliver(make_deal(stores[0]), boss)


def test_the_page_says_what_is_open_and_offers_the_payment_first(client_for, alpha, stores):
    client, deal = client_for(alpha), make_deal(stores[0], status="sold")
    address = f"/deals/{to_public('deal', deal.id)}"
    page = client.get(address).text
    assert "The buyer still owes 12000 USD." in page
    assert "Take payment" in page.split('id="next-step"')[1][:200]
    refused = post(client, f"{address}/deliver", version="1")
    assert refused.status_code == 409
    assert "The buyer still owes 12000 USD." in refused.text
    pay(deal)
    page = client.get(address).text
    assert "still owes" not in page
    assert "Deliver" in page.split('id="next-step"')[1][:200]


def test_the_settings_keep_what_was_ticked(client_for, alpha, stores, no_policies_left):
    client = client_for(alpha)
    form = client.get("/sales-settings/documents").text
    box = 'name="open_balance" value="1"'
    assert box in form
    assert f"{box} checked" not in form
    assert post(client, "/sales-settings/documents", open_balance="1", number="0").status_code == 303
    assert f"{box} checked" in client.get("/sales-settings/documents").text
    assert deliver(make_deal(stores[0]), SYSTEM).delivered_on is not None
