"""Pages of stock: the list, taking a vehicle in, correcting, pricing and moving a unit."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from flask import flash, redirect, request
from flask_babel import gettext

from app.core import clock
from app.core.db import current_tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, NotFound, PermissionDenied, Stale
from app.core.http.access import require, sees
from app.core.http.edits import Clash, Opened, flash_saved, render_edit, save_edit
from app.core.http.forms import load_form, render_form
from app.core.http.lists import filter_view, list_view
from app.core.http.problems import wants_json
from app.core.http.sessions import current_actor, own_path
from app.core.http.undo import flash_undo
from app.core.money import plain_amount
from app.inventory import lists, queries
from app.inventory.errors import MoveNotAllowed
from app.inventory.models import StockUnit
from app.inventory.operations import removal, units
from app.inventory.rules import words
from app.inventory.rules.stock import CLOSED, ENTRY, StockStatus, moves_from
from app.inventory.schemas.stock import (
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
)

FORM = "inventory/unit_form.html"


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
    return _edit_form(queries.get_unit(current_actor(), from_public("unit", unit_id)))


@bp.post("/stock/<unit_id>/edit")
@require("stock.edit")
def update_unit(unit_id: str):
    key = from_public("unit", unit_id)
    try:
        saved = save_edit(
            lambda: _opened(queries.get_unit(current_actor(), key)),
            lambda data: units.edit_unit(actor=current_actor(), unit_id=key, **data),
        )
    except DomainError as error:
        return _edit_form(queries.get_unit(current_actor(), key), error)
    flash_undo(gettext("The unit was saved."))
    flash_saved(saved, FORM)
    return to_vehicle(saved.result.vehicle_id)


@bp.get("/stock/<unit_id>/price")
@require("stock.price")
def edit_price(unit_id: str):
    return _price_form(queries.get_unit(current_actor(), from_public("unit", unit_id)))


@bp.post("/stock/<unit_id>/price")
@require("stock.price")
def change_price(unit_id: str):
    key = from_public("unit", unit_id)
    try:
        saved = save_edit(
            lambda: _priced(queries.get_unit(current_actor(), key)),
            lambda data: units.change_price(actor=current_actor(), unit_id=key, **data),
        )
    except DomainError as error:
        return _price_form(queries.get_unit(current_actor(), key), error)
    flash_undo(gettext("The price was changed."))
    return to_vehicle(saved.result.vehicle_id)


@bp.get("/stock/<unit_id>/move")
@require("stock.move")
def edit_status(unit_id: str):
    unit = queries.get_unit(current_actor(), from_public("unit", unit_id))
    return _move_form(unit)


@bp.post("/stock/<unit_id>/move")
@require("stock.move")
def move_status(unit_id: str):
    key = from_public("unit", unit_id)
    back = request.args.get("next")
    try:
        saved = save_edit(lambda: _placed(queries.get_unit(current_actor(), key)), lambda data: _move(key, data))
    except DomainError as error:
        if isinstance(error, MoveNotAllowed):
            error.params = {name: gettext(words.STATUS_LABELS[value]) for name, value in error.params.items()}
        # A board wants the reason in words, and has no place to choose; a form shows it where it was sent.
        if wants_json():
            if isinstance(error, Clash):
                raise Stale from error
            raise
        return _move_form(queries.get_unit(current_actor(), key), error)
    unit = saved.result
    moved = gettext("%(number)s is now: %(status)s.", number=unit.stock_number, status=_word(unit.status))
    flash_undo(moved)
    if wants_json():
        return {"detail": moved}
    return redirect(own_path(back), 303) if back else to_vehicle(unit.vehicle_id)


@bp.post("/stock/<unit_id>/delete")
@require("stock.delete")
def delete_unit(unit_id: str):
    key = from_public("unit", unit_id)
    vehicle_id = queries.get_unit(current_actor(), key).vehicle_id
    try:
        data = load_form(VersionForm)
        with transaction():
            removal.delete_unit(actor=current_actor(), unit_id=key, **data)
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        return vehicle_page(vehicle_id, error)
    flash_undo(gettext("The unit was deleted."))
    return to_vehicle(vehicle_id)


def _move(unit_id: uuid.UUID, data: dict[str, Any]) -> StockUnit:
    unit = queries.get_unit(current_actor(), unit_id)
    if unit.status == data["status"]:
        # Somebody else brought it there, or it was chosen that it stays where somebody else brought it.
        return unit
    return units.move_status(actor=current_actor(), unit_id=unit_id, **data)


def _word(status: str) -> str:
    return gettext(words.STATUS_LABELS[status])


def _stock_in_form(vehicle_id: str, error: DomainError | None = None, *, values: Any = None) -> Any:
    vehicle = queries.get_vehicle(current_actor(), from_public("veh", vehicle_id))
    return render_form(
        FORM,
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


def _opened(unit: StockUnit) -> Opened:
    values = {name: getattr(unit, name) for name in ("stock_number", "condition", "acquired_on")}
    # Whoever does not see the cost sends none, and none must not be written over it.
    if not sees("stock_unit", "cost"):
        return Opened("stock_unit", unit.id, unit.version, values, EditedUnitForm)
    values["cost"] = _plain(unit.cost, unit.currency)
    return Opened("stock_unit", unit.id, unit.version, values, EditedUnitWithCostForm)


def _priced(unit: StockUnit) -> Opened:
    values = {"asking_price": _plain(unit.asking_price, unit.currency), "reason": ""}
    return Opened("stock_unit", unit.id, unit.version, values, PriceForm)


def _placed(unit: StockUnit) -> Opened:
    return Opened("stock_unit", unit.id, unit.version, {"status": unit.status, "on": ""}, MoveForm)


def _edit_form(unit: StockUnit, error: DomainError | None = None) -> Any:
    conditions = translated(words.CONDITION_LABELS)
    return render_edit(FORM, _opened(unit), error, conditions=conditions, **_context(unit))


def _price_form(unit: StockUnit, error: DomainError | None = None) -> Any:
    return render_edit("inventory/price_form.html", _priced(unit), error, **_context(unit))


def _move_form(unit: StockUnit, error: DomainError | None = None) -> Any:
    possible = moves_from(StockStatus(unit.status))
    # What two people chose between may be any status: each has its word.
    offered = tuple(StockStatus) if isinstance(error, Clash) else possible
    return render_edit(
        "inventory/move_form.html",
        _placed(unit),
        error,
        status=_word(unit.status),
        statuses=[(status.value, _word(status)) for status in offered],
        may_close=any(status in CLOSED for status in possible),
        **_context(unit),
    )


def _context(unit: StockUnit) -> dict[str, Any]:
    vehicle = queries.get_vehicle(current_actor(), unit.vehicle_id)
    return {
        "unit": unit,
        "public_id": to_public("unit", unit.id),
        "vehicle_id": to_public("veh", vehicle.id),
        "name": lists.vehicle_name(vehicle),
        "currency": unit.currency,
    }


def _plain(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else plain_amount(amount, currency)
