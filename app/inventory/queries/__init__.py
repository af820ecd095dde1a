"""What can be asked of the inventory, and the selectables that the queries of modules above may join."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, Row, Select, Subquery, func, or_, select
from sqlalchemy import cast as sql_cast

from app.core.db import db
from app.core.db.platform import makes as shared_makes
from app.core.db.platform import models as shared_models
from app.core.errors import NotFound
from app.core.guard import vault
from app.core.guard.permissions import Actor, allows, scope_clause
from app.core.lists.matching import escape_like
from app.inventory.models import OdometerReading, PriceChange, StockUnit, Vehicle
from app.inventory.rules import plates, vin
from app.inventory.rules.stock import StockStatus
from app.inventory.rules.vin import VinStatus
from app.tenants import queries as tenants

# Shorter tails fit too many cars to be an answer.
SHORTEST_TAIL = 4
_FULL = (VinStatus.VALID.value, VinStatus.STRUCTURE_ONLY.value)


def vehicle_facts() -> Subquery:
    """Vehicles for joins: vehicle_id, vin, make, model, make_key, model_key, trim, model_year (all internal)."""
    return select(
        Vehicle.id.label("vehicle_id"),
        Vehicle.vin,
        Vehicle.make,
        Vehicle.model,
        Vehicle.make_key,
        Vehicle.model_key,
        Vehicle.trim,
        Vehicle.model_year,
    ).subquery("vehicle_facts")


def unit_facts() -> Subquery:
    """Stock units for joins: unit_id, vehicle_id, store_id, stock_number, status, condition, asking_price (financial),
    currency, acquired_on, closed_on. What a unit cost is not among them: it needs a right of its own."""
    return select(
        StockUnit.id.label("unit_id"),
        StockUnit.vehicle_id,
        StockUnit.store_id,
        StockUnit.stock_number,
        StockUnit.status,
        StockUnit.condition,
        StockUnit.asking_price,
        StockUnit.currency,
        StockUnit.acquired_on,
        StockUnit.closed_on,
    ).subquery("unit_facts")


@dataclass(frozen=True)
class UnitFacts:
    """One stock unit with its vehicle, as the modules above may know it."""

    unit_id: uuid.UUID
    vehicle_id: uuid.UUID
    store_id: uuid.UUID
    stock_number: str
    status: str
    asking_price: Decimal | None
    currency: str
    acquired_on: date
    closed_on: date | None
    vin: str | None
    make: str
    model: str
    make_key: str
    model_key: str
    model_year: int | None
    body: str | None
    colour: str | None
    condition: str
    odometer: int | None


_UNIT_COLUMNS = (
    StockUnit.id.label("unit_id"),
    StockUnit.vehicle_id,
    StockUnit.store_id,
    StockUnit.stock_number,
    StockUnit.status,
    StockUnit.asking_price,
    StockUnit.currency,
    StockUnit.acquired_on,
    StockUnit.closed_on,
    Vehicle.vin,
    Vehicle.make,
    Vehicle.model,
    Vehicle.make_key,
    Vehicle.model_key,
    Vehicle.model_year,
    Vehicle.body,
    Vehicle.colour,
    StockUnit.condition,
    Vehicle.odometer,
)


def _units(actor: Actor) -> Select:
    visible = scope_clause(actor, "stock.see", store=StockUnit.store_id)
    return select(*_UNIT_COLUMNS).join(Vehicle, Vehicle.id == StockUnit.vehicle_id).where(visible)


def unit_info(actor: Actor, unit_id: uuid.UUID) -> UnitFacts:
    """A stock unit with its vehicle, if `actor` may see it; raises NotFound otherwise."""
    row = db.session.execute(_units(actor).where(StockUnit.id == unit_id)).one_or_none()
    if row is None:
        raise NotFound
    return UnitFacts(**row._mapping)


def search_units(actor: Actor, text: str, limit: int = 10, *, sold: bool = True) -> Sequence[Row]:
    """Open units by stock number, tail of the VIN, make or model, for pickers: the columns of `UnitFacts`; `sold` ones
    among them or not."""
    if not allows(actor, "stock.see"):
        return []
    statement = _units(actor).where(StockUnit.closed_on.is_(None))
    if not sold:
        statement = statement.where(StockUnit.status != StockStatus.SOLD.value)
    for word in text.split()[:4]:
        pattern = f"%{escape_like(word.casefold())}%"
        matches: list[ColumnElement[bool]] = [
            func.lower(StockUnit.stock_number).like(f"{escape_like(word.casefold())}%"),
            Vehicle.make_key.like(pattern),
            Vehicle.model_key.like(pattern),
        ]
        if len(vin.normalise(word)) >= SHORTEST_TAIL:
            matches.append(vin_tail_clause(word))
        statement = statement.where(or_(*matches))
    return db.session.execute(statement.order_by(StockUnit.acquired_on.desc(), StockUnit.id).limit(limit)).all()


def get_vehicle(actor: Actor, vehicle_id: uuid.UUID, *, lock: bool = False) -> Vehicle:
    """The vehicle, if `actor` may see vehicles; raises NotFound otherwise. `lock` keeps others from changing it."""
    vehicle = None
    if allows(actor, "vehicle.see"):
        statement = select(Vehicle).where(Vehicle.id == vehicle_id)
        vehicle = db.session.scalar(_locked(statement) if lock else statement)
    if vehicle is None:
        raise NotFound
    return vehicle


def get_unit(actor: Actor, unit_id: uuid.UUID, *, lock: bool = False) -> StockUnit:
    """The stock unit, if `actor` may see it; raises NotFound otherwise. `lock` keeps others from changing it."""
    visible = scope_clause(actor, "stock.see", store=StockUnit.store_id)
    statement = select(StockUnit).where(StockUnit.id == unit_id).where(visible)
    unit = db.session.scalar(_locked(statement) if lock else statement)
    if unit is None:
        raise NotFound
    return unit


def _locked(statement: Select) -> Select:
    # Read anew under the lock: what the session holds may be older than what the lock waited for.
    return statement.with_for_update().execution_options(populate_existing=True)


def find_vehicle_by_vin(actor: Actor, text: str) -> Vehicle | None:
    """The one vehicle with this full VIN, however it is typed; None for a shorter number, which names no single car."""
    number = vin.normalise(text)
    if not vin.has_shape(number) or not allows(actor, "vehicle.see"):
        return None
    return db.session.scalar(select(Vehicle).where(Vehicle.vin == number, Vehicle.vin_status.in_(_FULL)))


def open_unit_of(vehicle_id: uuid.UUID) -> StockUnit | None:
    """The open episode of the vehicle, in whatever store; for refusals, which name it."""
    return db.session.scalar(select(StockUnit).where(StockUnit.vehicle_id == vehicle_id, StockUnit.closed_on.is_(None)))


def stock_number_taken(store_id: uuid.UUID, stock_number: str) -> bool:
    """Whether the store has used this stock number."""
    statement = select(StockUnit.id).where(StockUnit.store_id == store_id, StockUnit.stock_number == stock_number)
    return db.session.scalar(statement) is not None


def list_episodes(actor: Actor, vehicle_id: uuid.UUID) -> Sequence[StockUnit]:
    """The vehicle's stock episodes that `actor` may see, the open one first, then the latest."""
    return db.session.scalars(
        select(StockUnit)
        .where(StockUnit.vehicle_id == vehicle_id, scope_clause(actor, "stock.see", store=StockUnit.store_id))
        .order_by(StockUnit.closed_on.desc().nulls_first(), StockUnit.id.desc())
    ).all()


