"""Vehicles as a desk of sales needs them: what each is called, and what a unit in stock has cost."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select

from app.core.db import db
from app.core.db.reads import kept
from app.core.guard import vault
from app.core.guard.keys import KeyMissing
from app.core.guard.permissions import Actor, allows
from app.inventory.models import StockUnit, Vehicle
from app.inventory.queries import SHORTEST_TAIL, plate_token, vin_tail_clause
from app.inventory.rules import vin


@dataclass(frozen=True)
class NamedVehicle:
    """One vehicle in a few words; the plate is its mask where its key was erased."""

    vehicle_id: uuid.UUID
    make: str
    model: str
    model_year: int | None
    vin: str | None
    plate: str | None


def name_vehicles(actor: Actor, vehicle_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, NamedVehicle]:
    """Those of the vehicles that `actor` may see, by id; nothing is asked where there are none."""
    if not vehicle_ids or not allows(actor, "vehicle.see"):
        return {}
    columns = (
        Vehicle.id, Vehicle.make, Vehicle.model, Vehicle.model_year, Vehicle.vin, Vehicle.plate_enc,
        Vehicle.plate_masked,
    )  # fmt: skip
    rows = db.session.execute(select(*columns).where(Vehicle.id.in_(list(vehicle_ids)))).all()
    vault.load_subject_keys({row.id for row in rows if row.plate_enc is not None})
    return {row.id: NamedVehicle(row.id, row.make, row.model, row.model_year, row.vin, _plate(row)) for row in rows}


def find_called(actor: Actor, text: str) -> uuid.UUID | None:
    """The one vehicle with this plate, VIN or end of a VIN; None where there is none or several."""
    if not allows(actor, "vehicle.see"):
        return None
    called = [Vehicle.plate_index == plate_token(text)]
    if len(vin.normalise(text)) >= SHORTEST_TAIL:
        called.append(vin_tail_clause(text))
    found = db.session.scalars(select(Vehicle.id).where(or_(*called)).limit(2)).all()
    return found[0] if len(found) == 1 else None


@kept
def cost_of(unit_id: uuid.UUID) -> Decimal | None:
    """What the unit has cost; the caller has asked whether this may be seen or calculated with."""
    return db.session.scalar(select(StockUnit.cost).where(StockUnit.id == unit_id))


def _plate(row: Any) -> str | None:
    masked: str | None = row.plate_masked
    if row.plate_enc is None:
        return masked
    try:
        return vault.unseal(row.id, "inventory_vehicles", "plate_enc", row.id, row.plate_enc)
    except KeyMissing:
        return masked
