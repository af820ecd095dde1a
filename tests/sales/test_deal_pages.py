"""The pages of deals: made from a unit and a customer, found by any condition, delivered, unwound, deleted or not."""

import re
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core.db import db
from app.core.db.ids import to_public
from app.sales.models import Deal
from tests.factories.inventory import make_unit, make_vehicle
from tests.factories.pages import error_of, field_of, post, recorded
from tests.factories.sales import make_customer, make_deal, pay
from tests.fixtures.people import find_user


@pytest.fixture
def client(client_for, alpha):
    return client_for(alpha)


def address(deal, *rest):
    return "/".join(["/deals", to_public("deal", deal.id), *rest])


def selected(page, name):
    found = re.search(rf'<select[^>]*name="{name}".*?</select>', page, re.DOTALL)
    chosen = re.search(r'value="([^"]*)" selected', found[0])
    return chosen[1] if chosen else ""


def options(page, name):
    found = re.search(rf'<select[^>]*name="{name}".*?</select>', page, re.DOTALL)
    return set(re.findall(r'value="([^"]+)"', found[0]))


def listed(page):
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return set(re.findall(r"/deals/(deal_\w+)", body))


def public(*deals):
    return {to_public("deal", deal.id) for deal in deals}


def test_a_deal_begins_at_a_unit_and_a_customer(client, stores):
    unit, customer = make_unit(stores[0], asking_price=Decimal("12000.50")), make_customer(stores[0], "Ana Ruiz")
    vehicle_page = client.get(f"/vehicles/{to_public('veh', unit.vehicle_id)}").text
    assert f"/deals/start?unit={to_public('unit', unit.id)}" in vehicle_page
    form = client.get(
        "/deals/new", query_string={"unit": to_public("unit", unit.id), "customer": to_public("cus", customer.id)}
    ).text
    assert (selected(form, "stock_unit_id"), selected(form, "customer_id")) == (str(unit.id), str(customer.id))
    assert field_of(form, "price") == "12000.50"
    answer = post(client, "/deals", stock_unit_id=unit.id, customer_id=customer.id, price="11800.5", discount="300")
    assert answer.status_code == 303
    page = client.get(answer.location).text
    for words in ("Ana Ruiz", unit.stock_number, "11800.50", 'value="300"', "$11,500.50", "Working"):
        assert words in page
    assert post(client, "/deals", stock_unit_id=unit.id, price="2", status="sold").status_code == 303
    again = post(client, "/deals", stock_unit_id=unit.id, price="1", note="typed")
    assert again.status_code == 409
    assert "typed" in again.text
    assert "has this unit in the deal D-" in error_of(again.text, "stock_unit_id")


def test_the_pickers_find_units_and_customers_and_keep_what_was_typed(client, stores):
    vehicle = make_vehicle(make="Jaguar", model="XE R-Dynamic")
    unit, customer = make_unit(stores[0], vehicle), make_customer(stores[0], "Bo Pickwick")
    page = post(client, "/deals", search="unit", unit_search="jag dynamic", price="999", note="Cash").text
    assert (selected(page, "stock_unit_id"), field_of(page, "price")) == (str(unit.id), "999")
    assert "Cash" in page
    page = post(client, "/deals", unit_search=vehicle.vin[-6:]).text
    assert options(page, "stock_unit_id") == {str(unit.id)}
    page = post(client, "/deals", stock_unit_id=unit.id, customer_search="PICKW", price="999").text
    assert (selected(page, "customer_id"), selected(page, "stock_unit_id")) == (str(customer.id), str(unit.id))
    assert db.session.scalars(select(Deal).where(Deal.stock_unit_id == unit.id)).all() == []


def test_bad_input_is_named_and_kept(client, stores):
    unit = make_unit(stores[0])
    answer = post(client, "/deals", stock_unit_id=unit.id, price="lots", sold_on="31.12.2025", note="Likes red")
    assert answer.status_code == 422
    assert error_of(answer.text, "price")
    assert error_of(answer.text, "sold_on")
    assert field_of(answer.text, "price") == "lots"
    assert "Likes red" in answer.text
    assert selected(answer.text, "stock_unit_id") == str(unit.id)
    answer = post(client, "/deals", stock_unit_id=unit.id, price="100", discount="101")
    assert answer.status_code == 422
    assert "discount" in error_of(answer.text, "discount")
    assert error_of(post(client, "/deals", price="1").text, "stock_unit_id")


def test_delivering_and_unwinding(client, stores):
    vehicle = make_vehicle()
    deal = pay(make_deal(stores[0], make_unit(stores[0], vehicle)))
    vehicle_page = f"/vehicles/{to_public('veh', vehicle.id)}"
    refused = post(client, address(deal, "deliver"), version="1", delivered_on="2199-01-01")
    assert refused.status_code == 422
    assert error_of(refused.text, "delivered_on") == "This day has not come yet."
    assert post(client, address(deal, "deliver"), version="1", delivered_on="2026-02-03").status_code == 303
    assert "Take into stock" in client.get(vehicle_page).text
    assert post(client, address(deal, "deliver"), version="2", delivered_on="2026-02-03").status_code == 409
    kept = post(client, address(deal, "delete"), version="2")
    assert kept.status_code == 409
    assert "Unwind it instead" in kept.text
    refused = post(client, address(deal, "unwind"), version="2", unwound_on="2026-02-04")
    assert refused.status_code == 422
    assert error_of(refused.text, "reason")
    done = post(client, address(deal, "unwind"), version="2", unwound_on="2026-02-04", reason="Financing fell through")
    assert done.status_code == 303
    page = client.get(done.location).text
    assert "Financing fell through" in page
    assert "Unwound" in page
    assert "Start deal" in client.get(vehicle_page).text


