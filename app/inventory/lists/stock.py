"""The lists of the inventory: stock units, past ones too, and all vehicles."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.classes import INTERNAL, PERSONAL
from app.core.guard.masks import mask
from app.core.guard.permissions import Actor
from app.core.lists.parts import Board, BulkAction, BulkField, Outgoing, Peek, Target, Under, View
from app.core.lists.search import SearchKind, Word, declare_search
from app.core.lists.search.asking import Meaning
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, declare_list
from app.inventory import queries
from app.inventory.models import StockUnit, Vehicle
from app.inventory.operations import many
from app.inventory.queries import finding, glance, sources
from app.inventory.queries.finding import vehicle_name
from app.inventory.rules import plates, vin
from app.inventory.rules.stock import OPEN, PriceStep, StockStatus, moves_from
from app.inventory.rules.words import CONDITION_LABELS, STATUS_LABELS

NOT_IN_STOCK = "not_in_stock"
_ANY_STATUS = STATUS_LABELS | {NOT_IN_STOCK: N_("Not in stock")}
_CONDITIONS = tuple(CONDITION_LABELS.items())
_IN_STOCK = "in_stock"
_CAR, _LOT, _VIN = N_("The car"), N_("On the lot"), N_("VIN or its last characters")
_UNIT_STATUS = {_IN_STOCK: N_("Any in stock"), NOT_IN_STOCK: N_("Not in stock")} | STATUS_LABELS


def _vehicle_page(row: Any) -> Target:
    return Target("inventory.show_vehicle", {"vehicle_id": to_public("veh", row.vehicle_id)})


def _currency(row: Any) -> str | None:
    return row.currency


def _vin_tail(row: Any) -> str | None:
    """The end of the VIN, by which people on the lot call a car; the whole number stands on its page."""
    return None if row.vin is None else vin.tail(row.vin)


def _number_and_tail(row: Any) -> Under:
    return Under(row.stock_number, _vin_tail(row))


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
        Filter("vin", _VIN, normalise=vin.normalise, apply=queries.vin_tail_clause, group=_CAR),
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
        Filter("make", N_("Make"), column=Vehicle.make_key, group=_CAR),
        Filter("model", N_("Model"), column=Vehicle.model_key, group=_CAR),
        Filter("year", N_("Model year"), "number_range", column=Vehicle.model_year, group=_CAR),
        Filter("store", N_("Store"), "id", column=StockUnit.store_id, prefix="store", group=_LOT),
        Filter("status", N_("Status"), "choice", apply=status, choices=tuple(statuses.items()), group=_LOT),
        Filter("condition", N_("Condition"), "choice", column=StockUnit.condition, choices=_CONDITIONS, group=_LOT),
        Filter("price", N_("Asking price"), "money_range", column=StockUnit.asking_price, group=_LOT),
        Filter("days", N_("Days in stock"), "number_range", column="days_in_stock", group=_LOT),
        Filter("acquired", N_("Acquired on"), "date_range", column=StockUnit.acquired_on, group=_LOT),
        Filter(
            "stock_number", N_("Stock number"), column=StockUnit.stock_number, match="exact", normalise=str.strip,
            group=_LOT,
        ),
    )  # fmt: skip


_plate_mask = partial(mask, "plate")
_COLUMNS = (
    Column(
        "vehicle",
        N_("Vehicle"),
        value=vehicle_name,
        url=_vehicle_page,
        sort="model",
        under=_number_and_tail,
        out=Outgoing(INTERNAL),
        under_out=Outgoing(INTERNAL),
    ),
    Column(
        "plate",
        N_("Plate"),
        "plate",
        value=queries.listed_plate,
        field=("vehicle", "plate"),
        mask=_plate_mask,
        out=Outgoing(PERSONAL, "plate", person=lambda row: row.vehicle_id),
    ),
    Column("status", N_("Status"), "status", labels=STATUS_LABELS),
    Column("odometer", N_("Odometer"), "measure", currency=lambda row: row.odometer_unit),
    Column("days_in_stock", N_("Days in stock"), "days", sort="days", out=Outgoing(INTERNAL)),
    Column("asking_price", N_("Asking price"), "money", sort="price", currency=_currency),
    Column("stock_number", N_("Stock number"), shown=False),
    Column("vin", N_("VIN"), "vin", shown=False),
    Column("condition", N_("Condition"), labels=CONDITION_LABELS, shown=False),
    Column("cost", N_("Cost"), "money", currency=_currency, field=("stock_unit", "cost"), shown=False),
    Column("acquired_on", N_("Acquired on"), "date", shown=False),
    Column("store_name", N_("Store"), shown=False),
)
_ALL, _STOCK = Target("inventory.list_vehicles", {}), Target("inventory.list_units", {})
_BY_DAYS = (N_("Newest first"), N_("Oldest first"))
_BY_PRICE = (N_("Cheapest first"), N_("Dearest first"))
_BY_YEAR = (N_("Oldest model year first"), N_("Newest model year first"))
_BY_MODEL = (N_("Make and model, A to Z"), N_("Make and model, Z to A"))

_OPEN_STATES = tuple((key.value, STATUS_LABELS[key]) for key in StockStatus if key in OPEN)
_PRICE_STEPS = (
    (PriceStep.BY.value, N_("Up or down by a sum")),
    (PriceStep.PERCENT.value, N_("Up or down by percents")),
    (PriceStep.SET.value, N_("The same price for all")),
)
_NEW_STORE = (BulkField("store_id", N_("Store"), "id", choices_of="store", prefix="store"),)

UNITS = declare_list(
    ListSpec(
        name="stock_units",
        label=N_("Stock"),
        permission="stock.see",
        source=sources.stock_units,
        columns=_COLUMNS,
        filters=_filters(_UNIT_STATUS, _unit_status),
        default_args={"status": (_IN_STOCK,)},
        views=(
            View("in_stock", N_("In stock"), {"status": (_IN_STOCK,)}),
            View("older", N_("Older than 60 days"), {"status": (_IN_STOCK,), "days_from": ("61",), "sort": ("-days",)}),
            View("in_transit", N_("In transit"), {"status": ("in_transit",)}),
            View("reserved", N_("Reserved"), {"status": ("on_hold",)}),
            View("gone", N_("Not in stock"), {"status": (NOT_IN_STOCK,)}),
            View("everything", N_("All vehicles"), elsewhere=_ALL),
        ),
        peek=Peek("inventory/_peek.html", glance.glance_at_unit),
        import_kind="vehicles",
        sorts=(
            # The older the acquisition, the more days: the order by days is the index by date walked the other way.
            Sort("days", N_("Days in stock"), (By(StockUnit.acquired_on, descending=True),), words=_BY_DAYS),
            Sort("price", N_("Asking price"), (By(StockUnit.asking_price),), words=_BY_PRICE),
            Sort("model", N_("Make and model"), (By(Vehicle.make_key), By(Vehicle.model_key)), words=_BY_MODEL),
            Sort("year", N_("Model year"), (By(Vehicle.model_year),), words=_BY_YEAR),
        ),
        default_sort="days",
        id_prefix="unit",
        endpoint="inventory.list_units",
        filter_endpoint="inventory.filter_units",
        row_url=_vehicle_page,
        bulk=(
            BulkAction(
                "price",
                N_("Change price"),
                "price",
                "stock.price",
                fields=(
                    BulkField("price_step", N_("How"), "choice", choices=_PRICE_STEPS),
                    BulkField("price_by", N_("Sum or percents"), "money", help=N_("With a minus sign it goes down.")),
                    BulkField("price_reason", N_("Reason"), required=False),
                ),
                apply=many.change_price,
            ),
            BulkAction(
                "move",
                N_("Change status"),
                "history",
                "stock.move",
                fields=(BulkField("to_status", N_("Status"), "choice", choices=_OPEN_STATES),),
                apply=many.move_status,
            ),
            BulkAction("store", N_("Change store"), "store", "stock.edit", _NEW_STORE, apply=many.move_to_store),
        ),
        board=Board(
            filter="status",
            states=_OPEN_STATES,
            move=lambda row: Target("inventory.move_status", {"unit_id": to_public("unit", row.id)}),
            may=lambda row: moves_from(StockStatus(row.status)),
            leave=lambda row: Target("inventory.edit_status", {"unit_id": to_public("unit", row.id)}),
            permission="stock.move",
            title="vehicle",
            facts=("plate", "stock_number", "days_in_stock", "asking_price"),
            sum_of="asking_price",
        ),
    )
)

VEHICLES = declare_list(
    ListSpec(
        name="vehicles",
        label=N_("Vehicles"),
        permission="vehicle.see",
        source=sources.vehicles,
        columns=_COLUMNS,
        filters=_filters(_ANY_STATUS, _vehicle_status),
        views=(View("everything", N_("All vehicles")), View("stock", N_("In stock"), elsewhere=_STOCK)),
        peek=Peek("inventory/_peek.html", glance.glance_at_vehicle),
        import_kind="vehicles",
        sorts=(
            Sort("created", N_("Added"), (By(Vehicle.created_at),), words=(N_("Added first"), N_("Added last"))),
            Sort("model", N_("Make and model"), (By(Vehicle.make_key), By(Vehicle.model_key)), words=_BY_MODEL),
            Sort("year", N_("Model year"), (By(Vehicle.model_year),), words=_BY_YEAR),
            Sort(
                "days",
                N_("Days in stock"),
                (By(StockUnit.acquired_on, descending=True, nullable=True),),
                words=_BY_DAYS,
            ),
            Sort("price", N_("Asking price"), (By(StockUnit.asking_price, nullable=True),), words=_BY_PRICE),
        ),
        default_sort="-created",
        id_prefix="veh",
        endpoint="inventory.list_vehicles",
        filter_endpoint="inventory.filter_vehicles",
        row_url=_vehicle_page,
    )
)


def _describe(actor: Actor, vehicle_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[str]]:
    return {
        key: [
            part
            for part in (
                row.stock_number or Word(N_("Not in stock")),
                Word(STATUS_LABELS[row.status]) if row.status else "",
                row.store_name or "",
                row.plate_masked or "",
                finding.vin_tail(row.vin),
            )
            if part
        ]
        for key, row in finding.vehicles_by_id(actor, vehicle_ids).items()
    }


declare_search(
    SearchKind(
        name="vehicle",
        label=N_("Vehicles"),
        permission="vehicle.see",
        prefix="veh",
        endpoint="inventory.show_vehicle",
        argument="vehicle_id",
        icon="car",
        key=Vehicle.id,
        load=finding.vehicle_entries,
        codes=Meaning.VIN,
        secrets={"plate": ("vehicle", "plate")},
        describe=_describe,
    )
)
_UNIT: dict[str, Any] = {
    "permission": "stock.see",
    "prefix": "unit",
    "endpoint": "inventory.show_vehicle",
    "argument": "vehicle_id",
    "icon": "car",
    "key": StockUnit.id,
    "group": "vehicle",
}
declare_search(
    SearchKind(name="stock_unit", label=N_("Stock"), load=finding.unit_entries, codes=Meaning.NUMBER, **_UNIT)
)
declare_search(
    SearchKind(
        name="in_stock", label=N_("Stock"), load=finding.in_stock_entries, beside="stock_unit", has_names=True, **_UNIT
    )
)
