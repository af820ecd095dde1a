"""A deal that becomes pending keeps its unit visibly, and lets it go to where it stood."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.db import db, transaction
from app.core.db.ids import to_public
from app.inventory.models import StockUnit
from app.inventory.operations.units import move_status
from app.sales.operations import removal, reserving
from app.sales.rules.status import AGREED, ENDED, DealStatus, moves_from
from tests.factories.inventory import SYSTEM, make_unit
from tests.factories.sales import make_deal
from tests.sales.test_deal_operations import deliver, edit, unit_of, unwind
from tests.sales.test_unwinding import standing

STOOD = st.sampled_from(["in_transit", "in_recon", "available", "on_hold"])
WALKS = st.lists(st.integers(0, 5), max_size=7)


def status_of(unit):
    return db.session.get(StockUnit, unit.id, populate_existing=True).status


def reserve(deal):
    with transaction():
        reserving.reserve(actor=SYSTEM, deal_id=deal.id)


@pytest.fixture
def recon(stores):
    return make_unit(stores[0], status="in_recon")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=STOOD, walk=WALKS)
def test_wherever_a_deal_goes_its_unit_follows_and_comes_back(stores, before, walk):
    unit = make_unit(stores[0], status=before)
    deal, stood = make_deal(stores[0], unit), standing(stores[0].id)
    for choice in walk:
        ways = [way for way in moves_from(DealStatus(deal.status), delivered=False) if way != DealStatus.FINALIZED]
        if deal.customer_id is None:
            ways = [way for way in ways if way != DealStatus.BOOKED]
        edit(deal, status=ways[choice % len(ways)].value)
        if deal.status in AGREED:
            assert status_of(unit) == "sold"
        elif deal.status == DealStatus.PENDING:
            assert status_of(unit) == "on_hold"
        else:
            assert standing(stores[0].id) == stood
    if deal.status not in ENDED:
        edit(deal, status="lost")
    assert standing(stores[0].id) == stood


def test_a_pending_unit_is_not_among_the_free_ones(client_for, alpha, stores):
    deal = make_deal(stores[0], status="pending")
    client, shown = client_for(alpha), f"/vehicles/{to_public('veh', unit_of(deal).vehicle_id)}"
    assert unit_of(deal).status == "on_hold"
    assert shown not in client.get("/vehicles?status=available").text
    assert shown in client.get("/vehicles?status=on_hold").text
    edit(deal, status="working")
    assert shown in client.get("/vehicles?status=available").text


def test_a_deal_that_is_deleted_and_brought_back_does_so_with_its_unit(recon, stores):
    deal = make_deal(stores[0], recon, status="pending")
    row = {column.name: getattr(deal, column.name) for column in deal.__table__.columns if not column.computed}
    with transaction():
        removal.delete_deal(actor=SYSTEM, deal_id=deal.id)
    assert status_of(recon) == "in_recon"
    with transaction():
        removal.restore_deal(actor=SYSTEM, row=row)
    assert status_of(recon) == "on_hold"


def test_a_reservation_and_a_promise_do_not_undo_each_other(recon, stores):
    deal = make_deal(stores[0], recon, status="pending")
    reserve(deal)
    edit(deal, status="working")
    assert status_of(recon) == "on_hold"
    with transaction():
        reserving.release(actor=SYSTEM, deal_id=deal.id)
    assert status_of(recon) == "in_recon"
    edit(deal, status="pending")
    reserve(deal)
    with transaction():
        reserving.release(actor=SYSTEM, deal_id=deal.id)
    assert status_of(recon) == "on_hold"
    reserve(deal)
    edit(deal, status="lost")
    assert status_of(recon) == "in_recon"


def test_a_unit_moved_by_hand_meanwhile_stays_where_it_is(recon, stores):
    deal = make_deal(stores[0], recon, status="pending")
    with transaction():
        move_status(actor=SYSTEM, unit_id=recon.id, version=unit_of(deal).version, status="available")
    edit(deal, status="working")
    assert status_of(recon) == "available"


def test_delivered_out_of_pending_and_taken_back_it_stands_where_it_stood(recon, stores):
    deal = make_deal(stores[0], recon, status="pending")
    deliver(deal, date(2026, 2, 3))
    assert status_of(recon) == "delivered"
    unwind(deal, on=date(2026, 2, 3))
    assert status_of(recon) == "in_recon"
