"""Unwinding a delivery: stock, trade-ins, receivables and metrics stand as if it had never been."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core.db import db, transaction
from app.core.db.ids import to_public
from app.inventory.errors import TradeUnitChanged
from app.inventory.models import StockUnit
from app.inventory.operations.units import move_status
from app.sales import queries
from app.sales.models import TradeIn
from app.sales.operations import delivery
from app.sales.queries.payments import ledger_of
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle
from tests.factories.pages import post
from tests.factories.sales import make_deal
from tests.fixtures.audited import by_hand
from tests.fixtures.programs import Program, make_key
from tests.sales.test_deal_operations import deliver, edit, unwind

DAY = date(2026, 2, 3)


def with_trade(store, *, acv=Decimal(8000), **values):
    """A deal with a car taken in trade."""
    deal, vehicle = make_deal(store, **values), make_vehicle()
    with by_hand(), transaction():
        db.session.add(
            TradeIn(deal_id=deal.id, vehicle_id=vehicle.id, allowance=Decimal(9000), acv=acv, payoff=Decimal(0))
        )
    return deal


def trade_unit(deal):
    unit_id = db.session.scalar(select(TradeIn.stock_unit_id).where(TradeIn.deal_id == deal.id))
    return db.session.get(StockUnit, unit_id, populate_existing=True) if unit_id else None


def standing(store_id):
    """Every unit of the store as it stands, but for versions and when it was touched."""
    db.session.expire_all()
    units = db.session.scalars(select(StockUnit).where(StockUnit.store_id == store_id).order_by(StockUnit.id))
    return [
        (unit.id, unit.vehicle_id, unit.status, unit.cost, unit.asking_price, unit.acquired_on, unit.closed_on)
        for unit in units
    ]


def sales(kind):
    """How many sales of a type there are and what they came to: the population of the average selling price."""
    facts = queries.deal_facts()
    counted = facts.c.delivered_on.is_not(None), facts.c.unwound_on.is_(None), facts.c.deal_type == kind
    return sorted(db.session.execute(select(facts.c.net_amount).where(*counted)).scalars())


def test_on_delivery_the_trade_becomes_a_unit_at_what_it_is_worth(stores):
    deal = deliver(with_trade(stores[0]), DAY)
    unit = trade_unit(deal)
    assert (unit.store_id, unit.cost, unit.acquired_on, unit.condition) == (stores[0].id, Decimal(8000), DAY, "used")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.sampled_from(["available", "in_recon", "on_hold"]),
    kind=st.sampled_from(["retail", "wholesale", "fleet", "lease"]),
    price=st.decimals(1, 90_000, places=2),
    acv=st.none() | st.decimals(0, 50_000, places=2),
    trades=st.booleans(),
    agreed=st.booleans(),
    pending=st.booleans(),
)
def test_unwinding_a_delivery_is_the_identity(stores, before, kind, price, acv, trades, agreed, pending):
    unit = make_unit(stores[0], status=before)
    values = {"unit": unit, "price": price, "deal_type": kind}
    deal = with_trade(stores[0], acv=acv, **values) if trades else make_deal(stores[0], **values)
    stood, counted, owed = standing(stores[0].id), sales(kind), ledger_of(deal.id)
    if pending:
        edit(deal, status="pending")
    if agreed:
        edit(deal, status="sold", sold_on=DAY)
    deliver(deal, DAY)
    assert standing(stores[0].id) != stood
    assert sales(kind) == sorted([*counted, deal.net_amount])
    unwind(deal, on=DAY)
    assert standing(stores[0].id) == stood
    assert (sales(kind), ledger_of(deal.id)) == (counted, owed)


def test_a_trade_that_went_on_is_named_or_kept(stores):
    deal = deliver(with_trade(stores[0]), DAY)
    unit = trade_unit(deal)
    with transaction():
        move_status(actor=SYSTEM, unit_id=unit.id, version=unit.version, status="available")
    with pytest.raises(TradeUnitChanged):
        unwind(deal)
    db.session.expire_all()
    assert queries.deal_by_id(deal.id).status == "sold"
    with transaction():
        delivery.unwind_deal(
            actor=SYSTEM, deal_id=deal.id, version=deal.version, reason="came back", unwound_on=DAY, keep_trades=True
        )
    assert trade_unit(deal).id == unit.id
    assert trade_unit(deal).status == "available"


def went_on(store):
    """A delivered deal whose trade-in was moved since."""
    deal = deliver(with_trade(store), DAY)
    unit = trade_unit(deal)
    with transaction():
        move_status(actor=SYSTEM, unit_id=unit.id, version=unit.version, status="available")
    return deal


def test_the_form_asks_whether_a_trade_that_went_on_is_kept(client_for, alpha, stores):
    client, deal = client_for(alpha), went_on(stores[0])
    address = f"/deals/{to_public('deal', deal.id)}/unwind"
    box = 'name="keep_trades" value="1"'
    assert box in client.get(address).text
    given = {"version": str(deal.version), "unwound_on": DAY.isoformat(), "reason": "came back"}
    refused = post(client, address, **given)
    assert refused.status_code == 409
    assert f"{box} checked" not in refused.text
    assert post(client, address, **given, keep_trades="1").status_code == 303
    db.session.expire_all()
    assert queries.deal_by_id(deal.id).status == "unwound"
    assert trade_unit(deal).status == "available"
    plain = deliver(make_deal(stores[0]), DAY)
    assert box not in client.get(f"/deals/{to_public('deal', plain.id)}/unwind").text


def test_a_program_says_so_too(client_for, alpha, stores):
    program, deal = Program(client_for(alpha, None), make_key("tenant_admin")), went_on(stores[0])
    path, given = f"/deals/{to_public('deal', deal.id)}/unwind", {"reason": "came back"}
    refused = program.post(path, given, Idempotency_Key="without")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "trade_unit_changed")
    done = program.post(path, {**given, "keep_trades": True}, Idempotency_Key="with")
    assert (done.status_code, done.get_json()["status"]) == (200, "unwound")
    assert trade_unit(deal).status == "available"
