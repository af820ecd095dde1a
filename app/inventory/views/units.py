"""Pages of stock: the list, taking a vehicle in, correcting, pricing and moving a unit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import flash
from flask_babel import gettext

from app.core import clock
from app.core.db import current_tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, NotFound, PermissionDenied, Stale
from app.core.http.access import may, require
from app.core.http.forms import load_form, render_form
from app.core.http.lists import filter_view, list_view
from app.core.http.sessions import current_actor
from app.core.money import plain_amount
from app.inventory import lists, queries
from app.inventory.models import StockUnit
from app.inventory.operations import units
from app.inventory.rules import words
from app.inventory.rules.stock import CLOSED, ENTRY, StockStatus, moves_from
from app.inventory.schemas import (
    EditedUnitForm,
    EditedUnitWithCostForm,
    MoveForm,
    PriceForm,
    StockInForm,
    VersionForm,
)
from app.inventory.views.pages import (
    bp,
    list_choices,
    store_choices,
    to_vehicle,
    translated,
    vehicle_page,
    version_shown,
)


@bp.get("/vehicles")
@require("stock.see")
def list_units():
    return list_view(lists.UNITS, "inventory/units.html", choices=list_choices())


@bp.post("/vehicles/filter")
@require("stock.see")
def filter_units():
    return filter_view(lists.UNITS, "inventory/units.html", choices=list_choices())


@bp.get("/vehicles/<vehicle_id>/stock-in")
@require("stock.create")
def new_unit(vehicle_id: str):
    stores = store_choices("stock.create")
    values = {"status": StockStatus.AVAILABLE.value, "condition": "used", "store_id": stores[0][0] if stores else ""}
    return _stock_in_form(vehicle_id, values={**values, "acquired_on": clock.today(current_tenant().timezone)})


@bp.post("/vehicles/<vehicle_id>/stock-in")
@require("stock.create")
def stock_in_unit(vehicle_id: str):
    key = from_public("veh", vehicle_id)
    try:
        data = load_form(StockInForm)
        with transaction():
            unit = units.stock_in_unit(actor=current_actor(), vehicle_id=key, **data)
    except DomainError as error:
        return _stock_in_form(vehicle_id, error)
    flash(gettext("In stock as %(number)s.", number=unit.stock_number))
    return to_vehicle(key)


@bp.get("/stock/<unit_id>/edit")
@require("stock.edit")
def edit_unit(unit_id: str):
    unit = queries.get_unit(current_actor(), from_public("unit", unit_id))
    return _edit_form(unit, values=unit)


@bp.post("/stock/<unit_id>/edit")
@require("stock.edit")
def update_unit(unit_id: str):
    key = from_public("unit", unit_id)
    try:
        # Whoever does not see the cost sends none, and none must not be written over it.
        data = load_form(EditedUnitWithCostForm if may("stock.cost") else EditedUnitForm)
        with transaction():
            unit = units.edit_unit(actor=current_actor(), unit_id=key, **data)
    except DomainError as error:
        return _edit_form(queries.get_unit(current_actor(), key), error)
    flash(gettext("The unit was saved."))
    return to_vehicle(unit.vehicle_id)


@bp.get("/stock/<unit_id>/price")
@require("stock.price")
def edit_price(unit_id: str):
    unit = queries.get_unit(current_actor(), from_public("unit", unit_id))
    return _form("inventory/price_form.html", unit, values={"asking_price": _plain(unit.asking_price, unit.currency)})


@bp.post("/stock/<unit_id>/price")
@require("stock.price")
def change_price(unit_id: str):
    key = from_public("unit", unit_id)
    try:
        data = load_form(PriceForm)
        with transaction():
            unit = units.change_price(actor=current_actor(), unit_id=key, **data)
    except DomainError as error:
        return _form("inventory/price_form.html", queries.get_unit(current_actor(), key), error)
    flash(gettext("The price was changed."))
    return to_vehicle(unit.vehicle_id)


@bp.get("/stock/<unit_id>/move")
@require("stock.move")
def edit_status(unit_id: str):
    unit = queries.get_unit(current_actor(), from_public("unit", unit_id))
    return _move_form(unit)


@bp.post("/stock/<unit_id>/move")
@require("stock.move")
def move_status(unit_id: str):
    key = from_public("unit", unit_id)
    try:
        data = load_form(MoveForm)
        with transaction():
            unit = units.move_status(actor=current_actor(), unit_id=key, **data)
    except DomainError as error:
        return _move_form(queries.get_unit(current_actor(), key), error)
    flash(gettext("The status was changed."))
    return to_vehicle(unit.vehicle_id)


@bp.post("/stock/<unit_id>/delete")
@require("stock.delete")
def delete_unit(unit_id: str):
    key = from_public("unit", unit_id)
    vehicle_id = queries.get_unit(current_actor(), key).vehicle_id
    try:
        data = load_form(VersionForm)
        with transaction():
            units.delete_unit(actor=current_actor(), unit_id=key, **data)
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        return vehicle_page(vehicle_id, error)
    flash(gettext("The unit was deleted."))
    return to_vehicle(vehicle_id)


def _stock_in_form(vehicle_id: str, error: DomainError | None = None, *, values: Any = None) -> Any:
    vehicle = queries.get_vehicle(current_actor(), from_public("veh", vehicle_id))
    return render_form(
        "inventory/unit_form.html",
        error,
        values=values,
        unit=None,
        name=lists.vehicle_name(vehicle),
        vehicle_id=vehicle_id,
        currency=current_tenant().currency,
        stores=store_choices("stock.create"),
        statuses=[(key, text) for key, text in translated(words.STATUS_LABELS) if key in ENTRY],
        conditions=translated(words.CONDITION_LABELS),
    )


def _edit_form(unit: StockUnit, error: DomainError | None = None, *, values: Any = None) -> Any:
    if values is not None:
        values = {
            "stock_number": unit.stock_number,
            "condition": unit.condition,
            "acquired_on": unit.acquired_on,
            "cost": _plain(unit.cost, unit.currency) if may("stock.cost") else "",
        }
    return _form(
        "inventory/unit_form.html", unit, error, values=values, conditions=translated(words.CONDITION_LABELS)
    )


def _move_form(unit: StockUnit, error: DomainError | None = None) -> Any:
    possible = moves_from(StockStatus(unit.status))
    return _form(
        "inventory/move_form.html",
        unit,
        error,
        values={},
        status=gettext(words.STATUS_LABELS[unit.status]),
        statuses=[(status.value, gettext(words.STATUS_LABELS[status])) for status in possible],
        may_close=any(status in CLOSED for status in possible),
    )


def _form(
    template: str, unit: StockUnit, error: DomainError | None = None, *, values: Any = None, **context: Any
) -> Any:
    vehicle = queries.get_vehicle(current_actor(), unit.vehicle_id)
    return render_form(
        template,
        error,
        values=values,
        unit=unit,
        public_id=to_public("unit", unit.id),
        vehicle_id=to_public("veh", vehicle.id),
        name=lists.vehicle_name(vehicle),
        currency=unit.currency,
        version=version_shown(error, unit.version),
        is_stale=isinstance(error, Stale),
        **context,
    )


def _plain(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else plain_amount(amount, currency)
