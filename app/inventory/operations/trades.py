"""What a deal does with the car taken in part payment: into stock on delivery, out of it again on unwinding.

Like `episodes` these are downward calls of sales: they ask for no right over stock, the caller has checked its own.
"""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core.db import current_tenant, db
from app.core.db.violations import is_reference
from app.core.errors import FieldError, Invalid, NotFound
from app.core.guard import audit
from app.core.guard.permissions import Actor
from app.core.jobs.events import publish
from app.core.lists import search
from app.core.money import round_amount
from app.inventory import errors
from app.inventory.errors import TradeUnitChanged, UnitReferredTo
from app.inventory.events import UnitStockedIn
from app.inventory.models import StockUnit, Vehicle
from app.inventory.operations import units
from app.inventory.rules import stock
from app.inventory.rules.stock import Condition, StockStatus

# What a unit's version is as long as nobody has touched it.
_AS_MADE = 1


def stock_in_trade(
    *, actor: Actor, vehicle_id: uuid.UUID, store_id: uuid.UUID, acv: Decimal | None, acquired_on: date
) -> StockUnit:
    """A traded-in car becomes a used unit of the store in reconditioning, at a cost of what it is worth (`acv`).

    What was allowed for it above that is the deal's, never the unit's cost. Raises NotFound, Invalid and
    VehicleAlreadyInStock naming the open unit; publishes UnitStockedIn.
    """
    if not stock.amount_is_possible(acv):
        raise Invalid([FieldError("acv", "not_possible", errors.NOT_POSSIBLE)])
    # The lock makes a second stock-in of the same vehicle wait, and then be told the first one's number.
    locked = select(Vehicle.id).where(Vehicle.id == vehicle_id).with_for_update()
    if db.session.scalar(locked) is None:
        raise NotFound
    units.refuse_second_episode(vehicle_id)
    currency = current_tenant().currency
    unit = StockUnit(
        vehicle_id=vehicle_id,
        store_id=store_id,
        stock_number=units.free_number(store_id, None),
        status=StockStatus.IN_RECON.value,
        condition=Condition.USED.value,
        cost=None if acv is None else round_amount(acv, currency),
        currency=currency,
        acquired_on=acquired_on,
    )
    units.insert_unit(unit)
    units.note_change(actor, "stock.create", unit, {})
    publish(UnitStockedIn(unit.id, unit.vehicle_id, unit.store_id, unit.acquired_on))
    return unit


def take_back_trade(*, actor: Actor, unit_id: uuid.UUID) -> None:
    """The deal was unwound: the unit made of its trade-in goes as if it had never come; one that is gone is fine.

    The caller lets go of the unit first where a row of its own refers to it. Raises TradeUnitChanged when somebody
    has moved, priced, corrected or sold the unit meanwhile, and UnitReferredTo when another record names it.
    """
    statement = select(StockUnit).where(StockUnit.id == unit_id).with_for_update()
    unit = db.session.scalar(statement.execution_options(populate_existing=True))
    if unit is None:
        return
    if unit.version != _AS_MADE:
        raise TradeUnitChanged(stock_number=unit.stock_number)
    before = units.state_of(unit)
    try:
        with db.session.begin_nested():
            db.session.delete(unit)
            db.session.flush()
    except IntegrityError as error:
        if is_reference(error):
            raise UnitReferredTo(stock_number=before["stock_number"]) from error
        raise
    audit.record(actor, "stock.delete", "stock_unit", unit_id, changes={n: (v, None) for n, v in before.items()})
    search.refresh("stock_unit", [unit_id])
