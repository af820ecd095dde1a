"""Vehicles and stock by the thousand, in a few statements: for imports, which have read and checked each row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import Text, Uuid, and_, bindparam, column, delete, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.bulk import copy_rows
from app.core.db.columns import new_id
from app.core.db.numbering import free_numbers
from app.core.guard import audit, vault
from app.core.guard.masks import mask
from app.core.guard.permissions import Actor, check
from app.core.guard.policy import policy_for
from app.core.lists import search
from app.core.lists.matching import fold_text
from app.core.money import round_amount
from app.inventory import queries
from app.inventory.models import OdometerReading, PriceChange, StockUnit, Vehicle
from app.inventory.rules import vin as vins
from app.inventory.rules.odometer import OdometerStatus
from app.inventory.rules.stock import StockStatus
from app.inventory.rules.vin import VinStatus

_FULL = (VinStatus.VALID.value, VinStatus.STRUCTURE_ONLY.value)
DESCRIPTION = ("trim", "model_year", "body", "colour", "interior_colour", "transmission", "fuel")


@dataclass(frozen=True)
class VehicleInput:
    """A vehicle as a row describes it; `read_on` is the day of its odometer."""

    make: str
    model: str
    # In its normal form, and what that is; `vin_raw` is how it was written.
    vin: str | None = None
    vin_status: str | None = None
    vin_raw: str | None = None
    plate: str | None = None
    odometer: int | None = None
    odometer_unit: str | None = None
    read_on: date | None = None
    described: Mapping[str, str | int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundVehicle:
    """A row's vehicle: `made` by this row, or known before; `open_number` is the number of its open episode."""

    vehicle_id: uuid.UUID
    made: bool
    open_number: str | None = None
    open_since: date | None = None


@dataclass(frozen=True)
class UnitInput:
    """A stock episode as a row describes it; one with `closed_on` is over, and `status` says how it ended."""

    vehicle_id: uuid.UUID
    store_id: uuid.UUID
    acquired_on: date
    status: str = StockStatus.AVAILABLE.value
    condition: str = "used"
    stock_number: str | None = None
    cost: Decimal | None = None
    asking_price: Decimal | None = None
    closed_on: date | None = None


def find_vehicles(numbers: Sequence[str | None]) -> dict[str, FoundVehicle]:
    """By VIN the vehicles that have one of these full ones, and where they are in stock."""
    full = sorted({number for number in numbers if number is not None and vins.has_shape(number)})
    wanted = bindparam("vins", full, type_=ARRAY(Text))
    opened = and_(StockUnit.vehicle_id == Vehicle.id, StockUnit.closed_on.is_(None))
    query = (
        select(Vehicle.vin, Vehicle.id, StockUnit.stock_number, StockUnit.acquired_on)
        .outerjoin(StockUnit, opened)
        .where(Vehicle.vin == func.any(wanted), Vehicle.vin_status.in_(_FULL))
    )
    return {
        row.vin: FoundVehicle(row.id, False, row.stock_number, row.acquired_on) for row in db.session.execute(query)
    }


def find_or_add_vehicles(*, actor: Actor, rows: Sequence[VehicleInput]) -> list[FoundVehicle]:
    """The vehicle of every row: the one known by its full VIN, or a new one; rows with the same VIN share it.

    A vehicle that is known stays as it is. The caller has seen to it that each VIN may be taken as it stands.
    """
    check(actor, "vehicle.create")
    known = find_vehicles([row.vin for row in rows])
    found, added = list[FoundVehicle](), list[tuple[uuid.UUID, VehicleInput]]()
    for row in rows:
        before = known.get(row.vin or "")
        if before is not None:
            found.append(before)
            continue
        made = FoundVehicle(new_id(), made=True)
        found.append(made)
        added.append((made.vehicle_id, row))
        if row.vin is not None and vins.has_shape(row.vin):
            known[row.vin] = FoundVehicle(made.vehicle_id, made=False)
    _add_vehicles(actor, added)
    return found


def stock_in_many(*, actor: Actor, rows: Sequence[UnitInput]) -> list[uuid.UUID]:
    """Store stock episodes; a number that is missing or taken at its store becomes the store's next own one.

    The caller has left out vehicles that are in stock; one that comes meanwhile is refused by the database itself.
    """
    for store_id in {row.store_id for row in rows}:
        check(actor, "stock.create", store_id=store_id)
    if any(row.cost is not None for row in rows):
        policy_for(actor).check_write("stock_unit", "cost", field="cost")
    currency = current_tenant().currency
    wanted = [(row.store_id, row.stock_number) for row in rows]
    numbers = free_numbers("stock", "S", wanted, _taken_numbers)
    ids = [new_id() for _ in rows]
    columns = (
        "id", "vehicle_id", "store_id", "stock_number", "status", "condition", "cost", "asking_price", "currency",
        "acquired_on", "closed_on",
    )  # fmt: skip
    stored = [
        (
            unit_id, row.vehicle_id, row.store_id, number, row.status, row.condition, _rounded(row.cost, currency),
            _rounded(row.asking_price, currency), currency, row.acquired_on, row.closed_on,
        )
        for unit_id, number, row in zip(ids, numbers, rows, strict=True)
    ]  # fmt: skip
    copy_rows(StockUnit.__table__, columns, stored)
    told = ("stock_number", "status", "condition", "cost", "asking_price", "acquired_on", "closed_on")
    entries = []
    for values in stored:
        named = dict(zip(columns, values, strict=True))
        entries.append(audit.Entry(values[0], {name: (None, named[name]) for name in told}))
    audit.record_many(actor, "stock.create", "stock_unit", entries)
    prices = [values for values in stored if values[7] is not None]
    copy_rows(
        PriceChange.__table__,
        ("id", "stock_unit_id", "changed_by", "price_after", "currency"),
        ((new_id(), values[0], actor.user_id, values[7], currency) for values in prices),
    )
    search.refresh("stock_unit", ids, new=True)
    return ids


