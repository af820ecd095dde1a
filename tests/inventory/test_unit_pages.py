"""The pages of stock: taking in, pricing, moving; who sees the cost; filters; the number of statements."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest

from app.core import clock
from app.core.db import db
from app.core.db.ids import to_public
from app.inventory.models import StockUnit
from app.inventory.rules.stock import StockStatus
from tests.factories.inventory import make_unit, make_vehicle
from tests.factories.pages import error_of, field_of, post, recorded


@pytest.fixture
def client(client_for, alpha):
    return client_for(alpha)


def vehicle_address(vehicle_id, *rest):
    return "/".join(["/vehicles", to_public("veh", vehicle_id), *rest])


def address(unit, *rest):
    return "/".join(["/stock", to_public("unit", unit.id), *rest])


def listed(page):
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return set(re.findall(r"/vehicles/(veh_\w+)", body))


def public(*units):
    return {to_public("veh", unit.vehicle_id) for unit in units}


def test_a_vehicle_is_taken_into_stock(client, stores):
    vehicle = make_vehicle()
    way = vehicle_address(vehicle.id, "stock-in")
    form = client.get(way).text
    assert str(stores[0].id) in form
    fields = {"store_id": stores[0].id, "condition": "used", "status": "available", "stock_number": "RM-2417"}
    answer = post(client, way, asking_price="31950", cost="28000.50", acquired_on="2026-01-10", **fields)
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "RM-2417" in page
    assert "$31,950" in page
    assert "$28,000.50" in page
    again = post(client, way, **{**fields, "stock_number": ""})
    assert again.status_code == 409
    assert "already in stock as RM-2417" in again.text


def test_bad_input_is_named_and_kept(client, stores):
    way = vehicle_address(make_vehicle().id, "stock-in")
    answer = post(
        client, way, store_id=stores[0].id, asking_price="a lot", cost="1", acquired_on="2199-01-01", stock_number="X9"
    )
    assert answer.status_code == 422
    assert error_of(answer.text, "asking_price")
    assert (field_of(answer.text, "asking_price"), field_of(answer.text, "stock_number")) == ("a lot", "X9")
    answer = post(client, way, store_id=stores[0].id, asking_price="-1", acquired_on="2199-01-01")
    assert answer.status_code == 422
    assert error_of(answer.text, "asking_price")
    assert error_of(answer.text, "acquired_on") == "This day has not come yet."


def test_cost_is_seen_and_set_only_with_its_right(client, client_for, alpha, stores):
    unit = make_unit(stores[0], cost=Decimal("8765.43"))
    clerk, lot = client_for(alpha, "salesperson"), client_for(alpha, "lot_staff")
    for path in (vehicle_address(unit.vehicle_id), "/vehicles?cols=vehicle,cost", "/vehicles/all?cols=vehicle,cost"):
        assert "8,765.43" in client.get(path).text
        assert "8,765.43" not in clerk.get(path).text
    # A column one may not see is as unknown as one that does not exist, whoever named it.
    assert clerk.get("/vehicles?cols=vehicle,cost").status_code == 422
    assert clerk.get("/vehicles?sort=cost").status_code == 422
    assert field_of(lot.get(address(unit, "edit")).text, "cost") is None
    fields = {"version": "1", "stock_number": unit.stock_number, "condition": "certified", "acquired_on": "2026-01-09"}
    assert post(lot, address(unit, "edit"), cost="1", **fields).status_code == 422
    assert post(lot, address(unit, "edit"), **fields).status_code == 303
    db.session.refresh(unit)
    assert (unit.cost, unit.condition, unit.acquired_on) == (Decimal("8765.43"), "certified", date(2026, 1, 9))


def test_a_price_change_is_shown_and_a_stale_one_keeps_what_was_typed(client, stores):
    unit = make_unit(stores[0], asking_price=Decimal(22900))
    assert field_of(client.get(address(unit, "price")).text, "asking_price") == "22900"
    assert post(client, address(unit, "price"), version="1", asking_price="21750", reason="market").status_code == 303
    page = client.get(vehicle_address(unit.vehicle_id)).text
    assert "$22,900" in page
    assert "$21,750" in page
    assert "market" in page
    stale = post(client, address(unit, "price"), version="1", asking_price="20000")
    assert stale.status_code == 409
    assert field_of(stale.text, "asking_price") == "20000"
    assert 'value="21750"' in stale.text


def test_a_status_move_offers_and_takes_only_what_is_allowed(client, stores):
    unit = make_unit(stores[0])
    offered = set(re.findall(r'name="status"[^>]*value="(\w+)"', client.get(address(unit, "move")).text))
    assert offered == {"in_recon", "on_hold", "sold", "wholesaled", "dealer_trade_out"}
    refused = post(client, address(unit, "move"), version="1", status="delivered")
    assert refused.status_code == 409
    assert post(client, address(unit, "move"), version="1", status="wholesaled", on="2026-01-20").status_code == 303
    assert "Take into stock" in client.get(vehicle_address(unit.vehicle_id)).text
    assert post(client, address(unit, "price"), version="2", asking_price="1").status_code == 409


def test_the_lists_are_asked_by_any_combination(client, stores):
    today = clock.today(stores[0].timezone)
    rav = make_vehicle(make="Toyota", model="RAV4 Hybrid", model_year=2023)
    golf = make_vehicle(make="Volkswagen", model="Golf", model_year=2021)
    bare = make_vehicle(make="Toyota", model="Yaris", model_year=2020)
    new = make_unit(
        stores[0], rav, status="in_recon", asking_price=Decimal(31950), acquired_on=today - timedelta(days=9)
    )
    old = make_unit(
        stores[1], golf, status="on_hold", asking_price=Decimal(18490), acquired_on=today - timedelta(days=104)
    )
    mine = public(new, old) | {to_public("veh", bare.id)}

    def found(path, **args):
        answer = client.get(path, query_string={"limit": "200", **args})
        assert answer.status_code == 200
        return listed(answer.text) & mine

    for path in ("/vehicles", "/vehicles/all"):
        assert found(path, status="in_recon") == public(new)
        assert found(path, days_from="10") == public(old)
        assert found(path, days_from="9", days_to="9") == public(new)
        assert found(path, price_from="18490", price_to="20000") == public(old)
        assert found(path, make="volks", model="golf") == public(old)
        assert found(path, year_from="2022", make="toyota") == public(new)
        assert found(path, store=to_public("store", stores[1].id)) == public(old)
        assert found(path, stock_number=new.stock_number, store=to_public("store", stores[0].id)) == public(new)
        assert found(path, days_from="10", make="toyota") == set()
    assert found("/vehicles/all") == mine
    assert found("/vehicles/all", status="not_in_stock") == {to_public("veh", bare.id)}
    assert found("/vehicles", status="in_stock") == public(new, old)


def test_the_plain_stock_list_shows_what_is_in_stock(client, stores):
    here = make_unit(stores[0], make_vehicle(make="Plainly", model="Here"))
    gone = make_unit(stores[0], make_vehicle(make="Plainly", model="Gone"))
    post(client, address(gone, "move"), version="1", status="wholesaled", on="2026-01-20")

    def shown(url):
        answer = client.get(unescape(url))
        assert answer.status_code == 200, url
        return listed(answer.text) & public(here, gone), answer.text

    def count(text):
        return re.search(r"data-said>Showing 1–[\d,]+ of ([\d,]+)<", text).group(1)

    plain, page = shown("/vehicles?limit=200")
    assert plain == public(here)
    assert count(page) == count(shown("/vehicles?status=in_stock&limit=200")[1])
    assert shown("/vehicles?status=not_in_stock&limit=200")[0] == public(gone)
    assert shown("/vehicles?make=plainly")[0] == public(here, gone)
    # The condition stands there as any other, and once dropped it stays dropped on every further way.
    dropped = re.search(r'<a href="([^"]+)" hx-get="[^"]+" aria-label="Remove the filter Status"', page).group(1)
    everything, page = shown(dropped)
    assert everything == public(here, gone)
    sorting = re.search(r'<th[^>]*><a href="([^"]+)"[^>]*>Asking price', page).group(1)
    assert shown(sorting)[0] == public(here, gone)


def test_every_status_has_its_word(client, stores):
    for status in StockStatus:
        assert client.get("/vehicles", query_string={"status": status.value}).status_code == 200
        assert client.get("/vehicles/all", query_string={"status": status.value}).status_code == 200


def test_a_store_scope_hides_the_other_stores_units(client_for, alpha, stores):
    theirs = make_unit(stores[1], stock_number="THEIRS-1")
    seller = client_for(alpha, "salesperson")
    assert not listed(seller.get("/vehicles").text) & public(theirs)
    everything = seller.get("/vehicles/all").text
    assert listed(everything) >= public(theirs)
    assert "THEIRS-1" not in everything
    assert "THEIRS-1" not in seller.get(vehicle_address(theirs.vehicle_id)).text
    assert client_for(alpha, "lot_staff").get(address(theirs, "move")).status_code == 404


def test_a_unit_is_deleted(client, client_for, alpha, beta, stores):
    unit = make_unit(stores[0])
    unit_id = unit.id
    assert post(client_for(alpha, "technician"), address(unit, "delete"), version="1").status_code == 403
    assert post(client_for(beta), address(unit, "delete"), version="1").status_code == 404
    assert post(client, address(unit, "delete"), version="7").status_code == 409
    assert post(client, address(unit, "delete"), version="1").status_code == 303
    db.session.expire_all()
    assert db.session.get(StockUnit, unit_id) is None


def test_more_episodes_cost_no_more_statements(client, stores):
    few, many = make_vehicle(), make_vehicle()
    for vehicle, episodes in ((few, 1), (many, 6)):
        for _ in range(episodes):
            unit = make_unit(stores[0], vehicle)
            closing = {"version": "1", "status": "wholesaled", "on": "2026-01-20"}
            assert post(client, address(unit, "move"), **closing).status_code == 303
        make_unit(stores[0], vehicle)
    counts = []
    for vehicle in (few, many):
        client.get(vehicle_address(vehicle.id))
        with recorded() as statements:
            assert client.get(vehicle_address(vehicle.id)).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 11


def began_with(client, unit):
    page = client.get(address(unit, "move")).text
    return {name: field_of(page, name) for name in ("version", "began_with")}


def test_a_move_goes_on_when_somebody_changed_something_else(client, stores):
    unit = make_unit(stores[0], asking_price=Decimal(22900))
    opened = began_with(client, unit)
    assert post(client, address(unit, "price"), version="1", asking_price="21750").status_code == 303
    assert post(client, address(unit, "move"), status="on_hold", on="", **opened).status_code == 303
    db.session.refresh(unit)
    assert (unit.status, unit.asking_price) == ("on_hold", 21750)


def test_two_moves_of_one_unit_are_compared(client, stores):
    unit = make_unit(stores[0])
    opened = began_with(client, unit)
    post(client, address(unit, "move"), status="in_recon", on="", **opened)
    second = post(client, address(unit, "move"), status="on_hold", on="", **opened)
    assert second.status_code == 409
    assert set(re.findall(r'name="status"[^>]*value="(\w+)"', second.text)) == {"in_recon", "on_hold"}
    assert "Reconditioning" in second.text
    assert "On hold" in second.text
    again = {name: field_of(second.text, name) for name in ("version", "began_with")}
    assert post(client, address(unit, "move"), status="in_recon", on="", **again).status_code == 303
    db.session.refresh(unit)
    assert (unit.status, unit.version) == ("in_recon", 2)
    assert post(client, address(unit, "move"), status="on_hold", on="", **again).status_code == 303
    db.session.refresh(unit)
    assert unit.status == "on_hold"


def test_whoever_comes_second_with_the_same_move_is_content(client, stores):
    unit = make_unit(stores[0])
    opened = began_with(client, unit)
    for _ in range(2):
        assert post(client, address(unit, "move"), status="on_hold", on="", **opened).status_code == 303
    db.session.refresh(unit)
    assert (unit.status, unit.version) == ("on_hold", 2)
