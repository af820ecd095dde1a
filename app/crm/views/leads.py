"""Pages of leads: the list and its board, one lead, taking one in, correcting and deleting."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.errors import DomainError
from app.core.http.access import require
from app.core.http.edits import Opened, flash_saved, render_edit, save_edit
from app.core.http.forms import load_form, render_form, typed
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.core.http.undo import flash_undo
from app.crm import queries
from app.crm.lists import LEADS
from app.crm.models import Lead
from app.crm.operations import contacts, customers, leads
from app.crm.queries import leads as lead_queries
from app.crm.rules.leads import CHANNEL_LABELS, SOURCE_LABELS, LeadChannel
from app.crm.schemas.leads import EditedLeadForm, NewLeadForm, QuickLeadForm, TakeForm
from app.crm.views.customers import fresh_values
from app.crm.views.lead_pages import customer_url, lead_choices, lead_page, to_lead, unit_choices
from app.crm.views.pages import bp, translated

FORM, QUICK = "crm/lead_form.html", "crm/lead_quick.html"


@bp.get("/leads")
@require("lead.see")
def list_leads():
    return list_view(LEADS, "crm/leads.html", choices=lead_choices())


@bp.get("/pipeline")
@require("lead.see")
def show_pipeline():
    """The open leads as a board; its conditions stand in the list's own address."""
    return redirect(url_for("crm.list_leads", layout="board"))


@bp.get("/leads/quick")
@require("lead.create")
def quick_lead():
    return render_form(QUICK, values={"channel": LeadChannel.PHONE.value}, channels=translated(CHANNEL_LABELS))


@bp.post("/leads/quick")
@require("lead.create")
def create_quick_lead():
    try:
        data = load_form(QuickLeadForm)
        with transaction():
            lead = _from_scratch(data)
    except DomainError as error:
        return render_form(QUICK, error, channels=translated(CHANNEL_LABELS))
    flash(gettext("The lead was taken in."))
    return to_lead(lead.id)


@bp.get("/leads/new")
@require("lead.create")
def new_lead():
    """A link from a customer's page brings his id along; without one somebody new is asked for."""
    asked = request.args.get("customer")
    if not asked:
        return redirect(url_for("crm.quick_lead"))
    unit = from_public("unit", request.args["unit"]) if request.args.get("unit") else ""
    return _new_form(from_public("cus", asked), values={"channel": LeadChannel.PHONE.value, "stock_unit_id": unit})


@bp.post("/leads")
@require("lead.create")
def create_lead():
    if _is_search():
        return _new_form(_customer_typed(), values=typed())
    try:
        data = load_form(NewLeadForm)
        data.pop("unit_search")
        with transaction():
            lead = leads.create_lead(actor=current_actor(), **data)
    except DomainError as error:
        return _new_form(_customer_typed(), error)
    flash(gettext("The lead was taken in."))
    return to_lead(lead.id)


@bp.get("/leads/<lead_id>")
@require("lead.see")
def show_lead(lead_id: str):
    return lead_page(from_public("lead", lead_id))


@bp.get("/leads/<lead_id>/edit")
@require("lead.edit")
def edit_lead(lead_id: str):
    return _edit_form(from_public("lead", lead_id))


@bp.post("/leads/<lead_id>/edit")
@require("lead.edit")
def update_lead(lead_id: str):
    key = from_public("lead", lead_id)
    if _is_search():
        return _edit_form(key, values=typed())

    def save(data: dict[str, Any]) -> Lead:
        data.pop("unit_search")
        return leads.edit_lead(actor=current_actor(), lead_id=key, **data)

    try:
        saved = save_edit(lambda: _opened(lead_queries.get_lead(current_actor(), key)), save)
    except DomainError as error:
        return _edit_form(key, error)
    flash_undo(gettext("The lead was saved."))
    flash_saved(saved, FORM)
    return to_lead(key)


@bp.post("/leads/<lead_id>/delete")
@require("lead.delete")
def delete_lead(lead_id: str):
    key = from_public("lead", lead_id)
    try:
        data = load_form(TakeForm)
        with transaction():
            leads.delete_lead(actor=current_actor(), lead_id=key, **data)
    except DomainError as error:
        return lead_page(key, error)
    flash_undo(gettext("The lead was deleted."))
    return redirect(url_for("crm.list_leads"), 303)


def _from_scratch(data: dict[str, Any]) -> Lead:
    """A customer and what he asks for; it is whose job it was to talk to him, or who is in turn for the others."""
    actor, fresh, channel = current_actor(), fresh_values(), LeadChannel(data["channel"])
    entries = [contacts.ContactInput("phone", data["phone"])] if data["phone"] else []
    customer = customers.create_customer(
        actor=actor, kind="individual", name=data["name"], store_id=fresh["store_id"], owner_id=fresh["owner_id"],
        contact_points=entries,
    )  # fmt: skip
    here = channel in (LeadChannel.PHONE, LeadChannel.WALK_IN)
    return leads.create_lead(
        actor=actor, customer_id=customer.id, channel=channel.value, wanted=data["wanted"],
        assignee_id=actor.user_id if here else None,
    )  # fmt: skip


def _is_search() -> bool:
    """Whether the form was sent to find a car: by the button, or by Enter in the search field."""
    form = request.form
    return "search" in form or bool(form.get("unit_search") and not form.get("stock_unit_id"))


def _customer_typed() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.form.get("customer_id", ""))
    except ValueError:
        return None


def _new_form(customer_id: uuid.UUID | None, error: DomainError | None = None, *, values: Any = None) -> Any:
    customer = queries.get_customer(current_actor(), customer_id) if customer_id else None
    # Whoever knows nobody to ask for begins with him.
    if customer is None:
        return redirect(url_for("crm.quick_lead"), 303)
    units, values = _with_units(values if values is not None else typed(), chooses=error is None)
    return render_form(
        FORM, error, values=values, lead=None, customer=customer, back_url=customer_url(customer.id),
        people=lead_queries.assignable(customer.store_id), **_choices(units),
    )  # fmt: skip


def _edit_form(lead_id: uuid.UUID, error: DomainError | None = None, *, values: Any = None) -> Any:
    lead = lead_queries.get_lead(current_actor(), lead_id)
    opened = _opened(lead)
    units, shown = _with_units(values or opened.values, chooses=values is not None)
    context = {"lead": lead, "customer": None, "back_url": to_lead(lead.id).location, **_choices(units)}
    if values is not None:
        opened = Opened("lead", lead.id, lead.version, shown, EditedLeadForm)
    return render_edit(FORM, opened, error, **context)


def _with_units(values: Any, *, chooses: bool) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """The cars a form offers, the first of those that were searched for chosen; and the form's values."""
    units, shown = unit_choices(values), dict(values)
    if chooses:
        shown["unit_search"] = ""
        if units and not shown.get("stock_unit_id"):
            shown["stock_unit_id"] = units[0][0]
    return units, shown


def _choices(units: list[tuple[str, str]]) -> dict[str, Any]:
    return {"channels": translated(CHANNEL_LABELS), "sources": translated(SOURCE_LABELS), "units": units}


def _opened(lead: Lead) -> Opened:
    names = ("channel", "source", "source_detail", "stock_unit_id", "wanted")
    values = {name: getattr(lead, name) or "" for name in names}
    return Opened("lead", lead.id, lead.version, values, EditedLeadForm)
