"""Pages of activities: the list, the composer's answer, correcting and deleting."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError
from app.core.http.access import require
from app.core.http.edits import Opened, flash_saved, render_edit, save_edit
from app.core.http.forms import load_form
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.core.http.undo import flash_undo
from app.crm import queries
from app.crm.lists import ACTIVITIES
from app.crm.models import Activity
from app.crm.operations import activities
from app.crm.rules.customers import DIRECTION_LABELS, OUTCOME_LABELS, TYPE_LABELS
from app.crm.schemas.customers import LOCAL_TIME, ActivityForm, EditedActivityForm, VersionForm
from app.crm.views.pages import bp, customer_page, list_choices, to_customer, translated
from app.tenants import queries as tenants

FORM = "crm/activity_form.html"


@bp.get("/activities")
@require("activity.see")
def list_activities():
    return list_view(ACTIVITIES, "crm/activities.html", choices=list_choices())


@bp.post("/customers/<customer_id>/activities")
@require("activity.create")
def log_activity(customer_id: str):
    key = from_public("cus", customer_id)
    try:
        data = load_form(ActivityForm)
        if data["at"]:
            data["at"] = instant_at(data["at"], queries.get_customer(current_actor(), key).store_id)
        with transaction():
            activities.log_activity(actor=current_actor(), customer_id=key, **data)
    except DomainError as error:
        return customer_page(key, error)
    return to_customer(key)


@bp.get("/activities/<activity_id>/edit")
@require("activity.edit")
def edit_activity(activity_id: str):
    return _activity_form(from_public("act", activity_id))


@bp.post("/activities/<activity_id>/edit")
@require("activity.edit")
def update_activity(activity_id: str):
    key = from_public("act", activity_id)

    def save(data: dict[str, Any]) -> Activity:
        activity = queries.get_activity(current_actor(), key)
        # The field shows minutes; leaving it alone must not cut the seconds off.
        same = data["at"].strftime(LOCAL_TIME) == local_time(activity.at, activity.store_id)
        at = activity.at if same else instant_at(data["at"], activity.store_id)
        return activities.edit_activity(actor=current_actor(), activity_id=key, **{**data, "at": at})

    try:
        saved = save_edit(lambda: _opened(queries.get_activity(current_actor(), key)), save)
    except DomainError as error:
        return _activity_form(key, error)
    flash_undo(gettext("The activity was saved."))
    flash_saved(saved, FORM)
    return to_customer(saved.result.customer_id)


@bp.post("/activities/<activity_id>/delete")
@require("activity.delete")
def delete_activity(activity_id: str):
    with transaction():
        customer_id = activities.delete_activity(
            actor=current_actor(), activity_id=from_public("act", activity_id), **load_form(VersionForm)
        )
    flash_undo(gettext("The activity was deleted."))
    return to_customer(customer_id)


def _opened(activity: Activity) -> Opened:
    values = {name: getattr(activity, name) for name in ("type", "direction", "outcome", "subject", "body")}
    values["at"] = local_time(activity.at, activity.store_id)
    return Opened("activity", activity.id, activity.version, values, EditedActivityForm)


def _activity_form(activity_id: uuid.UUID, error: DomainError | None = None) -> Any:
    activity = queries.get_activity(current_actor(), activity_id)
    customer = queries.get_customer(current_actor(), activity.customer_id)
    return render_edit(
        FORM,
        _opened(activity),
        error,
        activity=activity,
        customer=customer,
        types=translated(TYPE_LABELS),
        directions=translated(DIRECTION_LABELS),
        outcomes=translated(OUTCOME_LABELS),
        public_id=to_public("act", activity.id),
        customer_url=url_for("crm.show_customer", customer_id=to_public("cus", customer.id)),
    )


def instant_at(local: datetime, store_id: uuid.UUID) -> datetime:
    """What was typed is the time on the wall of that store."""
    return local.replace(tzinfo=ZoneInfo(tenants.get_store(store_id).timezone))


def local_time(at: datetime, store_id: uuid.UUID) -> str:
    """The time on the wall of that store, as its field shows it."""
    return at.astimezone(ZoneInfo(tenants.get_store(store_id).timezone)).strftime(LOCAL_TIME)
