"""Vehicles and stock by the thousand, in a few statements: for imports, which have read and checked each row."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import attrgetter

from sqlalchemy import Text, Uuid, bindparam, delete, exists, func, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.bulk import copy_rows
from app.core.db.columns import new_id
from app.core.db.numbering import take_numbers
from app.core.guard import audit, vault
from app.core.guard.masks import mask
from app.core.guard.permissions import Actor, check
from app.core.lists.matching import fold_text
from app.core.money import round_amount
from app.inventory import queries
from app.inventory.models import OdometerReading, PriceChange, StockUnit, Vehicle
from app.inventory.operations.vehicles import DESCRIPTION
from app.inventory.rules import plates, stock
from app.inventory.rules import vin as vins
from app.inventory.rules.odometer import OdometerStatus
from app.inventory.rules.stock import StockStatus
from app.inventory.rules.vin import VinStatus

_FULL = (VinStatus.VALID.value, VinStatus.STRUCTURE_ONLY.value)


@dataclass(frozen=True)
class VehicleInput:
    """A vehicle as a row describes it; `read_on` is the day of its odometer."""

    make: str
    model: str
    vin: str | None = None
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


def find_or_add_vehicles(*, actor: Actor, rows: Sequence[VehicleInput]) -> list[FoundVehicle]:
    """The vehicle of every row: the one known by its full VIN, or a new one; rows with the same VIN share it.

    A vehicle that is known stays as it is. The caller has seen to it that each VIN may be taken as it stands.
    """
    check(actor, "vehicle.create")
    numbers = [vins.normalise(row.vin) if row.vin else None for row in rows]
    known = _known_vehicles([number for number in numbers if number is not None and vins.has_shape(number)])
    found, added = list[FoundVehicle](), list[tuple[uuid.UUID, str | None, VehicleInput]]()
    for number, row in zip(numbers, rows, strict=True):
        before = known.get(number) if number is not None else None
        if before is not None:
            found.append(before)
            continue
        made = FoundVehicle(new_id(), made=True)
        found.append(made)
        added.append((made.vehicle_id, number, row))
        if number is not None and vins.has_shape(number):
            known[number] = FoundVehicle(made.vehicle_id, made=False)
    _add_vehicles(actor, added)
    return found


def stock_in_many(*, actor: Actor, rows: Sequence[UnitInput]) -> list[uuid.UUID]:
    """Store stock episodes; a number that is missing or taken at its store becomes the store's next own one.

    The caller has left out vehicles that are in stock; one that comes meanwhile is refused by the database itself.
    """
    for store_id in {row.store_id for row in rows}:
        check(actor, "stock.create", store_id=store_id)
        if any(row.cost is not None for row in rows if row.store_id == store_id):
            check(actor, "stock.cost", store_id=store_id)
    currency = current_tenant().currency
    wanted = [(row.store_id, row.stock_number) for row in rows]
    numbers = free_numbers("stock", "S", wanted, taken_stock_numbers)
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
    return ids


Taken = Callable[[Sequence[tuple[uuid.UUID, str]]], set[tuple[uuid.UUID, str]]]


def free_numbers(kind: str, prefix: str, wanted: Sequence[tuple[uuid.UUID, str | None]], taken: Taken) -> list[str]:
    """A number for each (store, wished number): the wish where it is free, else the store's next one of its own."""
    used = taken([(store_id, number) for store_id, number in wanted if number])
    found: list[str | None] = []
    for store_id, number in wanted:
        free = bool(number) and (store_id, number) not in used
        found.append(number if free else None)
        if number:
            used.add((store_id, number))
    missing = Counter(store_id for (store_id, _), number in zip(wanted, found, strict=True) if number is None)
    own: dict[uuid.UUID, list[str]] = {}
    for store_id, count in sorted(missing.items()):
        while len(own.setdefault(store_id, [])) < count:
            # People may have used numbers the counter has not reached.
            drawn = [f"{prefix}-{n}" for n in take_numbers(kind, store_id, count - len(own[store_id]))]
            typed = used | taken([(store_id, number) for number in drawn])
            own[store_id] += [number for number in drawn if (store_id, number) not in typed]
    return [number or own[store_id].pop(0) for (store_id, _), number in zip(wanted, found, strict=True)]


def take_back_units(
    *, actor: Actor, unit_ids: Sequence[uuid.UUID], vehicle_ids: Sequence[uuid.UUID]
) -> None:
    """Delete units that an import has made, then those of its vehicles that nothing refers to any more.

    The caller has made sure that none of them was changed since (`unchanged`).
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
    vault.destroy_subject_keys({row.id for row in vehicles})


def _rounded(amount: Decimal | None, currency: str) -> Decimal | None:
    return None if amount is None else round_amount(amount, currency)
