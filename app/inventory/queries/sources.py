"""Where the rows of the inventory's lists come from: one statement each, with the key that opens a plate."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, func, select

from app.core.guard.models import SubjectKey
from app.core.guard.permissions import Actor, scope_clause
from app.inventory import queries
from app.inventory.models import StockUnit, Vehicle
from app.tenants import queries as tenants

_VEHICLE_COLUMNS = (
    Vehicle.id.label("vehicle_id"),
    Vehicle.vin,
    Vehicle.make,
    Vehicle.model,
    Vehicle.trim,
    Vehicle.model_year,
    Vehicle.plate_masked,
    Vehicle.plate_enc,
    SubjectKey.wrapped.label("plate_key"),
    SubjectKey.key_version.label("plate_key_version"),
    SubjectKey.generation.label("plate_key_generation"),
    Vehicle.odometer,
    Vehicle.odometer_unit,
)
_UNIT_COLUMNS = (
    StockUnit.store_id,
    StockUnit.stock_number,
    StockUnit.status,
    StockUnit.condition,
    StockUnit.cost,
    StockUnit.asking_price,
    StockUnit.currency,
    StockUnit.acquired_on,
    StockUnit.closed_on,
)


def _days(timezone: ColumnElement[str]) -> ColumnElement[int]:
    end = func.least(func.coalesce(StockUnit.closed_on, queries.store_today(timezone)), queries.store_today(timezone))
    return func.greatest(end - StockUnit.acquired_on, 0).label("days_in_stock")


def stock_units(actor: Actor) -> Select:
    """Stock units with their cars, of the stores the actor reaches."""
    stores = tenants.store_facts()
    return (
        select(
            *(StockUnit.id, StockUnit.version, *_VEHICLE_COLUMNS, *_UNIT_COLUMNS),
            *(stores.c.store_name, _days(stores.c.timezone)),
        )
        .select_from(StockUnit)
        .join(Vehicle, Vehicle.id == StockUnit.vehicle_id)
        .outerjoin(SubjectKey, SubjectKey.subject_id == Vehicle.id)
        .join(stores, stores.c.store_id == StockUnit.store_id)
        .where(scope_clause(actor, "stock.see", store=StockUnit.store_id))
    )


def vehicles(actor: Actor) -> Select:
    """All cars, each with the unit that stands in a store of the actor's now, if any."""
    stores = tenants.store_facts()
    # A unit the actor may not see is no unit to him; the vehicle itself belongs to no store.
    visible = scope_clause(actor, "stock.see", store=StockUnit.store_id)
    its_unit = and_(StockUnit.vehicle_id == Vehicle.id, StockUnit.closed_on.is_(None), visible)
    return (
        select(
            *(Vehicle.id, Vehicle.version, Vehicle.created_at, *_VEHICLE_COLUMNS, *_UNIT_COLUMNS),
            *(stores.c.store_name, _days(stores.c.timezone)),
        )
        .select_from(Vehicle)
        .outerjoin(SubjectKey, SubjectKey.subject_id == Vehicle.id)
        .outerjoin(StockUnit, its_unit)
        .outerjoin(stores, stores.c.store_id == StockUnit.store_id)
    )
