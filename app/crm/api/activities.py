"""Activities over the API."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select

from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
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
from app.core.http.api.expansions import named
from app.core.http.sessions import current_actor
from app.crm import queries
from app.crm.api.shapes import ActivityFields, ActivitySchema, NewActivity
from app.crm.lists import ACTIVITIES
from app.crm.models import Activity
from app.crm.operations import activities
from app.tenants import queries as tenants

bp = ApiBlueprint("activities", "Calls, messages, visits, test drives and notes, at the time they happened.")

EXAMPLE = {"customer_id": "cus_…", "type": "call", "direction": "outbound", "subject": "Called back"}


def _whole(actor: Actor) -> Select[Any]:
    return ACTIVITIES.source(actor).add_columns(
        *(Activity.version, Activity.direction, Activity.outcome, Activity.body),
        *(Activity.created_at, Activity.updated_at),
    )


ACTIVITY = ApiRecord(
    name="activity",
    path="activities",
    spec=ACTIVITIES,
    schema=ActivitySchema,
    source=_whole,
    names={"customer_id": "customer", "store_id": "store", "user_id": "user"},
    expands={
        "customer": named("customer_id", "cus", queries.list_names),
        "user": named("user_id", "usr", lambda ids: tenants.list_names(ids, ())),
        "store": named("store_id", "store", lambda ids: tenants.list_names((), ids)),
    },
    edits=("type", "direction", "outcome", "at", "subject", "body"),
)


@bp.route("/activities", methods=["GET"])
@require("activity.see")
@lists(ACTIVITY)
def list_activities():
    """List activities"""
    return answer_list(ACTIVITY)


@bp.route("/activities", methods=["POST"])
@require("activity.create")
@creates(ACTIVITY, NewActivity, EXAMPLE)
def log_activity():
    """Log an activity"""
    data = load_body(NewActivity)
    return created(ACTIVITY, lambda: _create(data))


@bp.route("/activities/batch", methods=["POST"])
@require("activity.see")
@batches(ACTIVITY, EXAMPLE)
def batch_activities():
    """Log, correct and delete up to 100 activities"""
    return answer_batch(ACTIVITY, NewActivity, ActivityFields, create=_create, edit=_edit, delete=_delete)


@bp.route("/activities/<activity_id>", methods=["GET"])
@require("activity.see")
@shows(ACTIVITY)
def show_activity(activity_id: str):
    """Read an activity"""
    return answer_one(ACTIVITY, activity_id)


@bp.route("/activities/<activity_id>", methods=["PATCH"])
@require("activity.edit")
@patches(ACTIVITY, ActivityFields, {"outcome": "reached"})
def edit_activity(activity_id: str):
    """Correct an activity"""
    return patch_record(ACTIVITY, activity_id, ActivityFields, _edit)


@bp.route("/activities/<activity_id>", methods=["DELETE"])
@require("activity.delete")
@deletes(ACTIVITY)
def delete_activity(activity_id: str):
    """Delete an activity"""
    return delete_record(ACTIVITY, activity_id, _delete)


def _create(data: Mapping[str, Any]) -> uuid.UUID:
    actor = current_actor()
    return refer(
        lambda: activities.log_activity(actor=actor, **data),
        customer_id=lambda: queries.get_customer(actor, data["customer_id"]),
    ).id


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], _sent: Mapping[str, Any]) -> None:
    activities.edit_activity(actor=current_actor(), activity_id=key, version=version, **values)


def _delete(key: uuid.UUID, version: int | None) -> None:
    activities.delete_activity(actor=current_actor(), activity_id=key, version=version)