def stock_numbers_of(vehicle_id: uuid.UUID) -> Sequence[str]:
    """The numbers of every episode of the vehicle, in whatever store; for refusals, which name them."""
    return db.session.scalars(
        select(StockUnit.stock_number).where(StockUnit.vehicle_id == vehicle_id).order_by(StockUnit.id)
    ).all()


def list_price_changes(unit_id: uuid.UUID, limit: int = 100) -> Sequence[Row]:
    """The unit's price history, newest first: changed_at, price_before, price_after, currency, reason, user_name."""
    users = tenants.user_facts()
    return db.session.execute(
        select(
            PriceChange.changed_at,
            PriceChange.price_before,
            PriceChange.price_after,
            PriceChange.currency,
            PriceChange.reason,
            users.c.name.label("user_name"),
        )
        .outerjoin(users, users.c.user_id == PriceChange.changed_by)
        .where(PriceChange.stock_unit_id == unit_id)
        .order_by(PriceChange.changed_at.desc(), PriceChange.id.desc())
        .limit(limit)
    ).all()


def list_makes() -> Sequence[str]:
    """The makes of the shared catalogue, to be offered while somebody types one."""
    return db.session.scalars(select(shared_makes.c.name).order_by(shared_makes.c.name)).all()


def list_models(make: str | None, limit: int = 400) -> Sequence[str]:
    """Models of the shared catalogue, those still made first: of this make, or of all while none is known."""
    name, still_made = shared_models.c.name, func.bool_or(shared_models.c.last_year.is_(None))
    statement = select(name).group_by(name).order_by(still_made.desc(), name).limit(limit)
    if make:
        statement = statement.where(func.lower(shared_models.c.make) == func.lower(make.strip()))
    return db.session.scalars(statement).all()


def list_odometer_readings(vehicle_id: uuid.UUID, limit: int = 100) -> Sequence[OdometerReading]:
    """The vehicle's odometer readings, newest first."""
    return db.session.scalars(
        select(OdometerReading)
        .where(OdometerReading.vehicle_id == vehicle_id)
        .order_by(OdometerReading.recorded_at.desc(), OdometerReading.id.desc())
        .limit(limit)
    ).all()


def plate_of(vehicle: Vehicle) -> str | None:
    """The vehicle's plate in the clear; who may see it is asked before."""
    if vehicle.plate_enc is None:
        return None
    return vault.unseal(vehicle.id, "inventory_vehicles", "plate_enc", vehicle.id, vehicle.plate_enc)


def listed_plate(row: Any) -> str | None:
    """The plate in the clear of a list's row, which brought the key with it; the mask where the key was erased."""
    if row.plate_enc is None or not row.plate_key:
        return row.plate_masked
    vault.take_key(row.vehicle_id, row.plate_key, row.plate_key_version, row.plate_key_generation)
    return vault.unseal(row.vehicle_id, "inventory_vehicles", "plate_enc", row.vehicle_id, row.plate_enc)


def plate_token(text: str) -> bytes:
    """The token under which a plate, typed in any way, is stored."""
    return vault.blind_index("plate", plates.normalise(text))


def vin_tail_clause(text: str) -> ColumnElement[bool]:
    """Vehicles whose number is or ends with `text`; an index answers for any length."""
    return Vehicle.vin_reversed.like(escape_like(vin.normalise(text)[::-1]) + "%")


def store_today(timezone: ColumnElement[str]) -> ColumnElement[date]:
    """Today's business date in the store's zone, in the database."""
    return sql_cast(func.timezone(timezone, func.now()), Date)
