"""Pages of what is done with a lead: taken, assigned, moved, lost, answered; and how a store answers its leads."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, NotFound, PermissionDenied
from app.core.guard.permissions import check
from app.core.http.access import require
from app.core.http.forms import load_form, render_form
from app.core.http.problems import wants_json
from app.core.http.sessions import current_actor, own_path
from app.core.http.undo import flash_undo
from app.crm.errors import LeadMoveNotAllowed
from app.crm.operations import activities, pipeline, rotating
from app.crm.queries import leads as lead_queries
from app.crm.rules.leads import LEAD_STATUS_LABELS, LOST_LABELS
from app.crm.rules.waiting import DAYS
from app.crm.schemas.customers import ActivityForm
from app.crm.schemas.leads import AssignForm, LoseForm, MoveLeadForm, RulesForm, TakeForm
from app.crm.views.activities import instant_at
from app.crm.views.lead_pages import find_customer, lead_page, to_lead
from app.crm.views.pages import bp, translated
from app.tenants import queries as tenants

ASSIGN, LOSE, RULES = "crm/lead_assign.html", "crm/lead_lose.html", "crm/lead_rules.html"


@bp.post("/leads/<lead_id>/take")
@require("lead.take")
def take_lead(lead_id: str):
    """One press: it is mine, and the line to log the call in is open below."""
    key = from_public("lead", lead_id)
    try:
        data = load_form(TakeForm)
        with transaction():
            pipeline.take_lead(actor=current_actor(), lead_id=key, **data)
    except DomainError as error:
        return lead_page(key, error)
    flash_undo(gettext("The lead is yours."))
    return redirect(f"{to_lead(key).location}#f-body", 303)


@bp.get("/leads/<lead_id>/assign")
@require("lead.assign")
def edit_assignee(lead_id: str):
    return _assign_form(from_public("lead", lead_id))


@bp.post("/leads/<lead_id>/assign")
@require("lead.assign")
def assign_lead(lead_id: str):
    key = from_public("lead", lead_id)
    try:
        data = load_form(AssignForm)
        with transaction():
            lead = pipeline.assign_lead(actor=current_actor(), lead_id=key, **data)
    except DomainError as error:
        return _assign_form(key, error)
    name = tenants.get_user_name(lead.assignee_id) if lead.assignee_id else ""
    flash_undo(gettext("The lead is now: %(name)s.", name=name))
    return to_lead(key)


@bp.post("/leads/<lead_id>/move")
@require("lead.edit")
def move_lead(lead_id: str):
    """A card of the board, or a button on the lead's page, which says where to go back to."""
    key, back = from_public("lead", lead_id), request.args.get("next")
    try:
        data = load_form(MoveLeadForm)
        with transaction():
            lead = pipeline.move_lead(actor=current_actor(), lead_id=key, **data)
    except DomainError as error:
        if isinstance(error, LeadMoveNotAllowed):
            error.params = {name: gettext(LEAD_STATUS_LABELS[value]) for name, value in error.params.items()}
        # A board wants the reason in words, and puts the card back.
        if wants_json():
            raise
        return lead_page(key, error)
    moved = gettext("The lead is now: %(name)s.", name=gettext(LEAD_STATUS_LABELS[lead.status]))
    flash_undo(moved)
    if wants_json():
        return {"detail": moved}
    return redirect(own_path(back), 303) if back else to_lead(key)


@bp.get("/leads/<lead_id>/lose")
@require("lead.edit")
def edit_loss(lead_id: str):
    return _loss_form(from_public("lead", lead_id))


@bp.post("/leads/<lead_id>/lose")
@require("lead.edit")
def lose_lead(lead_id: str):
    key = from_public("lead", lead_id)
    try:
        data = load_form(LoseForm)
        with transaction():
            pipeline.lose_lead(actor=current_actor(), lead_id=key, **data)
    except DomainError as error:
        return _loss_form(key, error)
    flash_undo(gettext("The lead is lost."))
    return to_lead(key)


