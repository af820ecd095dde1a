"""From a conversation to a deal: started by a pick, begun with the store's fees, moved on by one press that saves."""

from decimal import Decimal as D

import pytest

from app.core.db import transaction
from app.core.db.ids import to_public
from app.sales.operations.policies import set_policy
from app.sales.rules.policies import PolicyKind
from app.sales.rules.sheet import LineKind
from tests.factories.catalogue import make_product, make_tax_rule
from tests.factories.desk import again, desk, save
from tests.factories.inventory import SYSTEM, make_unit
from tests.factories.pages import post
from tests.factories.sales import make_customer, make_deal
from tests.sales.test_desk_pages import address, fields_of


@pytest.fixture
def client(client_for, alpha, in_alpha):
    return client_for(alpha)


@pytest.fixture
def fees(stores):
    make_tax_rule()
    body = {"tax_key": "us_credit", "fees": [{"label": "Doc fee", "amount": "499.00", "taxed": True}]}
    with transaction():
        set_policy(actor=SYSTEM, kind=PolicyKind.FEES, body=body, store_id=stores[0].id)


def test_a_new_deal_begins_with_the_fees_and_the_tax_rule_of_its_store(client, stores, fees):
    found = desk(make_deal(stores[0]))
    assert [(item.line.kind, item.line.label, item.line.amount) for item in found.lines] == [
        (LineKind.FEE, "Doc fee", D(499))
    ]
    assert (found.tax.key, found.way.scenario.kind, len(found.ways)) == ("us_credit", "cash", 3)
    for other in (make_deal(stores[1]), make_deal(stores[0], status="sold")):
        assert (desk(other).id, desk(other).lines, desk(other).tax) == (None, (), None)


def test_a_deal_is_started_by_picking_who_it_is_for(client, stores):
    unit, customer = make_unit(stores[0], asking_price=D("15250.00")), make_customer(stores[0], "Pia Picked")
    start = f"/deals/start?unit={to_public('unit', unit.id)}"
    assert to_public("cus", customer.id) in client.get(f"{start}&q=picked").text
    assert to_public("cus", customer.id) not in client.get(f"{start}&q=somebody").text
    known = {"unit": to_public("unit", unit.id), "customer": to_public("cus", customer.id)}
    answer = post(client, "/deals/start", **known)
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "Pia Picked" in page
    assert fields_of(page)["price"] == "15250"
    cars = client.get(f"/deals/start?customer={known['customer']}&q={unit.stock_number}").text
    assert known["unit"] in cars


def test_a_car_without_a_price_asks_for_it_and_nothing_is_started(client, stores):
    unit = make_unit(stores[0], asking_price=None)
    answer = post(client, "/deals/start", unit=to_public("unit", unit.id))
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert 'name="price"' in page
    assert unit.stock_number in page
    assert post(client, "/deals/start").status_code == 404


def test_a_product_is_added_with_what_was_typed_saved(client, stores):
    make_product(name="Paint care", price=D(300))
    deal = make_deal(stores[0])
    save(deal)
    page = client.get(address(deal)).text
    offer = page.partition('value="offer:')[2].partition('"')[0]
    form = fields_of(page) | {"discount": "777", "next": f"offer:{offer}"}
    assert post(client, address(deal, "worksheet"), **form).status_code == 303
    assert again(deal).discount == D(777)
    assert "Paint care" in [item.line.label for item in desk(deal).lines]


def test_a_press_that_changes_nothing_saves_nothing_and_moves_on(client, stores):
    deal = make_deal(stores[0], customer_id=make_customer(stores[0], "Una Changed").id)
    save(deal)
    before = desk(deal).version
    form = fields_of(client.get(address(deal)).text)
    assert post(client, address(deal, "worksheet"), **form, next="agree").status_code == 303
    assert (again(deal).status, desk(deal).version) == ("sold", before)
    assert post(client, address(deal, "worksheet"), **form, next="agree").status_code == 409
