"""Follow-ups over the API."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from marshmallow import fields
from sqlalchemy import Select

from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    acted,
    acts,
    answer_list,
    answer_one,
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
from app.core.http.api.expansions import in_row, named_field
from app.core.http.api.fields import Instant, PublicId, Text, Whole
from app.core.http.api.schemas import BodySchema, RecordSchema, VersionBody
from app.core.http.forms import one_of
from app.core.http.sessions import current_actor
from app.crm import queries
from app.crm.lists import FOLLOW_UPS
from app.crm.models import FollowUp
from app.crm.operations import follow_ups
from app.crm.queries.leads import get_lead
from app.crm.rules.follow_ups import FollowUpKind

bp = ApiBlueprint("follow-ups", "Next steps with customers: what, by whom, by when.")

EXAMPLE = {"customer_id": "cus_…", "kind": "call", "due_at": "2026-12-01T15:00:00Z", "note": "Ask about the trade-in"}


class FollowUpSchema(RecordSchema):
    """A step somebody is to take with a customer; done from `done_at` on."""

    record = "follow_up"

    id = PublicId("fup", required=True)
    version = Whole()
    customer_id = PublicId("cus")
    lead_id = PublicId("lead", allow_none=True)
    store_id = PublicId("store")
    assignee_id = PublicId("usr", allow_none=True)
    kind = fields.String(metadata={"enum": [*FollowUpKind]})
    due_at = Instant()
    note = fields.String()
    done_at = Instant(allow_none=True)
    outcome = fields.String()
    created_at = Instant()
    updated_at = Instant()
    customer = named_field("cus", "FollowUpCustomer")
    assignee = named_field("usr", "FollowUpAssignee")


class EditedFollowUp(BodySchema):
    """What is to be done, when and by whom."""

    kind = fields.String(required=True, validate=one_of(*FollowUpKind))
    due_at = Instant(required=True)
    note = Text(longest=1000, load_default="", allow_none=True)
    assignee_id = PublicId("usr", load_default=None, allow_none=True)


class NewFollowUp(EditedFollowUp):
    """A step with a customer, perhaps about one of the leads."""

    customer_id = PublicId("cus", required=True)
    lead_id = PublicId("lead", load_default=None, allow_none=True)


class FollowUpDone(VersionBody):
    """What came of it."""

    outcome = Text(longest=1000, load_default="", allow_none=True)


def _whole(actor: Actor) -> Select[Any]:
    return FOLLOW_UPS.source(actor).add_columns(FollowUp.outcome, FollowUp.created_at, FollowUp.updated_at)


FOLLOW_UP = ApiRecord(
    name="follow_up",
    path="follow-ups",
    spec=FOLLOW_UPS,
    schema=FollowUpSchema,
    source=_whole,
    names={
        "store_id": "store", "customer_id": "customer", "assignee_id": "assignee", "lead_id": "lead", "due_at": "at",
    },
    expands={
        # Whoever may not see the customer finds no name in the row.
        "customer": in_row("customer_id", "cus", lambda row: row.customer),
        "assignee": in_row("assignee_id", "usr", lambda row: row.assignee),
    },
    edits=("kind", "due_at", "note", "assignee_id"),
)  # fmt: skip


@bp.route("/follow-ups", methods=["GET"])
@require("follow_up.see")
@lists(FOLLOW_UP)
def list_follow_ups():
    """List follow-ups"""
    return answer_list(FOLLOW_UP)


@bp.route("/follow-ups", methods=["POST"])
@require("follow_up.create")
@creates(FOLLOW_UP, NewFollowUp, EXAMPLE)
def plan_follow_up():
    """Plan the next step with a customer"""
    data = load_body(NewFollowUp)
    return created(FOLLOW_UP, lambda: _create(data))


@bp.route("/follow-ups/<follow_up_id>", methods=["GET"])
@require("follow_up.see")
@shows(FOLLOW_UP)
def show_follow_up(follow_up_id: str):
    """Read a follow-up"""
    return answer_one(FOLLOW_UP, follow_up_id)


@bp.route("/follow-ups/<follow_up_id>", methods=["PATCH"])
@require("follow_up.edit")
@patches(FOLLOW_UP, EditedFollowUp, {"due_at": "2026-12-02T15:00:00Z"})
def edit_follow_up(follow_up_id: str):
    """Correct a follow-up, put it off or give it to somebody"""
    return patch_record(FOLLOW_UP, follow_up_id, EditedFollowUp, _edit)


@bp.route("/follow-ups/<follow_up_id>", methods=["DELETE"])
@require("follow_up.delete")
@deletes(FOLLOW_UP)
def delete_follow_up(follow_up_id: str):
    """Delete a follow-up that is not to be done"""
    return delete_record(FOLLOW_UP, follow_up_id, _delete)


@bp.route("/follow-ups/<follow_up_id>/done", methods=["POST"])
@require("follow_up.edit")
@acts(FOLLOW_UP, FollowUpDone, {"outcome": "Comes on Friday"})
def finish_follow_up(follow_up_id: str):
    """Say that a follow-up is done"""
    key, actor = FOLLOW_UP.reach(follow_up_id), current_actor()
    data = load_body(FollowUpDone)
    return acted(FOLLOW_UP, key, lambda: follow_ups.finish_follow_up(actor=actor, follow_up_id=key, **data))


def _create(data: Mapping[str, Any]) -> uuid.UUID:
    actor = current_actor()
    return refer(
        lambda: follow_ups.plan_follow_up(actor=actor, **data),
        customer_id=lambda: queries.get_customer(actor, data["customer_id"]),
        lead_id=lambda: get_lead(actor, data["lead_id"]) if data["lead_id"] else None,
    ).id


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], _sent: Mapping[str, Any]) -> None:
    follow_ups.edit_follow_up(actor=current_actor(), follow_up_id=key, version=version, **values)


def _delete(key: uuid.UUID, version: int | None) -> None:
    follow_ups.delete_follow_up(actor=current_actor(), follow_up_id=key, version=version)
