"""Pages of appraisals: the list, a new one, the walk-round, the figures, and agreeing to them."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.db import current_tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, FieldError, Invalid, NotFound, PermissionDenied
from app.core.guard.permissions import allows, covers
from app.core.http.access import require, sees
from app.core.http.forms import load_form, render_form
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.core.http.timelines import history
from app.core.http.undo import flash_undo
from app.core.money import plain_amount
from app.inventory import errors, lists, queries
from app.inventory.errors import AppraisalMoveNotAllowed
from app.inventory.models import Appraisal
from app.inventory.operations import appraisals, vehicles
from app.inventory.queries import appraisals as asking
from app.inventory.queries import likeness
from app.inventory.rules import appraisals as rules
from app.inventory.rules import words
from app.inventory.schemas.appraisals import (
    ROWS,
    ConditionForm,
    DeclineForm,
    FiguresForm,
    FiguresWithCostForm,
    NewAppraisalForm,
    VersionedForm,
    comparables_of,
    grid_of,
)
from app.inventory.schemas.stock import VersionForm
from app.inventory.views import valued
from app.inventory.views.pages import bp, store_choices, translated, translated_map
from app.tenants import queries as tenants

PAGE, NEW, FIGURES = (
    "inventory/appraisal.html", "inventory/appraisal_new.html", "inventory/appraisal_figures.html",
)  # fmt: skip


@bp.get("/appraisals")
@require("appraisal.see")
def list_appraisals():
    return list_view(lists.APPRAISALS, "inventory/appraisals.html", choices=_choices())


@bp.get("/appraisals/new")
@require("appraisal.create")
def new_appraisal():
    stores = store_choices("appraisal.create")
    values = {"store_id": stores[0][0] if stores else "", "vehicle_id": request.args.get("vehicle", "")}
    return _new_form(values=values)


@bp.post("/appraisals")
@require("appraisal.create")
def create_appraisal():
    try:
        data = load_form(NewAppraisalForm)
        with transaction():
            made = appraisals.create_appraisal(
                actor=current_actor(), vehicle_id=_car(data), store_id=data["store_id"], **_reading(data)
            )
    except DomainError as error:
        return _new_form(error)
    flash(gettext("The appraisal was begun."))
    return _to(made.id)


@bp.get("/appraisals/<appraisal_id>")
@require("appraisal.see")
def show_appraisal(appraisal_id: str):
    return appraisal_page(from_public("apr", appraisal_id))


@bp.post("/appraisals/<appraisal_id>/condition")
@require("appraisal.edit")
def note_condition(appraisal_id: str):
    key = from_public("apr", appraisal_id)
    try:
        data = load_form(ConditionForm)
        with transaction():
            appraisals.edit_appraisal(
                actor=current_actor(), appraisal_id=key, version=data["version"], condition=grid_of(data)
            )
    except DomainError as error:
        return appraisal_page(key, error)
    flash_undo(gettext("The condition was saved."))
    return _to(key)


@bp.get("/appraisals/<appraisal_id>/edit")
@require("appraisal.edit")
def edit_appraisal(appraisal_id: str):
    return _figures_form(asking.get_appraisal(current_actor(), from_public("apr", appraisal_id)))


@bp.post("/appraisals/<appraisal_id>/edit")
@require("appraisal.edit")
def update_appraisal(appraisal_id: str):
    key = from_public("apr", appraisal_id)
    try:
        data = load_form(FiguresWithCostForm if sees("appraisal", "acv") else FiguresForm)
        data["comparables"] = comparables_of(data)
        with transaction():
            appraisals.edit_appraisal(actor=current_actor(), appraisal_id=key, **data)
    except DomainError as error:
        return _figures_form(asking.get_appraisal(current_actor(), key), error)
    flash_undo(gettext("The appraisal was saved."))
    return _to(key)


@bp.post("/appraisals/<appraisal_id>/submit")
@require("appraisal.edit")
def submit_appraisal(appraisal_id: str):
    return _step(appraisal_id, appraisals.submit_appraisal, VersionedForm, gettext("The appraisal was submitted."))


@bp.post("/appraisals/<appraisal_id>/approve")
@require("appraisal.approve")
def approve_appraisal(appraisal_id: str):
    return _step(appraisal_id, appraisals.approve_appraisal, VersionedForm, gettext("The appraisal was approved."))


@bp.post("/appraisals/<appraisal_id>/decline")
@require("appraisal.approve")
def decline_appraisal(appraisal_id: str):
    return _step(appraisal_id, appraisals.decline_appraisal, DeclineForm, gettext("The appraisal was declined."))


@bp.post("/appraisals/<appraisal_id>/delete")
@require("appraisal.delete")
def delete_appraisal(appraisal_id: str):
    key = from_public("apr", appraisal_id)
    try:
        data = load_form(VersionForm)
        with transaction():
            appraisals.delete_appraisal(actor=current_actor(), appraisal_id=key, **data)
    except DomainError as error:
        return appraisal_page(key, error)
    flash(gettext("The appraisal was deleted."))
    return redirect(url_for("inventory.list_appraisals"), 303)


def appraisal_page(key: uuid.UUID, error: DomainError | None = None) -> Any:
    """One appraisal; after `error` with why its button could not do what it says."""
    if isinstance(error, NotFound | PermissionDenied):
        raise error
    actor = current_actor()
    appraisal = asking.get_appraisal(actor, key)
    vehicle, store = queries.get_vehicle(actor, appraisal.vehicle_id), tenants.get_store(appraisal.store_id)
    status = rules.shown_status(
        rules.AppraisalStatus(appraisal.status), appraisal.valid_until, clock.today(store.timezone)
    )

    def allowed(permission: str) -> bool:
        return covers(actor, permission, owner_id=appraisal.appraiser_id, store_id=appraisal.store_id)

    is_decided = status in (rules.AppraisalStatus.APPROVED, rules.AppraisalStatus.DECLINED, rules.EXPIRED)
    return render_form(
        PAGE,
        error,
        appraisal=appraisal,
        public_id=to_public("apr", key),
        vehicle=vehicle,
        vehicle_id=to_public("veh", vehicle.id),
        name=lists.vehicle_name(vehicle),
        store=store,
        status=(status, gettext(words.APPRAISAL_LABELS[status])),
        grid=rules.whole_grid(appraisal.condition),
        summary=rules.summary(appraisal.condition),
        areas=translated_map(words.AREA_LABELS),
        findings=translated(words.FINDING_LABELS),
        walked=_walked(appraisal),
        photos=valued.shown(asking.photos_of(key)),
        others=valued.valuations(actor, appraisal.vehicle_id, without=key),
        acv_seen=sees("appraisal", "acv"),
        history=history(actor, "appraisal", key),
        told={"status": translated_map(words.APPRAISAL_LABELS)},
        may_edit=allowed("appraisal.edit"),
        may_submit=allowed("appraisal.edit") and appraisal.status == rules.AppraisalStatus.DRAFT,
        may_decide=allowed("appraisal.approve"),
        may_delete=allowed("appraisal.delete") and not is_decided,
        people={who: name_of(who) for who in (appraisal.appraiser_id, appraisal.decided_by, appraisal.valued_by)},
    )


def name_of(user_id: uuid.UUID | None) -> str:
    """What somebody is called; nothing for nobody."""
    return "" if user_id is None else tenants.get_user_name(user_id)


def _walked(appraisal: Appraisal) -> list[tuple[str, str]]:
    """The walk-round in words, for whoever may not change it."""
    findings, areas = translated_map(words.FINDING_LABELS), translated_map(words.AREA_LABELS)
    cells = rules.whole_grid(appraisal.condition).items()
    return [(areas[area], " · ".join(filter(None, (findings[cell["finding"]], cell["note"])))) for area, cell in cells]


def _choices() -> dict[str, list[tuple[str, str]]]:
    stores = tenants.list_open_stores(current_actor(), "appraisal.see")
    return {"store": [(to_public("store", store.id), store.name) for store in stores]}


def _to(key: uuid.UUID) -> Response:
    return redirect(url_for("inventory.show_appraisal", appraisal_id=to_public("apr", key)), 303)


def _step(appraisal_id: str, operation: Any, form: Any, said: str) -> Any:
    key = from_public("apr", appraisal_id)
    try:
        data = load_form(form)
        with transaction():
            operation(actor=current_actor(), appraisal_id=key, **data)
    except DomainError as error:
        if isinstance(error, AppraisalMoveNotAllowed):
            error.params = {name: gettext(words.APPRAISAL_LABELS[value]) for name, value in error.params.items()}
        return appraisal_page(key, error)
    flash(said)
    return _to(key)


def _car(data: dict[str, Any]) -> uuid.UUID:
    """The car that is meant: the one chosen, the one known by VIN or plate, or a new one."""
    actor = current_actor()
    if data["vehicle_id"]:
        return from_public("veh", data["vehicle_id"])
    known = queries.find_vehicle_by_vin(actor, data["vin"] or "")
    known = known or asking.find_vehicle_by_plate(actor, data["plate"] or "")
    if known is not None:
        return known.id
    if not data["vin"] and not data["plate"]:
        raise Invalid([FieldError("vin", "required", errors.VIN_OR_PLATE)])
    decoded = likeness.decode(data["vin"]) if data["vin"] and not data["make"] else None
    fields = {name: data[name] for name in ("vin", "vin_override_reason", "plate", "model_year")}
    make = data["make"] or (decoded.make if decoded else None) or ""
    return vehicles.add_vehicle(actor=actor, make=make, model=data["model"] or "", **fields).id


def _reading(data: dict[str, Any]) -> dict[str, Any]:
    if data["odometer"] is None:
        return {}
    return {name: data[name] for name in ("odometer", "odometer_unit", "odometer_reason")}


def _new_form(error: DomainError | None = None, *, values: Any = None) -> Any:
    chosen = request.form.get("vehicle_id") or (values or {}).get("vehicle_id")
    vehicle = queries.get_vehicle(current_actor(), from_public("veh", chosen)) if chosen else None
    return render_form(
        NEW,
        error,
        values={"odometer_unit": "mi" if current_tenant().country == "US" else "km", **(values or {})},
        vehicle=vehicle,
        name=lists.vehicle_name(vehicle) if vehicle else None,
        stores=store_choices("appraisal.create"),
        units=translated(words.ODOMETER_UNIT_LABELS),
        may_add=allows(current_actor(), "vehicle.create"),
    )


def _figures_form(appraisal: Appraisal, error: DomainError | None = None) -> Any:
    names = ("odometer", "odometer_unit", "valid_until", "note", "version")
    values = {name: getattr(appraisal, name) for name in names}
    values["odometer_unit"] = values["odometer_unit"] or ("mi" if current_tenant().country == "US" else "km")
    for name in ("acv", "recon_estimate"):
        amount = getattr(appraisal, name)
        values[name] = "" if amount is None else plain_amount(amount, appraisal.currency)
    for place, row in zip(ROWS, appraisal.comparables, strict=False):
        values |= {f"{name}_{place}": row[name] or "" for name in ("source", "amount", "on", "link")}
        values[f"about_{place}"] = row["note"] or ""
    vehicle = queries.get_vehicle(current_actor(), appraisal.vehicle_id)
    used = max(len(appraisal.comparables), 1)
    return render_form(
        FIGURES,
        error,
        values=values,
        appraisal=appraisal,
        public_id=to_public("apr", appraisal.id),
        name=lists.vehicle_name(vehicle),
        units=translated(words.ODOMETER_UNIT_LABELS),
        rows=list(ROWS)[: min(used + 2, len(ROWS))],
        acv_seen=sees("appraisal", "acv"),
    )
