"""Pages of test drives: the list, one drive with its Out and Back, and planning one by customer and slot."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, NotFound, PermissionDenied
from app.core.guard.permissions import covers
from app.core.http.access import require, sees
from app.core.http.edits import Opened, flash_saved, render_edit, save_edit
from app.core.http.forms import load_form, render_form
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.crm import queries
from app.crm.lists import TEST_DRIVES
from app.crm.models import TestDrive
from app.crm.operations import test_drives
from app.crm.queries.leads import assignable, leads_of_customer
from app.crm.queries.test_drives import get_test_drive, likely_drivers, sees_licence_numbers
from app.crm.rules.customers import fold_name
from app.crm.rules.test_drives import DRIVE_LABELS, state_of
from app.crm.schemas.customers import LOCAL_TIME, VersionForm
from app.crm.schemas.test_drives import BackForm, EditedTestDriveForm, LicenceForm, NewTestDriveForm, OutForm
from app.crm.views.activities import instant_at, local_time
from app.crm.views.lead_pages import customer_url, find_customer, find_unit, lead_choices, unit_choices, unit_name
from app.crm.views.pages import bp
from app.inventory import queries as inventory
from app.tenants import queries as tenants

FORM, NEW, PAGE = "crm/test_drive_form.html", "crm/test_drive_new.html", "crm/test_drive.html"
# One press each: now, and the next half hours.
SLOTS = 8


@bp.get("/test-drives")
@require("test_drive.see")
def list_test_drives():
    choices = lead_choices("test_drive.see")
    return list_view(
        TEST_DRIVES, "crm/test_drives.html", choices={"store": choices["store"], "salesperson": choices["assignee"]}
    )


@bp.get("/test-drives/new")
@require("test_drive.create")
def new_test_drive():
    """A link from a vehicle's or a lead's page brings its ids along; what is missing is asked for, one thing a page."""
    return _new(request.args.get("unit"), request.args.get("customer"), request.args.get("lead"))


@bp.post("/test-drives/new")
@require("test_drive.create")
def search_for_test_drive():
    """Somebody's name does not stand in an address."""
    form = request.form
    return _new(form.get("unit"), form.get("customer"), form.get("lead"))


@bp.post("/test-drives")
@require("test_drive.create")
def create_test_drive():
    actor, form = current_actor(), request.form
    try:
        data = load_form(NewTestDriveForm)
        unit = inventory.unit_info(actor, data["stock_unit_id"])
        data["planned_at"] = instant_at(data["planned_at"], unit.store_id)
        if data["lead_id"] is None:
            # The customer's open enquiry is what the drive is about.
            data["lead_id"] = next(
                (lead.id for lead in leads_of_customer(actor, data["customer_id"], only_open=True)), None
            )
        with transaction():
            drive = test_drives.plan_test_drive(actor=actor, **data)
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        asked = [
            _public(prefix, form.get(name))
            for prefix, name in (("unit", "stock_unit_id"), ("cus", "customer_id"), ("lead", "lead_id"))
        ]
        return _new(*asked, error=error)
    flash(gettext("The test drive was planned."))
    return _to_drive(drive.id)


@bp.get("/test-drives/<test_drive_id>")
@require("test_drive.see")
def show_test_drive(test_drive_id: str):
    return _page(from_public("tdr", test_drive_id))


@bp.get("/test-drives/<test_drive_id>/edit")
@require("test_drive.edit")
def edit_test_drive(test_drive_id: str):
    return _form(from_public("tdr", test_drive_id))


@bp.post("/test-drives/<test_drive_id>/edit")
@require("test_drive.edit")
def update_test_drive(test_drive_id: str):
    key = from_public("tdr", test_drive_id)

    def save(data: dict[str, Any]) -> TestDrive:
        drive = get_test_drive(current_actor(), key)
        # The field shows minutes; leaving it alone must not cut the seconds off.
        same = data["planned_at"].strftime(LOCAL_TIME) == local_time(drive.planned_at, drive.store_id)
        data["planned_at"] = drive.planned_at if same else instant_at(data["planned_at"], drive.store_id)
        return test_drives.edit_test_drive(actor=current_actor(), test_drive_id=key, **data)

    try:
        saved = save_edit(lambda: _opened(get_test_drive(current_actor(), key)), save)
    except DomainError as error:
        return _form(key, error)
    flash(gettext("The test drive was saved."))
    flash_saved(saved, FORM)
    return _to_drive(key)


@bp.post("/test-drives/<test_drive_id>/licence")
@require("test_drive.edit")
def check_licence(test_drive_id: str):
    return _done(test_drive_id, LicenceForm, test_drives.check_licence, gettext("The licence was seen."))


@bp.post("/test-drives/<test_drive_id>/out")
@require("test_drive.edit")
def go_out(test_drive_id: str):
    return _done(test_drive_id, OutForm, test_drives.go_out, gettext("Out."))


@bp.post("/test-drives/<test_drive_id>/back")
@require("test_drive.edit")
def come_back(test_drive_id: str):
    return _done(test_drive_id, BackForm, test_drives.come_back, gettext("Back."))


