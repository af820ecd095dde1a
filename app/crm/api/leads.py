"""Leads over the API: taken in and corrected as every record, and moved along by verbs of their own."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from sqlalchemy import Select

from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    acted,
    acts,
    answer_batch,
    answer_list,
    answer_one,
    batches,
    created,
    creates,
    delete_record,
    deletes,
    lists,
    load_body,
    patch_record,
    patches,
    refer,
    shows,
)
from app.core.http.api.expansions import in_row, part_of_row
from app.core.http.sessions import current_actor
from app.crm import queries
from app.crm.api.lead_shapes import (
    EditedLead,
    LeadAssignment,
    LeadLoss,
    LeadMove,
    LeadSchema,
    NewLead,
    WantedVehicleSchema,
)
from app.crm.errors import LeadMoveNotAllowed
from app.crm.lists import LEADS
from app.crm.models import Lead
from app.crm.operations import leads, pipeline
from app.crm.rules.leads import LEAD_STATUS_LABELS
from app.tenants import queries as tenants

bp = ApiBlueprint("leads", "Enquiries, how long they wait for an answer, and how far they have come.")

EXAMPLE = {"customer_id": "cus_…", "channel": "web", "source": "portal", "wanted": "A red estate"}


def _whole(actor: Actor) -> Select[Any]:
    return LEADS.source(actor).add_columns(
        *(Lead.source_detail, Lead.lost_note, Lead.assigned_at, Lead.first_auto_reply_at, Lead.first_contact_at),
        *(Lead.first_appointment_at, Lead.created_at, Lead.updated_at),
    )


LEAD = ApiRecord(
    name="lead",
    path="leads",
    spec=LEADS,
    schema=LeadSchema,
    source=_whole,
    names={
        "store_id": "store", "customer_id": "customer", "assignee_id": "assignee", "stock_unit_id": "unit",
        "received_at": "received", "lost_reason": "lost",
    },
    expands={
        # Whoever may not see the customer finds no name in the row.
        "customer": in_row("customer_id", "cus", lambda row: row.customer),
        "assignee": in_row("assignee_id", "usr", lambda row: row.assignee),
        "store": in_row("store_id", "store", lambda row: row.store_name),
        "vehicle": part_of_row("vehicle_id", WantedVehicleSchema),
    },
    edits=("channel", "source", "source_detail", "stock_unit_id", "vehicle_id", "wanted"),
)  # fmt: skip


@bp.route("/leads", methods=["GET"])
@require("lead.see")
@lists(LEAD)
def list_leads():
    """List leads"""
    return answer_list(LEAD)


@bp.route("/leads", methods=["POST"])
@require("lead.create")
@creates(LEAD, NewLead, EXAMPLE)
def create_lead():
    """Take a lead in; the store's rotation says whose it is where nobody is named"""
    data = load_body(NewLead)
    return created(LEAD, lambda: _create(data))


@bp.route("/leads/batch", methods=["POST"])
@require("lead.see")
@batches(LEAD, EXAMPLE)
def batch_leads():
    """Take in, correct and delete up to 100 leads"""
    return answer_batch(LEAD, NewLead, EditedLead, create=_create, edit=_edit, delete=_delete)


@bp.route("/leads/<lead_id>", methods=["GET"])
@require("lead.see")
@shows(LEAD)
def show_lead(lead_id: str):
    """Read a lead"""
    return answer_one(LEAD, lead_id)


@bp.route("/leads/<lead_id>", methods=["PATCH"])
@require("lead.edit")
@patches(LEAD, EditedLead, {"wanted": "A red estate with a tow bar"})
def edit_lead(lead_id: str):
    """Correct what a lead is about and where it came from"""
    return patch_record(LEAD, lead_id, EditedLead, _edit)


@bp.route("/leads/<lead_id>", methods=["DELETE"])
@require("lead.delete")
@deletes(LEAD)
def delete_lead(lead_id: str):
    """Delete a lead that was taken in by mistake"""
    return delete_record(LEAD, lead_id, _delete)


@bp.route("/leads/<lead_id>/assign", methods=["POST"])
@require("lead.assign")
@acts(LEAD, LeadAssignment, {"assignee_id": "usr_…"})
def assign_lead(lead_id: str):
    """Give a lead to somebody of its store, or to whoever is in turn"""
    key = LEAD.reach(lead_id)
    data = load_body(LeadAssignment)
    return acted(LEAD, key, lambda: pipeline.assign_lead(actor=current_actor(), lead_id=key, **data))


@bp.route("/leads/<lead_id>/move", methods=["POST"])
@require("lead.edit")
@acts(LEAD, LeadMove, {"status": "appointment_set"})
def move_lead(lead_id: str):
    """Bring a lead to another open status; somebody must have tried to reach the person first"""
    key = LEAD.reach(lead_id)
    data = load_body(LeadMove)
    return acted(LEAD, key, lambda: _move(key, data))


@bp.route("/leads/<lead_id>/lose", methods=["POST"])
@require("lead.edit")
@acts(LEAD, LeadLoss, {"reason": "bought_elsewhere"})
def lose_lead(lead_id: str):
    """Mark a lead as lost, for a stated reason"""
    key = LEAD.reach(lead_id)
    data = load_body(LeadLoss)
    return acted(LEAD, key, lambda: pipeline.lose_lead(actor=current_actor(), lead_id=key, **data))


def _create(data: Mapping[str, Any]) -> uuid.UUID:
    actor = current_actor()
    return refer(
        lambda: leads.create_lead(actor=actor, **data),
        customer_id=lambda: queries.get_customer(actor, data["customer_id"]),
        store_id=lambda: tenants.get_store(data["store_id"]) if data["store_id"] else None,
    ).id


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    known = dict(values)
    if "vehicle_id" in sent and "stock_unit_id" not in sent:
        # Another vehicle is not the unit that was asked for.
        known["stock_unit_id"] = None
    leads.edit_lead(actor=current_actor(), lead_id=key, version=version, **known)


def _delete(key: uuid.UUID, version: int | None) -> None:
    leads.delete_lead(actor=current_actor(), lead_id=key, version=version)


def _move(key: uuid.UUID, data: Mapping[str, Any]) -> None:
    try:
        pipeline.move_lead(actor=current_actor(), lead_id=key, **data)
    except LeadMoveNotAllowed as refusal:
        refusal.params = {name: gettext(LEAD_STATUS_LABELS[value]) for name, value in refusal.params.items()}
        raise