@bp.post("/leads/<lead_id>/log")
@require("activity.create")
def log_for_lead(lead_id: str):
    """What was done with the lead's customer: the first attempt of a person stops the clock."""
    key, actor = from_public("lead", lead_id), current_actor()
    lead = lead_queries.get_lead(actor, key)
    customer = find_customer(actor, lead.customer_id)
    if customer is None:
        raise NotFound
    try:
        data = load_form(ActivityForm)
        if data["at"]:
            data["at"] = instant_at(data["at"], customer.store_id)
        with transaction():
            activities.log_activity(actor=actor, customer_id=customer.id, **data)
    except DomainError as error:
        return lead_page(key, error)
    return to_lead(key)


@bp.get("/leads/rules")
@require("lead.setup")
def show_lead_rules():
    """The rules of one store after the other; the address says which."""
    stores = tenants.list_open_stores(current_actor(), "lead.setup")
    if not stores:
        raise NotFound
    asked = request.args.get("store")
    wanted = from_public("store", asked) if asked else stores[0].id
    return _rules_form(wanted)


@bp.post("/leads/rules/<store_id>")
@require("lead.setup")
def set_lead_rules(store_id: str):
    key = from_public("store", store_id)
    _reached(key)
    try:
        data = load_form(RulesForm)
        days = {day: data.pop(day) for day in DAYS}
        hours = {day: span for day, span in days.items() if span}
        with transaction():
            rotating.set_lead_rules(actor=current_actor(), store_id=key, hours=hours or None, **data)
    except DomainError as error:
        return _rules_form(key, error)
    flash(gettext("The rules were saved."))
    return redirect(url_for("crm.show_lead_rules", store=store_id), 303)


def _assign_form(lead_id: uuid.UUID, error: DomainError | None = None) -> Any:
    lead = lead_queries.get_lead(current_actor(), lead_id)
    check(current_actor(), "lead.assign", owner_id=lead.assignee_id, store_id=lead.store_id)
    return render_form(
        ASSIGN, error, values={"assignee_id": lead.assignee_id or ""}, lead=lead, back_url=to_lead(lead.id).location,
        public_id=to_public("lead", lead.id), people=lead_queries.assignable(lead.store_id),
    )  # fmt: skip


def _loss_form(lead_id: uuid.UUID, error: DomainError | None = None) -> Any:
    lead = lead_queries.get_lead(current_actor(), lead_id)
    check(current_actor(), "lead.edit", owner_id=lead.assignee_id, store_id=lead.store_id)
    return render_form(
        LOSE, error, lead=lead, back_url=to_lead(lead.id).location, public_id=to_public("lead", lead.id),
        reasons=translated(LOST_LABELS),
    )  # fmt: skip


def _reached(store_id: uuid.UUID) -> None:
    """Raise NotFound where the visitor has no rules to set."""
    try:
        check(current_actor(), "lead.setup", store_id=store_id)
    except PermissionDenied as error:
        raise NotFound from error
    tenants.get_store(store_id)


def _rules_form(store_id: uuid.UUID, error: DomainError | None = None) -> Any:
    _reached(store_id)
    rules = lead_queries.answering_of(store_id, members=True)
    hours = rules.hours or {}
    values = {
        "target_minutes": int(rules.target.total_seconds() // 60),
        "reassign_minutes": int(rules.reassign.total_seconds() // 60) if rules.reassign else "",
        "most_open": rules.most_open or "",
        "member_ids": [str(key) for key in rules.members],
        "away_ids": [str(key) for key, away in rules.members.items() if away],
        **{day: f"{opens:%H:%M}-{closes:%H:%M}" for day, (opens, closes) in hours.items()},
    }
    stores = tenants.list_open_stores(current_actor(), "lead.setup")
    names = (
        gettext("Monday"), gettext("Tuesday"), gettext("Wednesday"), gettext("Thursday"), gettext("Friday"),
        gettext("Saturday"), gettext("Sunday"),
    )  # fmt: skip
    return render_form(
        RULES, error, values=values, rules=rules, public_id=to_public("store", store_id),
        store=tenants.get_store(store_id), people=lead_queries.assignable(store_id),
        stores=[(to_public("store", store.id), store.name) for store in stores],
        days=list(zip(DAYS, names, strict=True)),
    )  # fmt: skip
