"""The lists of the inventory: stock units, past ones too, and all vehicles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import aliased

from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.permissions import Actor, scope_clause
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, Target, declare_list
from app.inventory import queries
from app.inventory.models import StockUnit, Vehicle
from app.inventory.rules import plates, vin
from app.inventory.rules.odometer import OdometerStatus, OdometerUnit
from app.inventory.rules.stock import OPEN, Condition, StockStatus
from app.inventory.rules.vin import VinStatus
from app.tenants import queries as tenants

STATUS_LABELS = {
    StockStatus.IN_TRANSIT.value: N_("In transit"),
    StockStatus.IN_RECON.value: N_("Reconditioning"),
    StockStatus.AVAILABLE.value: N_("In stock"),
    StockStatus.ON_HOLD.value: N_("On hold"),
    StockStatus.SOLD.value: N_("Sold"),
    StockStatus.DELIVERED.value: N_("Delivered"),
    StockStatus.WHOLESALED.value: N_("Wholesaled"),
    StockStatus.DEALER_TRADE_OUT.value: N_("Traded to a dealer"),
}
CONDITION_LABELS = {
    Condition.NEW.value: N_("New"),
    Condition.USED.value: N_("Used"),
    Condition.CERTIFIED.value: N_("Certified"),
}
VIN_STATUS_LABELS = {
    VinStatus.VALID.value: N_("Check digit is right"),
    VinStatus.STRUCTURE_ONLY.value: N_("Right shape, check digit not confirmed"),
    VinStatus.INCOMPLETE.value: N_("Short number"),
    VinStatus.NOT_VIN.value: N_("Not a VIN"),
}
ODOMETER_STATUS_LABELS = {
    OdometerStatus.UNKNOWN.value: N_("Unknown"),
    OdometerStatus.ORIGINAL.value: N_("Original"),
    OdometerStatus.REPLACED.value: N_("Replaced"),
    OdometerStatus.ROLLEDOVER.value: N_("Rolled over"),
}
ODOMETER_UNIT_LABELS = {OdometerUnit.KM.value: N_("km"), OdometerUnit.MI.value: N_("mi")}
NOT_IN_STOCK = "not_in_stock"
_ANY_STATUS = STATUS_LABELS | {NOT_IN_STOCK: N_("Not in stock")}
_CONDITIONS = tuple(CONDITION_LABELS.items())
_IN_STOCK = "in_stock"
_UNIT_STATUS = {_IN_STOCK: N_("Any in stock"), NOT_IN_STOCK: N_("Not in stock")} | STATUS_LABELS


def vehicle_name(row: Any) -> str:
    """What a vehicle is called in one line: year, make, model, trim."""
    return " ".join(str(part) for part in (row.model_year, row.make, row.model, row.trim) if part)


def _vehicle_page(row: Any) -> Target:
    return Target("inventory.show_vehicle", {"vehicle_id": to_public("veh", row.vehicle_id)})


def _currency(row: Any) -> str | None:
    return row.currency


def _vin_tail(row: Any) -> str | None:
    """The end of the VIN, by which people on the lot call a car; the whole number stands on its page."""
    return None if row.vin is None else vin.tail(row.vin)


def _odometer(row: Any) -> str | None:
    return None if row.odometer is None else f"{row.odometer:,} {row.odometer_unit}"


_VEHICLE_COLUMNS = (
    Vehicle.id.label("vehicle_id"),
    Vehicle.vin,
    Vehicle.make,
    Vehicle.model,
    Vehicle.trim,
    Vehicle.model_year,
    Vehicle.plate_masked,
    Vehicle.odometer,
    Vehicle.odometer_unit,
    Vehicle.created_at,
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


def _units(actor: Actor) -> Select:
    stores = tenants.store_facts()
    return (
        select(StockUnit.id, *_VEHICLE_COLUMNS, *_UNIT_COLUMNS, stores.c.store_name, _days(stores.c.timezone))
        .select_from(StockUnit)
        .join(Vehicle, Vehicle.id == StockUnit.vehicle_id)
        .join(stores, stores.c.store_id == StockUnit.store_id)
        .where(scope_clause(actor, "stock.see", store=StockUnit.store_id))
    )


def _vehicles(actor: Actor) -> Select:
    stores = tenants.store_facts()
    # A unit the actor may not see is no unit to him; the vehicle itself belongs to no store.
    visible = scope_clause(actor, "stock.see", store=StockUnit.store_id)
    its_unit = and_(StockUnit.vehicle_id == Vehicle.id, StockUnit.closed_on.is_(None), visible)
    return (
        select(Vehicle.id, *_VEHICLE_COLUMNS, *_UNIT_COLUMNS, stores.c.store_name, _days(stores.c.timezone))
        .select_from(Vehicle)
        .outerjoin(StockUnit, its_unit)
        .outerjoin(stores, stores.c.store_id == StockUnit.store_id)
    )


def _unit_status(value: str) -> ColumnElement[bool]:
    if value in (_IN_STOCK, NOT_IN_STOCK):
        return StockUnit.closed_on.is_(None) if value == _IN_STOCK else StockUnit.closed_on.is_not(None)
    return StockUnit.status == value


def _vehicle_status(value: str) -> ColumnElement[bool]:
    """Open statuses are those of the joined unit; for a closed one some past episode ended so."""
    if value == NOT_IN_STOCK:
        return StockUnit.id.is_(None)
    if value in OPEN:
        return StockUnit.status == value
    past = aliased(StockUnit)
    return select(past.id).where(past.vehicle_id == Vehicle.id, past.status == value).exists()


def _filters(statuses: dict[str, str], status: Any) -> tuple[Filter, ...]:
    return (
        Filter("vin", N_("VIN or its last characters"), normalise=vin.normalise, apply=queries.vin_tail_clause),
        Filter(
            "plate",
            N_("Plate"),
            "token",
            token="plate",  # noqa: S106  (a kind of token)
            normalise=plates.normalise,
            column=Vehicle.plate_index,
            personal=True,
            field=("vehicle", "plate"),
        ),
        Filter("make", N_("Make"), column=Vehicle.make_key),
        Filter("model", N_("Model"), column=Vehicle.model_key),
        Filter("year", N_("Model year"), "number_range", column=Vehicle.model_year),
        Filter("status", N_("Status"), "choice", apply=status, choices=tuple(statuses.items())),
        Filter("condition", N_("Condition"), "choice", column=StockUnit.condition, choices=_CONDITIONS),
        Filter("price", N_("Asking price"), "money_range", column=StockUnit.asking_price),
        Filter("days", N_("Days in stock"), "number_range", column="days_in_stock"),
        Filter("stock_number", N_("Stock number"), column=StockUnit.stock_number, match="exact", normalise=str.strip),
        Filter("store", N_("Store"), "id", column=StockUnit.store_id, prefix="store"),
    )


_COLUMNS = (
    Column("vehicle", N_("Vehicle"), value=vehicle_name, url=_vehicle_page, sort="model"),
    Column("stock_number", N_("Stock")),
    Column("vin", N_("VIN"), "vin", value=_vin_tail),
    Column("plate", N_("Plate"), "plate", value=lambda row: row.plate_masked, field=("vehicle", "plate"), mask=str),
    Column("status", N_("Status"), "status", labels=STATUS_LABELS),
    Column("odometer", N_("Odometer"), value=_odometer),
    Column("days_in_stock", N_("Days in stock"), "days", sort="days"),
    Column("asking_price", N_("Asking price"), "money", sort="price", currency=_currency),
    Column("cost", N_("Cost"), "money", currency=_currency, field=("stock_unit", "cost")),
    Column("store_name", N_("Store")),
)

UNITS = declare_list(
    ListSpec(
        name="stock_units",
        label=N_("Stock"),
        permission="stock.see",
        source=_units,
        columns=_COLUMNS,
        filters=_filters(_UNIT_STATUS, _unit_status),
        default_args={"status": (_IN_STOCK,)},
        sorts=(
            # The older the acquisition, the more days: the order by days is the index by date walked the other way.
            Sort("days", N_("Days in stock"), (By(StockUnit.acquired_on, descending=True),)),
            Sort("price", N_("Asking price"), (By(StockUnit.asking_price),)),
            Sort("model", N_("Make and model"), (By(Vehicle.make_key), By(Vehicle.model_key))),
            Sort("year", N_("Model year"), (By(Vehicle.model_year),)),
        ),
        default_sort="days",
        id_prefix="unit",
        endpoint="inventory.list_units",
        filter_endpoint="inventory.filter_units",
        row_url=_vehicle_page,
    )
)

VEHICLES = declare_list(
    ListSpec(
        name="vehicles",
        label=N_("Vehicles"),
        permission="vehicle.see",
        source=_vehicles,
        columns=_COLUMNS,
        filters=_filters(_ANY_STATUS, _vehicle_status),
        sorts=(
            Sort("created", N_("Added"), (By(Vehicle.created_at),)),
            Sort("model", N_("Make and model"), (By(Vehicle.make_key), By(Vehicle.model_key))),
            Sort("year", N_("Model year"), (By(Vehicle.model_year),)),
            Sort("days", N_("Days in stock"), (By(StockUnit.acquired_on, descending=True, nullable=True),)),
            Sort("price", N_("Asking price"), (By(StockUnit.asking_price, nullable=True),)),
        ),
        default_sort="-created",
        id_prefix="veh",
        endpoint="inventory.list_vehicles",
        filter_endpoint="inventory.filter_vehicles",
        row_url=_vehicle_page,
    )
)