def unchanged_units(unit_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the units that are as they were made, locked until the transaction ends."""
    asked = select(StockUnit.id).where(StockUnit.id.in_(unit_ids), StockUnit.version == 1)
    return set(db.session.scalars(asked.with_for_update()))


def unchanged_vehicles(vehicle_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the vehicles that are as they were made, locked until the transaction ends."""
    asked = select(Vehicle.id).where(Vehicle.id.in_(vehicle_ids), Vehicle.version == 1)
    return set(db.session.scalars(asked.with_for_update()))


def take_back_units(*, actor: Actor, unit_ids: Sequence[uuid.UUID], vehicle_ids: Sequence[uuid.UUID]) -> None:
    """Delete units that an import has made, then those of its vehicles that nothing refers to any more.

    The caller has made sure that none of them was changed since (`unchanged_units`).
    """
    check(actor, "stock.create")
    deleted = delete(StockUnit).where(StockUnit.id.in_(unit_ids)).returning(StockUnit.id, StockUnit.stock_number)
    gone = db.session.execute(deleted.execution_options(synchronize_session=False)).all()
    entries = [audit.Entry(row.id, {"stock_number": (row.stock_number, None)}) for row in gone]
    audit.record_many(actor, "stock.delete", "stock_unit", entries)
    other = exists().where(StockUnit.vehicle_id == Vehicle.id)
    statement = delete(Vehicle).where(Vehicle.id.in_(vehicle_ids), Vehicle.version == 1, ~other)
    vehicles = db.session.execute(
        statement.returning(Vehicle.id, Vehicle.vin).execution_options(synchronize_session=False)
    ).all()
    audit.record_many(
        actor, "vehicle.delete", "vehicle", [audit.Entry(row.id, {"vin": (row.vin, None)}) for row in vehicles]
    )
    search.refresh("stock_unit", unit_ids)
    search.refresh("vehicle", vehicle_ids)


def _add_vehicles(actor: Actor, added: Sequence[tuple[uuid.UUID, VehicleInput]]) -> None:
    plated = [(vehicle_id, " ".join(row.plate.split())) for vehicle_id, row in added if row.plate]
    places = [(vault.Place(key, "inventory_vehicles", "plate_enc", key), plate) for key, plate in plated]
    sealed = dict(zip((key for key, _ in plated), vault.seal_many(places) if places else [], strict=True))
    shown = dict(plated)
    columns = (
        "id", "vin_raw", "vin", "vin_reversed", "vin_status", "make", "model", "make_key", "model_key", *DESCRIPTION,
        "plate_enc", "plate_index", "plate_masked", "odometer", "odometer_unit",
    )  # fmt: skip
    stored, entries = [], []
    for key, row in added:
        number = row.vin
        status = row.vin_status
        described = [row.described.get(name) for name in DESCRIPTION]
        plate = shown.get(key)
        stored.append(
            (
                key, row.vin_raw or number, number, number[::-1] if number else None, status,
                row.make, row.model, fold_text(row.make), fold_text(row.model), *described,
                sealed.get(key), queries.plate_token(plate) if plate else None, mask("plate", plate) if plate else None,
                row.odometer, row.odometer_unit if row.odometer is not None else None,
            )
        )  # fmt: skip
        told = {"vin": number, "vin_status": status, "make": row.make, "model": row.model, **row.described}
        personal = {"plate": (None, plate)} if plate else None
        changes = {name: (None, value) for name, value in told.items()}
        entries.append(audit.Entry(key, changes, personal, key if plate else None))
    copy_rows(Vehicle.__table__, columns, stored)
    audit.record_many(actor, "vehicle.create", "vehicle", entries)
    today = clock.today(current_tenant().timezone)
    copy_rows(
        OdometerReading.__table__,
        ("id", "vehicle_id", "read_on", "reading", "unit", "status", "recorded_by"),
        (
            (
                new_id(), key, row.read_on or today, row.odometer, row.odometer_unit, OdometerStatus.UNKNOWN.value,
                actor.user_id,
            )
            for key, row in added
            if row.odometer is not None
        ),
    )  # fmt: skip
    search.refresh("vehicle", [key for key, _ in added], new=True)


def _taken_numbers(wanted: Sequence[tuple[uuid.UUID, str]]) -> set[tuple[uuid.UUID, str]]:
    """Which of these (store, stock number) are in use."""
    if not wanted:
        return set()
    stores, numbers = (list(part) for part in zip(*wanted, strict=True))
    asked = (
        func.unnest(bindparam("stores", stores, type_=ARRAY(Uuid)), bindparam("numbers", numbers, type_=ARRAY(Text)))
        .table_valued(column("store_id", Uuid), column("stock_number", Text), name="asked")
        .render_derived()
    )
    same = and_(StockUnit.store_id == asked.c.store_id, StockUnit.stock_number == asked.c.stock_number)
    found = db.session.execute(select(StockUnit.store_id, StockUnit.stock_number).join(asked, same))
    return {(row.store_id, row.stock_number) for row in found}


def _rounded(amount: Decimal | None, currency: str) -> Decimal | None:
    return None if amount is None else round_amount(amount, currency)
