"""Deleting vehicles and stock units entered by mistake, and bringing them back as they were."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core.db import db
from app.core.db.columns import values_of
from app.core.db.violations import is_reference
from app.core.errors import Stale
from app.core.guard import audit, indexes, undo
from app.core.guard.permissions import Actor, check
from app.core.jobs.events import publish
from app.core.lists import search
from app.inventory import queries
from app.inventory.errors import UnitReferredTo, VehicleHasUnits, VehicleReferredTo
from app.inventory.events import UnitStockedIn
from app.inventory.models import OdometerReading, PriceChange, StockUnit, Vehicle
from app.inventory.operations import units, vehicles


def delete_vehicle(*, actor: Actor, vehicle_id: uuid.UUID, version: int | None = None) -> None:
    """Delete a vehicle that was never in stock and that nothing refers to.

    Raises VehicleHasUnits, VehicleReferredTo and Stale. Its odometer readings go with it.
    """
    vehicle = queries.get_vehicle(actor, vehicle_id, lock=True)
    check(actor, "vehicle.delete")
    if version is not None and vehicle.version != version:
        raise Stale
    numbers = queries.stock_numbers_of(vehicle_id)
    if numbers:
        raise VehicleHasUnits(count=len(numbers), stock_numbers=", ".join(numbers[:5]))
    before, plate = vehicles.state_of(vehicle), queries.plate_of(vehicle)
    readings = db.session.scalars(select(OdometerReading).where(OdometerReading.vehicle_id == vehicle_id))
    kept = {"row": values_of(vehicle), "readings": [values_of(reading) for reading in readings]}
    name = f"{vehicle.make} {vehicle.model}"
    db.session.delete(vehicle)
    try:
        db.session.flush()
    except IntegrityError as error:
        # The modules above are unknown here; their foreign keys are what says "in use".
        if is_reference(error):
            raise VehicleReferredTo from error
        raise
    vehicles.note_change(actor, "vehicle.delete", vehicle, before, {}, (plate, None))
    undo.offer(actor, "vehicle.delete", {"name": name, **kept})
    search.refresh("vehicle", [vehicle_id])


def restore_vehicle(*, actor: Actor, row: Mapping[str, Any], readings: Sequence[Mapping[str, Any]]) -> Vehicle:
    """Bring a deleted vehicle back with the same id, plate and odometer readings, for whoever may delete one.

    Raises Stale when there is one of this id, and VehicleExists when its VIN was entered anew meanwhile.
    """
    check(actor, "vehicle.delete")
    if db.session.get(Vehicle, row["id"]) is not None:
        raise Stale
    vehicle = Vehicle(**indexes.renewed(Vehicle.__table__, row))
    db.session.add(vehicle)
    vehicles.flush_vehicle(vehicle)
    db.session.add_all(OdometerReading(**reading) for reading in readings)
    db.session.flush()
    plate = queries.plate_of(vehicle)
    vehicles.note_change(actor, "vehicle.restore", vehicle, {}, vehicles.state_of(vehicle), (None, plate))
    search.refresh("vehicle", [vehicle.id])
    return vehicle


def delete_unit(*, actor: Actor, unit_id: uuid.UUID, version: int | None = None) -> None:
    """Delete a unit entered by mistake, with its price history; raises UnitReferredTo when deals name it, and Stale."""
    unit = queries.get_unit(actor, unit_id, lock=True)
    check(actor, "stock.delete", store_id=unit.store_id)
    if version is not None and unit.version != version:
        raise Stale
    before = units.state_of(unit)
    prices = db.session.scalars(select(PriceChange).where(PriceChange.stock_unit_id == unit_id))
    kept = {"row": values_of(unit), "prices": [values_of(price) for price in prices]}
    db.session.delete(unit)
    try:
        db.session.flush()
    except IntegrityError as error:
        if is_reference(error):
            raise UnitReferredTo(stock_number=before["stock_number"]) from error
        raise
    audit.record(actor, "stock.delete", "stock_unit", unit_id, changes={n: (v, None) for n, v in before.items()})
    undo.offer(actor, "stock.delete", {"name": before["stock_number"], **kept})
    search.refresh("stock_unit", [unit_id])


def restore_unit(*, actor: Actor, row: Mapping[str, Any], prices: Sequence[Mapping[str, Any]]) -> StockUnit:
    """Bring a deleted unit back with the same id, number and price history, for whoever may delete one there.

    Raises Stale when there is one of this id, NotFound when its vehicle is gone, VehicleAlreadyInStock when the vehicle
    stands in stock as another unit, and StockNumberTaken; publishes UnitStockedIn.
    """
    check(actor, "stock.delete", store_id=row["store_id"])
    if db.session.get(StockUnit, row["id"]) is not None:
        raise Stale
    queries.get_vehicle(actor, row["vehicle_id"], lock=True)
    unit = StockUnit(**row)
    if unit.closed_on is None:
        units.refuse_second_episode(unit.vehicle_id)
    units.insert_unit(unit)
    db.session.add_all(PriceChange(**price) for price in prices)
    db.session.flush()
    units.note_change(actor, "stock.restore", unit, {})
    publish(UnitStockedIn(unit.id, unit.vehicle_id, unit.store_id, unit.acquired_on))
    return unit
