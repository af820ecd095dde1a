"""Pages of vehicles: the list, one vehicle, adding by VIN, correcting, deleting, and the odometer."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext

from app.core.db import current_tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, NotFound, PermissionDenied
from app.core.http.access import require
from app.core.http.edits import Opened, flash_saved, render_edit, save_edit
from app.core.http.forms import load_form, render_form
from app.core.http.lists import filter_view, list_view
from app.core.http.sessions import current_actor
from app.core.http.undo import flash_undo
from app.inventory import lists, queries
from app.inventory.models import Vehicle
from app.inventory.operations import odometers, removal, vehicles
from app.inventory.queries import likeness
from app.inventory.rules import vin as vins
from app.inventory.rules import words
from app.inventory.schemas.stock import EditedVehicleForm, NewVehicleForm, OdometerForm, VersionForm, VinForm
from app.inventory.views.pages import bp, list_choices, to_vehicle, translated, vehicle_page

FORM = "inventory/vehicle_form.html"


@bp.get("/vehicles/all")
@require("vehicle.see")
def list_vehicles():
    return list_view(lists.VEHICLES, "inventory/vehicles.html", choices=list_choices())


@bp.post("/vehicles/all/filter")
@require("vehicle.see")
def filter_vehicles():
    return filter_view(lists.VEHICLES, "inventory/vehicles.html", choices=list_choices())


@bp.get("/vehicles/new")
@require("vehicle.create")
def new_vehicle():
    return render_form("inventory/vehicle_new.html")


@bp.post("/vehicles/new")
@require("vehicle.create")
def decode_vin():
    try:
        text = load_form(VinForm)["vin"] or ""
    except DomainError as error:
        return render_form("inventory/vehicle_new.html", error)
    known = queries.find_vehicle_by_vin(current_actor(), text)
    if known is not None:
        flash(gettext("This vehicle is known already."))
        return to_vehicle(known.id)
    decoded, like = _decode(text), likeness.model_like(current_actor(), text)
    values = {"vin": text, "odometer_unit": _usual_unit()}
    if decoded is not None:
        make = like.make if like else decoded.make
        values |= {
            "make": make or "", "model": like.model if like else "", "model_year": decoded.likely_year or "",
        }  # fmt: skip
    return _vehicle_form(None, decoded=decoded, values=values, like=like)


@bp.post("/vehicles/vin")
@require("vehicle.create")
def read_vin():
    """The lines below the field of the short form; nothing is said of what cannot be a whole number yet."""
    try:
        text = load_form(VinForm)["vin"] or ""
    except DomainError:
        text = ""
    if len(vins.normalise(text)) < vins.LENGTH:
        return render_template("inventory/_vin.html")
    actor = current_actor()
    vehicle = queries.find_vehicle_by_vin(actor, text)
    if vehicle is not None:
        url = url_for("inventory.show_vehicle", vehicle_id=to_public("veh", vehicle.id))
        return render_template("inventory/_vin.html", known={"name": lists.vehicle_name(vehicle), "url": url})
    return render_template("inventory/_vin.html", told=_told(text, likeness.model_like(actor, text)))


@bp.post("/vehicles")
@require("vehicle.create")
def create_vehicle():
    data: dict[str, Any] = {}
    try:
        data = load_form(NewVehicleForm)
        with transaction():
            vehicle = vehicles.add_vehicle(actor=current_actor(), **data)
    except DomainError as error:
        return _vehicle_form(None, error, decoded=_decode(data.get("vin") or ""))
    flash(gettext("The vehicle was added."))
    return to_vehicle(vehicle.id)


@bp.get("/vehicles/<vehicle_id>")
@require("vehicle.see")
def show_vehicle(vehicle_id: str):
    return vehicle_page(from_public("veh", vehicle_id))


@bp.get("/vehicles/<vehicle_id>/edit")
@require("vehicle.edit")
def edit_vehicle(vehicle_id: str):
    return _vehicle_form(queries.get_vehicle(current_actor(), from_public("veh", vehicle_id)))


@bp.post("/vehicles/<vehicle_id>/edit")
@require("vehicle.edit")
def update_vehicle(vehicle_id: str):
    key = from_public("veh", vehicle_id)
    try:
        saved = save_edit(
            lambda: _opened(queries.get_vehicle(current_actor(), key)),
            lambda data: vehicles.edit_vehicle(actor=current_actor(), vehicle_id=key, **data),
        )
    except DomainError as error:
        return _vehicle_form(queries.get_vehicle(current_actor(), key), error)
    flash_undo(gettext("The vehicle was saved."))
    flash_saved(saved, FORM)
    return to_vehicle(key)


@bp.post("/vehicles/<vehicle_id>/delete")
@require("vehicle.delete")
def delete_vehicle(vehicle_id: str):
    key = from_public("veh", vehicle_id)
    try:
        data = load_form(VersionForm)
        with transaction():
            removal.delete_vehicle(actor=current_actor(), vehicle_id=key, **data)
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        return vehicle_page(key, error)
    flash_undo(gettext("The vehicle was deleted."))
    return _to_list()


@bp.get("/vehicles/<vehicle_id>/odometer")
@require("vehicle.edit")
def new_reading(vehicle_id: str):
    vehicle = queries.get_vehicle(current_actor(), from_public("veh", vehicle_id))
    return _odometer_form(vehicle, values={"unit": vehicle.odometer_unit or _usual_unit()})


@bp.post("/vehicles/<vehicle_id>/odometer")
@require("vehicle.edit")
def record_odometer(vehicle_id: str):
    key = from_public("veh", vehicle_id)
    try:
        data = load_form(OdometerForm)
        with transaction():
            odometers.record_odometer(actor=current_actor(), vehicle_id=key, **data)
    except DomainError as error:
        return _odometer_form(queries.get_vehicle(current_actor(), key), error)
    flash(gettext("The reading was added."))
    return to_vehicle(key)


_FIELDS = (
    "vin_override_reason",
    "make",
    "model",
    "trim",
    "model_year",
    "body",
    "colour",
    "interior_colour",
    "transmission",
    "fuel",
)


def _opened(vehicle: Vehicle) -> Opened:
    values = {name: getattr(vehicle, name) or "" for name in _FIELDS}
    values |= {"vin": vehicle.vin_raw or "", "plate": queries.plate_of(vehicle) or ""}
    return Opened("vehicle", vehicle.id, vehicle.version, values, EditedVehicleForm)


def _vehicle_form(
    vehicle: Vehicle | None,
    error: DomainError | None = None,
    *,
    decoded: vins.Decoded | None = None,
    values: Any = None,
    like: likeness.Likeness | None = None,
) -> Any:
    opened = _opened(vehicle) if vehicle else None
    make = request.form.get("make") or (opened.values if opened else values or {}).get("make")
    context: dict[str, Any] = {
        "vehicle": vehicle,
        "public_id": to_public("veh", vehicle.id) if vehicle else None,
        "decoded": decoded,
        "like": like,
        "decoded_status": gettext(words.VIN_STATUS_LABELS[decoded.status]) if decoded else None,
        "units": translated(words.ODOMETER_UNIT_LABELS),
        "states": translated(words.ODOMETER_STATUS_LABELS),
        "makes": queries.list_makes(),
        "models": queries.list_models(make),
    }
    if opened is not None:
        return render_edit(FORM, opened, error, **context)
    return render_form(FORM, error, values=values, **context)


def _odometer_form(vehicle: Vehicle, error: DomainError | None = None, *, values: Any = None) -> Any:
    return render_form(
        "inventory/odometer_form.html",
        error,
        values=values,
        vehicle=vehicle,
        name=lists.vehicle_name(vehicle),
        public_id=to_public("veh", vehicle.id),
        units=translated(words.ODOMETER_UNIT_LABELS),
        states=translated(words.ODOMETER_STATUS_LABELS),
    )


def _told(text: str, like: likeness.Likeness | None) -> dict[str, Any]:
    """What the number says, in words."""
    decoded = likeness.decode(text)
    parts = (decoded.likely_year, like.make if like else decoded.make, like.model if like else None)
    return {
        "name": " ".join(str(part) for part in parts if part),
        "status": gettext(words.VIN_STATUS_LABELS[decoded.status]),
        "suggestions": decoded.suggestions,
    }


def _decode(text: str) -> vins.Decoded | None:
    return likeness.decode(text) if vins.normalise(text) else None


def _usual_unit() -> str:
    """What instruments show in the dealership's country."""
    return "mi" if current_tenant().country in ("US", "GB") else "km"


def _to_list() -> Any:
    return redirect(url_for("inventory.list_units"), 303)
