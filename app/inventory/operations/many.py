"""What can be done to many stock units at once: each of these does it to one, as its form would."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from app.core.guard.permissions import Actor
from app.core.lists.bulk.changing import Unchanged
from app.inventory import queries
from app.inventory.errors import MoveNotAllowed, UnitHasNoPrice
from app.inventory.operations import transfers, units
from app.inventory.rules.stock import PriceStep, stepped_price
from app.inventory.rules.words import STATUS_LABELS


def change_price(actor: Actor, unit_id: uuid.UUID, values: Mapping[str, Any]) -> None:
    """Set the asking price, or move it by a sum or by percents; raises UnitHasNoPrice and Unchanged."""
    unit = queries.get_unit(actor, unit_id, lock=True)
    step = PriceStep(values["price_step"])
    if unit.asking_price is None and step is not PriceStep.SET:
        raise UnitHasNoPrice(stock_number=unit.stock_number)
    before = unit.asking_price
    price = stepped_price(step, before, values["price_by"])
    changed = units.change_price(
        actor=actor, unit_id=unit_id, version=unit.version, asking_price=price, reason=values.get("price_reason")
    )
    if changed.asking_price == before:
        raise Unchanged


def move_status(actor: Actor, unit_id: uuid.UUID, values: Mapping[str, Any]) -> None:
    """Move the unit to another status; raises MoveNotAllowed and Unchanged."""
    unit = queries.get_unit(actor, unit_id, lock=True)
    if unit.status == values["to_status"]:
        raise Unchanged
    try:
        units.move_status(actor=actor, unit_id=unit_id, version=unit.version, status=values["to_status"])
    except MoveNotAllowed as refusal:
        refusal.params = {name: STATUS_LABELS[value] for name, value in refusal.params.items()}
        raise


def move_to_store(actor: Actor, unit_id: uuid.UUID, values: Mapping[str, Any]) -> None:
    """Move the unit to another store; raises UnitIsClosed and Unchanged."""
    unit = queries.get_unit(actor, unit_id, lock=True)
    if unit.store_id == values["store_id"]:
        raise Unchanged
    transfers.move_to_store(actor=actor, unit_id=unit_id, version=unit.version, store_id=values["store_id"])
