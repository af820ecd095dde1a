"""The board of stock: columns add up, moves are told before they are tried, and a refusal says why."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.permissions import system_actor
from app.inventory.models import StockUnit
from app.inventory.operations import units, vehicles
from app.tenants.models import Store

SYSTEM = system_actor("test")
BOARD = "/vehicles?status=in_stock&layout=board"
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def lot(app, alpha):
    """Thirty cars ready, two in the workshop, one sold."""
    with app.app_context(), tenant(alpha.id), transaction():
        store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
        for number in range(33):
            car = vehicles.add_vehicle(actor=SYSTEM, make="Škoda", model=f"Board {number}")
            status = "available" if number < 30 else "in_recon"
            unit = units.stock_in_unit(
                actor=SYSTEM, vehicle_id=car.id, store_id=store, status=status, asking_price=Decimal(10_000),
                acquired_on=clock.today("America/New_York") - timedelta(days=number + 2),
            )  # fmt: skip
            if number == 32:
                units.move_status(actor=SYSTEM, unit_id=unit.id, version=unit.version, status="sold")
    return alpha


def column(page: str, state: str) -> str:
    return page.split(f'id="bcol-{state}"')[1].split("</section>")[0]


def a_unit(app, lot, status: str) -> tuple[str, int]:
    with app.app_context(), tenant(lot.id):
        unit = db.session.scalars(select(StockUnit).where(StockUnit.status == status).order_by(StockUnit.id)).first()
        return to_public("unit", unit.id), unit.version


def token(client) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get(BOARD).text)[1]


def test_columns_show_their_first_cards_and_what_all_come_to(client_for, lot):
    page = client_for(lot).get(BOARD).text
    ready = column(page, "available")
    assert ready.count('class="bcard"') == 25
    assert '<span class="bcnt num">30</span>' in ready
    assert "$300K" in ready
    assert column(page, "in_recon").count('class="bcard"') == 2
    assert 'class="bnone' in column(page, "on_hold")


def test_more_cards_come_and_all_stand_in_the_list(client_for, lot):
    client = client_for(lot)
    ready = column(client.get(BOARD).text, "available")
    more = unescape(re.search(r'hx-get="([^"]+)"', ready)[1])
    assert column(client.get(more).text, "available").count('class="bcard"') == 30
    everything = unescape(re.search(r'<a class="b b-s b-t" href="([^"]+)">All 30', ready)[1])
    assert client.get(everything).text.count("<tr") > 30


def test_a_filter_holds_on_the_board_too(client_for, lot):
    page = client_for(lot).get(BOARD + "&days_from=30").text
    assert '<span class="bcnt num">2</span>' in column(page, "available")


def test_a_card_says_where_it_may_go(client_for, lot):
    card = column(client_for(lot).get(BOARD).text, "sold").split("<li")[1]
    assert 'data-to="available on_hold"' in card
    assert 'value="in_recon"' not in card


def test_whoever_may_not_move_gets_no_menu(client_for, lot):
    page = client_for(lot, "salesperson").get(BOARD)
    assert page.status_code == 200
    assert 'class="bcard"' in page.text
    assert "data-to" not in page.text
    assert 'class="mv"' not in page.text


def test_the_menu_works_without_scripts(app, client_for, lot):
    client = client_for(lot)
    card = column(client.get(BOARD).text, "in_recon").split("<li")[1]
    action = unescape(re.search(r'action="([^"]+)"', card)[1])
    version = re.search(r'name="version" value="(\d+)"', card)[1]
    answer = client.post(action, data={"csrf_token": token(client), "version": version, "status": "on_hold"})
    assert (answer.status_code, answer.location) == (303, BOARD)
    page = client.get(answer.location).text
    assert "is now: On hold" in page
    assert '<span class="bcnt num">1</span>' in column(page, "on_hold")


def test_a_script_gets_the_words_of_what_happened(app, client_for, lot):
    client = client_for(lot)
    unit, version = a_unit(app, lot, "available")
    data = {"csrf_token": token(client), "version": version, "status": "in_recon"}
    answer = client.post(f"/stock/{unit}/move", data=data, headers=JSON)
    assert answer.status_code == 200
    assert "Reconditioning" in answer.json["detail"]


def test_a_move_the_rules_refuse_is_refused_in_words(app, client_for, lot):
    client = client_for(lot)
    unit, version = a_unit(app, lot, "sold")
    data = {"csrf_token": token(client), "version": version, "status": "in_transit"}
    answer = client.post(f"/stock/{unit}/move", data=data, headers=JSON)
    assert answer.status_code == 409
    assert answer.json["detail"] == "A unit that is Sold cannot become In transit."


def test_who_comes_second_is_told(app, client_for, lot):
    client = client_for(lot)
    unit, version = a_unit(app, lot, "available")
    data = {"csrf_token": token(client), "version": version, "status": "on_hold"}
    assert client.post(f"/stock/{unit}/move", data=data, headers=JSON).status_code == 200
    answer = client.post(f"/stock/{unit}/move", data={**data, "status": "in_recon"}, headers=JSON)
    assert answer.status_code == 409
    assert "changed this record" in answer.json["detail"]


def test_nobody_is_sent_elsewhere(app, client_for, lot):
    client = client_for(lot)
    unit, version = a_unit(app, lot, "available")
    data = {"csrf_token": token(client), "version": version, "status": "on_hold"}
    answer = client.post(f"/stock/{unit}/move?next=//evil.example", data=data)
    assert (answer.status_code, answer.location) == (303, "/")
