"""What a deal does to its stock unit: the downward calls of sales, made under the right over the deal.

They ask for no right over stock, because whoever may deliver a deal need not be allowed to move stock by hand;
the caller has checked its own.
"""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core.db import db
from app.core.db.violations import violated
from app.core.errors import NotFound
from app.core.guard import audit
from app.core.guard.permissions import Actor
from app.core.jobs.events import publish
from app.core.lists import search
from app.inventory import queries
from app.inventory.errors import UnitIsClosed, VehicleAlreadyInStock
from app.inventory.events import UnitClosed, UnitMoved, UnitReopened
from app.inventory.models import OPEN_EPISODE, StockUnit
from app.inventory.rules import stock
from app.inventory.rules.stock import StockStatus


def take_up(*, actor: Actor, unit_id: uuid.UUID, sold: bool) -> StockUnit:
    """A deal begins over the unit, which must be open; once `sold` it is promised to the buyer.

    Raises UnitIsClosed; publishes UnitMoved when the status changes.
    """
    unit = load_unit(unit_id)
    if unit.closed_on is not None:
        raise UnitIsClosed(stock_number=unit.stock_number)
    return _move(actor, unit, StockStatus.SOLD) if sold else unit


def release(*, actor: Actor, unit_id: uuid.UUID) -> StockUnit:
    """The sale fell through before delivery: the unit is available again; publishes UnitMoved."""
    unit = load_unit(unit_id)
    if unit.status != StockStatus.SOLD:
        return unit
    return _move(actor, unit, StockStatus.AVAILABLE)


def end_by_delivery(*, actor: Actor, unit_id: uuid.UUID, deal_type: str, on: date) -> StockUnit:
    """The unit was handed over: its episode ends `on` that day; raises UnitIsClosed, publishes UnitClosed.

    A day before the acquisition (a wrong one, in imported history) ends the episode on the day of acquisition.
    """
    unit = load_unit(unit_id)
    if unit.closed_on is not None:
        raise UnitIsClosed(stock_number=unit.stock_number)
    before = unit.status
    unit.status, unit.closed_on = stock.closing_status(deal_type).value, max(on, unit.acquired_on)
    db.session.flush()
    _audit(actor, "stock.close", unit, before, None)
    search.refresh("stock_unit", [unit.id])
    publish(UnitClosed(unit.id, unit.vehicle_id, unit.status, unit.closed_on))
    return unit


def correct_delivery(*, actor: Actor, unit_id: uuid.UUID, deal_type: str, on: date) -> StockUnit:
    """The day or the kind of the delivery was corrected: so is the end of the episode."""
    unit = load_unit(unit_id)
    before = unit.status, unit.closed_on
    unit.status, unit.closed_on = stock.closing_status(deal_type).value, max(on, unit.acquired_on)
    if (unit.status, unit.closed_on) != before:
        db.session.flush()
        _audit(actor, "stock.close", unit, *before)
    return unit


def reopen(*, actor: Actor, unit_id: uuid.UUID) -> StockUnit:
    """The sale was unwound: the episode goes on and keeps its day of acquisition, for the age of the unit counts on.

    Raises VehicleAlreadyInStock when the vehicle has come back as another unit; publishes UnitReopened.
    """
    unit = load_unit(unit_id)
    if unit.closed_on is None:
        return unit
    other = queries.open_unit_of(unit.vehicle_id)
    if other is not None:
        raise VehicleAlreadyInStock(stock_number=other.stock_number)
    status, closed_on, vehicle_id = unit.status, unit.closed_on, unit.vehicle_id
    try:
        with db.session.begin_nested():
            unit.status, unit.closed_on = StockStatus.AVAILABLE.value, None
            db.session.flush()
    except IntegrityError as error:
        if violated(error) != OPEN_EPISODE:
            raise
        other = queries.open_unit_of(vehicle_id)
        raise VehicleAlreadyInStock(stock_number=other.stock_number if other else "?") from error
    _audit(actor, "stock.reopen", unit, status, closed_on)
    search.refresh("stock_unit", [unit.id])
    publish(UnitReopened(unit.id, unit.vehicle_id))
    return unit


def _move(actor: Actor, unit: StockUnit, wanted: StockStatus) -> StockUnit:
    before = unit.status
    if before != wanted:
        unit.status = wanted.value
        db.session.flush()
        _audit(actor, "stock.move", unit, before, None)
        publish(UnitMoved(unit.id, before, unit.status))
    return unit


def load_unit(unit_id: uuid.UUID) -> StockUnit:
    """The unit, locked until the transaction ends; raises NotFound."""
    statement = select(StockUnit).where(StockUnit.id == unit_id).with_for_update()
    unit = db.session.scalar(statement.execution_options(populate_existing=True))
    if unit is None:
        raise NotFound
    return unit


def _audit(actor: Actor, action: str, unit: StockUnit, status: str, closed_on: date | None) -> None:
    changes = {"status": (status, unit.status), "closed_on": (closed_on, unit.closed_on)}
    audit.record(actor, action, "stock_unit", unit.id, changes=changes)