@bp.post("/test-drives/<test_drive_id>/cancel")
@require("test_drive.edit")
def cancel_test_drive(test_drive_id: str):
    said = gettext("The test drive was called off.")
    return _done(test_drive_id, VersionForm, test_drives.cancel_test_drive, said)


def _done(test_drive_id: str, form: type, operation: Callable[..., TestDrive], said: str) -> Any:
    key = from_public("tdr", test_drive_id)
    try:
        data = load_form(form)
        with transaction():
            operation(actor=current_actor(), test_drive_id=key, **data)
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        return _page(key, error)
    flash(said)
    return _to_drive(key)


def _new(unit: str | None, customer: str | None, lead: str | None, error: DomainError | None = None) -> Any:
    actor, form = current_actor(), request.form
    chosen = find_unit(actor, from_public("unit", unit)) if unit else None
    person = queries.get_customer(actor, from_public("cus", customer)) if customer else None
    if unit and chosen is None:
        raise NotFound

    def step(**known: str | None) -> str:
        asked: dict[str, Any] = {"unit": unit, "customer": customer, "lead": lead, **known}
        return url_for("crm.new_test_drive", **asked)

    people: list[tuple[uuid.UUID, str]] = []
    text = fold_name(form.get("customer_search", ""))
    if chosen is not None and person is None:
        found = [(row.id, row.name) for row in queries.search_customers(actor, text)] if text else None
        people = likely_drivers(actor, chosen.unit_id) if found is None else found
    units = unit_choices({"unit_search": form.get("unit_search")}, sold=False) if chosen is None else []
    return render_form(
        NEW,
        error,
        unit=chosen,
        unit_id=unit,
        name=unit_name(chosen) if chosen else None,
        customer=person,
        customer_id=customer,
        lead_id=lead,
        lead_key=from_public("lead", lead) if lead else None,
        searched=bool(text or form.get("unit_search")),
        people=[(label, step(customer=to_public("cus", key))) for key, label in people],
        units=[(label, step(unit=to_public("unit", uuid.UUID(key)))) for key, label in units],
        slots=_slots(chosen.store_id) if chosen else [],
    )


def _slots(store_id: uuid.UUID) -> list[tuple[str, str]]:
    """Now and the next half hours on the wall of the store: what is sent, and what is read."""
    zone = ZoneInfo(tenants.get_store(store_id).timezone)
    now = clock.now().astimezone(zone)
    half = timedelta(minutes=30)
    first = now.replace(minute=0, second=0, microsecond=0)
    times: list[datetime] = [first + n * half for n in range(SLOTS + 2)]
    later = [at for at in times if at > now][: SLOTS - 1]
    return [(now.strftime(LOCAL_TIME), gettext("Now")), *((at.strftime(LOCAL_TIME), f"{at:%H:%M}") for at in later)]


def _page(test_drive_id: uuid.UUID, error: DomainError | None = None) -> Any:
    actor = current_actor()
    drive = get_test_drive(actor, test_drive_id)
    unit, customer = find_unit(actor, drive.stock_unit_id), find_customer(actor, drive.customer_id)
    state = state_of(drive.out_at, drive.back_at, drive.cancelled_at)
    return render_form(
        PAGE,
        error,
        drive=drive,
        public_id=to_public("tdr", drive.id),
        state=state.value,
        state_word=gettext(DRIVE_LABELS[state]),
        customer=customer,
        customer_url=customer_url(customer.id) if customer else None,
        lead_url=url_for("crm.show_lead", lead_id=to_public("lead", drive.lead_id)) if drive.lead_id else None,
        unit=unit,
        unit_name=unit_name(unit) if unit else None,
        vehicle_url=url_for("inventory.show_vehicle", vehicle_id=to_public("veh", unit.vehicle_id)) if unit else None,
        store=tenants.get_store(drive.store_id),
        salesperson=tenants.get_user_name(drive.salesperson_id) if drive.salesperson_id else None,
        checked_by=tenants.get_user_name(drive.licence_checked_by) if drive.licence_checked_by else None,
        licence_number=drive.licence_number_masked if sees_licence_numbers(actor) else None,
        sees_number=sees("test_drive", "licence_number"),
        may_edit=covers(actor, "test_drive.edit", owner_id=drive.salesperson_id, store_id=drive.store_id),
    )


def _opened(drive: TestDrive) -> Opened:
    values = {"note": drive.note, "salesperson_id": drive.salesperson_id or ""}
    values["planned_at"] = local_time(drive.planned_at, drive.store_id)
    return Opened("test_drive", drive.id, drive.version, values, EditedTestDriveForm)


def _form(test_drive_id: uuid.UUID, error: DomainError | None = None) -> Any:
    drive = get_test_drive(current_actor(), test_drive_id)
    public_id = to_public("tdr", drive.id)
    return render_edit(
        FORM, _opened(drive), error, public_id=public_id, people=assignable(drive.store_id),
        back_url=url_for("crm.show_test_drive", test_drive_id=public_id),
    )  # fmt: skip


def _to_drive(test_drive_id: uuid.UUID) -> Response:
    return redirect(url_for("crm.show_test_drive", test_drive_id=to_public("tdr", test_drive_id)), 303)


def _public(prefix: str, text: str | None) -> str | None:
    try:
        return to_public(prefix, uuid.UUID(text)) if text else None
    except ValueError:
        return None