def test_a_stale_form_keeps_what_was_typed(client, stores):
    deal = make_deal(stores[0], price=Decimal(22900))
    form = client.get(address(deal, "edit")).text
    assert (field_of(form, "price"), field_of(form, "version")) == ("22900", "1")
    fields = {"deal_type": "fleet", "status": "pending", "discount": "0"}
    assert post(client, address(deal, "edit"), version="1", price="21000", **fields).status_code == 303
    stale = post(client, address(deal, "edit"), version="1", price="20000", **fields)
    assert stale.status_code == 409
    assert field_of(stale.text, "price") == "20000"
    assert 'value="21000"' in stale.text
    saved = post(client, address(deal, "edit"), version=field_of(stale.text, "version"), price="20000", **fields)
    assert saved.status_code == 303
    assert "$20,000" in client.get(address(deal)).text


def test_the_list_is_asked_by_any_combination(client, stores):
    seller = find_user("salesperson").id
    civic, hybrid = (make_vehicle(make="Honda", model=model) for model in ("Civic", "Civic Hybrid"))
    retail = make_deal(
        stores[0], make_unit(stores[0], civic), price=Decimal(20000), discount=Decimal(500), salesperson_id=seller,
        delivered_on=date(2026, 2, 3),
    )  # fmt: skip
    fleet = make_deal(
        stores[1], make_unit(stores[1], hybrid), price=Decimal(25000), deal_type="fleet", status="sold",
        sold_on=date(2026, 2, 10),
    )  # fmt: skip
    mine = public(retail, fleet)

    def found(**args):
        answer = client.get("/deals", query_string={"limit": "200", **args})
        assert answer.status_code == 200
        return listed(answer.text) & mine

    assert found() == mine
    assert found(delivered_from="2026-02-03", delivered_to="2026-02-03") == public(retail)
    assert found(sold_from="2026-02-04") == public(fleet)
    assert found(make="honda", model="civic") == mine
    assert found(exact_make="honda", exact_model="civic") == public(retail)
    assert found(store=to_public("store", stores[1].id)) == public(fleet)
    assert found(salesperson=to_public("usr", seller)) == public(retail)
    assert found(price_from="19500", price_to="19500") == public(retail)
    assert found(type="fleet", status="sold") == public(fleet)
    assert found(counts="yes", make="honda") == public(retail)
    assert found(counts="no", make="honda") == public(fleet)
    assert found(number=retail.deal_number, store=to_public("store", stores[0].id)) == public(retail)
    assert found(type="fleet", counts="yes") == set()


def test_own_scope_and_hidden_customers(client_for, alpha, stores):
    seller = find_user("salesperson").id
    elsewhere = make_customer(stores[1], "Zed Elsewhere")
    mine = make_deal(stores[0], salesperson_id=seller, customer_id=elsewhere.id)
    theirs = make_deal(stores[0])
    client = client_for(alpha, "salesperson")
    page = client.get("/deals").text
    assert listed(page) >= public(mine)
    assert not listed(page) & public(theirs)
    assert "Zed Elsewhere" not in page
    own = client.get(address(mine)).text
    assert "Zed Elsewhere" not in own
    assert "Unwind" not in own
    assert client.get(address(theirs)).status_code == 404
    assert post(client, address(mine, "unwind"), version="1", reason="x").status_code == 403
    form = client.get("/deals/new").text
    assert options(form, "store_id") == {str(stores[0].id)}
    assert selected(form, "salesperson_id") == str(seller)


def test_deleting_frees_the_unit(client, stores):
    deal = make_deal(stores[0], status="sold", sold_on=date(2026, 2, 1))
    assert post(client, address(deal, "delete"), version="1").status_code == 303
    assert client.get(address(deal)).status_code == 404


def test_strangers_find_nothing_and_readers_change_nothing(client_for, alpha, beta, stores):
    deal = make_deal(stores[0])
    stranger, cashier = client_for(beta), client_for(alpha, "cashier")
    for rest in ((), ("edit",), ("deliver",), ("unwind",)):
        assert stranger.get(address(deal, *rest)).status_code == 404
    for rest, fields in (("deliver", {}), ("unwind", {"reason": "x"}), ("delete", {})):
        assert post(stranger, address(deal, rest), version="1", **fields).status_code == 404
        assert post(cashier, address(deal, rest), version="1", **fields).status_code == 403
    assert cashier.get(address(deal)).status_code == 200
    assert cashier.get(address(deal, "edit")).status_code == 403
    assert client_for(alpha, "technician").get("/deals").status_code == 403
    assert client_for(alpha, None).get(address(deal)).status_code in (302, 303)


def test_a_deals_page_takes_a_bounded_number_of_statements(client, stores):
    deal = make_deal(stores[0], customer_id=make_customer(stores[0], "Kim Bounded").id)
    client.get(address(deal))
    with recorded() as statements:
        assert client.get(address(deal)).status_code == 200
    # Its cards know nothing of each other; what several of them need is read once (`app/core/db/reads.py`).
    assert len(statements) <= 26, statements
