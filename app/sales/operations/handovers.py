"""The cars taken in trade when a deal is delivered, and when it is taken back."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import select

from app.core.db import db
from app.core.guard.permissions import Actor
from app.inventory.errors import TradeUnitChanged, UnitReferredTo
from app.inventory.operations import trades
from app.sales.models import Deal, TradeIn


def take_in_trades(actor: Actor, deal: Deal, on: date) -> None:
    """Each car taken in trade becomes a used unit of the deal's store at what it is worth.

    Raises VehicleAlreadyInStock naming the unit where one of them stands in stock already.
    """
    for trade in _of(deal):
        if trade.stock_unit_id is None:
            unit = trades.stock_in_trade(
                actor=actor, vehicle_id=trade.vehicle_id, store_id=deal.store_id, acv=trade.acv, acquired_on=on
            )
            trade.stock_unit_id = unit.id
            db.session.flush()


def give_back_trades(actor: Actor, deal: Deal, *, keep: bool) -> list[uuid.UUID]:
    """The cars go back to whom they came from and leave stock; those that stay are given.

    Raises TradeUnitChanged and UnitReferredTo where a car went on meanwhile, unless those are to be kept.
    """
    kept = []
    for trade in _of(deal):
        unit_id = trade.stock_unit_id
        if unit_id is None:
            continue
        try:
            with db.session.begin_nested():
                trade.stock_unit_id = None
                db.session.flush()
                trades.take_back_trade(actor=actor, unit_id=unit_id)
        except (TradeUnitChanged, UnitReferredTo):
            if not keep:
                raise
            kept.append(unit_id)
    return kept


def _of(deal: Deal) -> list[TradeIn]:
    asked = select(TradeIn).where(TradeIn.deal_id == deal.id).order_by(TradeIn.vehicle_id)
    return list(db.session.scalars(asked.with_for_update().execution_options(populate_existing=True)))
