"""What a unit has cost, corrected also after it has left: a repair or a fee whose bill came late."""

from __future__ import annotations

import uuid
from decimal import Decimal

from app.core.db import db
from app.core.errors import FieldError, Invalid
from app.core.guard.permissions import Actor, check
from app.core.guard.policy import policy_for
from app.core.jobs.events import publish
from app.core.money import round_amount
from app.inventory import errors, queries
from app.inventory.events import UnitCostChanged
from app.inventory.models import StockUnit
from app.inventory.operations.units import note_change, state_of
from app.inventory.rules import stock


def correct_cost(*, actor: Actor, unit_id: uuid.UUID, cost: Decimal | None) -> StockUnit:
    """Say what the unit has cost in all, in stock or sold; raises FieldClosed, Invalid and NotFound.

    Publishes UnitCostChanged; the same cost again changes nothing.
    """
    unit = queries.get_unit(actor, unit_id, lock=True)
    check(actor, "stock.edit", owner_id=None, store_id=unit.store_id)
    policy_for(actor).check_write("stock_unit", "cost", field="cost")
    if not stock.amount_is_possible(cost):
        raise Invalid([FieldError("cost", "not_possible", errors.NOT_POSSIBLE)])
    before, rounded = state_of(unit), None if cost is None else round_amount(cost, unit.currency)
    if rounded == unit.cost:
        return unit
    unit.cost = rounded
    db.session.flush()
    note_change(actor, "stock.edit", unit, before)
    publish(UnitCostChanged(unit.id))
    return unit
