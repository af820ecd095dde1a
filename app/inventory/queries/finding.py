"""Vehicles and units of stock as the box finds them: by VIN, plate, stock number, and in stock by what they are."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, and_, select

from app.core.db import db
from app.core.guard import vault
from app.core.guard.keys import KeyMissing
from app.core.guard.permissions import Actor, scope_clause
from app.core.lists.search import Entry, among
from app.inventory.models import Appraisal, StockUnit, Vehicle
from app.inventory.rules import vin
from app.tenants import queries as tenants

_NAME = (Vehicle.model_year, Vehicle.make, Vehicle.model, Vehicle.trim)


def vehicle_name(row: Any) -> str:
    """What a vehicle is called in one line: year, make, model, trim."""
    return " ".join(str(part) for part in (row.model_year, row.make, row.model, row.trim) if part)


def vehicle_entries(vehicle_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Entry]:
    """How these vehicles are found."""
    rows = db.session.execute(
        select(Vehicle.id, Vehicle.vin, Vehicle.plate_enc, *_NAME).where(among(Vehicle.id, vehicle_ids))
    ).all()
    vault.load_subject_keys({row.id for row in rows if row.plate_enc is not None})
    return {row.id: Entry(vehicle_name(row), code=row.vin or "", secrets=_plates(row)) for row in rows}


def unit_entries(unit_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Entry]:
    """How these units are found by their numbers."""
    return {
        row.id: Entry(vehicle_name(row), code=row.stock_number, store_id=row.store_id, shown_id=row.vehicle_id)
        for row in _units(unit_ids)
    }


def in_stock_entries(unit_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Entry]:
    """How those of these units that are in stock are found by what the vehicle is called.

    Of all cars ever sold nobody asks by make and model here, and there are a hundred times as many: lists answer that.
    """
    return {
        row.id: Entry(vehicle_name(row), names=vehicle_name(row), store_id=row.store_id, shown_id=row.vehicle_id)
        for row in _units(unit_ids, StockUnit.closed_on.is_(None))
    }


def _units(unit_ids: Sequence[uuid.UUID], *clauses: ColumnElement[bool]) -> Sequence[Any]:
    units = (StockUnit.id, StockUnit.vehicle_id, StockUnit.store_id, StockUnit.stock_number)
    named = select(*units, *_NAME).join(Vehicle, Vehicle.id == StockUnit.vehicle_id)
    return db.session.execute(named.where(among(StockUnit.id, unit_ids), *clauses)).all()


def appraisal_entries(appraisal_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Entry]:
    """How these appraisals are found: by what their cars are found by."""
    rows = db.session.execute(
        select(Appraisal.id, Appraisal.vehicle_id, Appraisal.store_id, Appraisal.appraiser_id).where(
            among(Appraisal.id, appraisal_ids)
        )
    ).all()
    cars = vehicle_entries(sorted({row.vehicle_id for row in rows}))
    return {row.id: replace(cars[row.vehicle_id], store_id=row.store_id, owner_id=row.appraiser_id) for row in rows}


def appraisals_of(vehicle_ids: Sequence[uuid.UUID]) -> Sequence[uuid.UUID]:
    """The appraisals of these cars."""
    return db.session.scalars(select(Appraisal.id).where(among(Appraisal.vehicle_id, vehicle_ids))).all()


def unit_ids_of(vehicle_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Every unit this vehicle has been."""
    return db.session.scalars(select(StockUnit.id).where(StockUnit.vehicle_id == vehicle_id)).all()


def vehicles_by_id(actor: Actor, vehicle_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Any]:
    """What tells these vehicles apart, by id: vin_tail, plate_masked, and of a unit in stock that `actor` may see
    stock_number, status and store_name."""
    stores = tenants.store_facts()
    visible = scope_clause(actor, "stock.see", store=StockUnit.store_id)
    unit = and_(StockUnit.vehicle_id == Vehicle.id, StockUnit.closed_on.is_(None), visible)
    rows = db.session.execute(
        select(
            Vehicle.id, Vehicle.vin, Vehicle.plate_masked, StockUnit.stock_number, StockUnit.status, stores.c.store_name
        )
        .select_from(Vehicle)
        .outerjoin(StockUnit, unit)
        .outerjoin(stores, stores.c.store_id == StockUnit.store_id)
        .where(among(Vehicle.id, vehicle_ids))
    )
    return {row.id: row for row in rows}


def vin_tail(number: str | None) -> str:
    """The end of the VIN, by which people on the lot call a car."""
    return f"…{vin.tail(number)}" if number else ""


def _plates(row: Any) -> Sequence[tuple[str, str]]:
    if row.plate_enc is None:
        return ()
    try:
        plate = vault.unseal(row.id, "inventory_vehicles", "plate_enc", row.id, row.plate_enc)
    except KeyMissing:
        return ()  # Erased: nobody finds it by that any more.
    return (("plate", plate),)
