"""Moving a unit of stock to another store, where it keeps its number or gets one of the store's own."""

from __future__ import annotations

import uuid

from app.core.errors import FieldError, Invalid, NotFound
from app.core.guard import audit, undo
from app.core.guard.permissions import Actor, check
from app.core.lists import search
from app.inventory import errors, queries
from app.inventory.models import StockUnit
from app.inventory.operations import units
from app.tenants import queries as tenants


def move_to_store(
    *, actor: Actor, unit_id: uuid.UUID, version: int, store_id: uuid.UUID, stock_number: str | None = None
) -> StockUnit:
    """Hand an open unit to another store, for whoever may edit stock at both; its day of acquisition stands.

    It keeps its number (or takes `stock_number`) unless the store has used it, and gets the store's next one then.
    Raises Invalid, UnitIsClosed and Stale.
    """
    unit = units.load_unit(actor, unit_id, version, "stock.edit")
    check(actor, "stock.edit", store_id=store_id)
    try:
        is_open = tenants.get_store(store_id).closed_at is None
    except NotFound:
        is_open = False
    if not is_open:
        raise Invalid([FieldError("store_id", "unknown_choice", errors.UNKNOWN_CHOICE)])
    before = {"store_id": unit.store_id, "stock_number": unit.stock_number}
    if store_id == unit.store_id:
        return unit
    number = stock_number or unit.stock_number
    unit.stock_number = units.free_number(store_id, None if queries.stock_number_taken(store_id, number) else number)
    unit.store_id = store_id
    units.flush_unit(unit)
    changes = {name: (value, getattr(unit, name)) for name, value in before.items()}
    audit.record(actor, "stock.transfer", "stock_unit", unit.id, changes=changes)
    undo.offer(
        actor,
        "stock.transfer",
        {"id": unit.id, "version": unit.version, "name": unit.stock_number, "before": before},
    )
    search.refresh("stock_unit", [unit.id])
    return unit
