"""What the preview of a vehicle shows: the car, its place in stock and how its price went."""

from __future__ import annotations

import uuid
from typing import Any

from app.core import clock
from app.core.db.ids import to_public
from app.core.errors import NotFound
from app.core.guard.permissions import Actor, allows, covers
from app.core.guard.policy import Sight, policy_for
from app.core.lists.parts import Target
from app.inventory import queries
from app.inventory.models import StockUnit
from app.inventory.queries.finding import vehicle_name
from app.inventory.rules.ageing import days_in_stock
from app.inventory.rules.words import CONDITION_LABELS, STATUS_LABELS
from app.tenants import queries as tenants

LATEST = 4


def glance_at_unit(actor: Actor, unit_id: uuid.UUID) -> dict[str, Any]:
    """A stock unit with its car; raises NotFound for one the actor may not see."""
    unit = queries.get_unit(actor, unit_id)
    return _glance(actor, unit.vehicle_id, unit)


def glance_at_vehicle(actor: Actor, vehicle_id: uuid.UUID) -> dict[str, Any]:
    """A car with the unit that stands in a store of the actor's now."""
    episodes = queries.list_episodes(actor, vehicle_id)
    return _glance(actor, vehicle_id, next((unit for unit in episodes if unit.closed_on is None), None))


def _glance(actor: Actor, vehicle_id: uuid.UUID, unit: StockUnit | None) -> dict[str, Any]:
    vehicle = queries.get_vehicle(actor, vehicle_id) if allows(actor, "vehicle.see") else None
    if vehicle is None:
        raise NotFound
    policy = policy_for(actor)
    plate_seen = policy.field("vehicle", "plate") is Sight.VISIBLE
    return {
        "vehicle": vehicle,
        "name": vehicle_name(vehicle),
        "plate": queries.plate_of(vehicle) if plate_seen else vehicle.plate_masked,
        "target": Target("inventory.show_vehicle", {"vehicle_id": to_public("veh", vehicle_id)}),
        **({"unit": unit, **_in_stock(actor, unit)} if unit is not None else {"unit": None}),
    }


def _in_stock(actor: Actor, unit: StockUnit) -> dict[str, Any]:
    store = tenants.get_store(unit.store_id)
    is_open = unit.closed_on is None

    def allowed(permission: str) -> bool:
        return is_open and covers(actor, permission, owner_id=None, store_id=unit.store_id)

    return {
        "unit_id": to_public("unit", unit.id),
        "store": store,
        "status": STATUS_LABELS[unit.status],
        "condition": CONDITION_LABELS[unit.condition],
        "days": days_in_stock(unit.acquired_on, clock.today(store.timezone), unit.closed_on),
        "cost_seen": policy_for(actor).column(StockUnit.cost) is Sight.VISIBLE,
        "prices": queries.list_price_changes(unit.id, LATEST),
        "is_open": is_open,
        "may_price": allowed("stock.price"),
        "may_move": allowed("stock.move"),
    }
