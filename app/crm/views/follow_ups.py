"""Pages of follow-ups: the list, planning one on a customer's page, correcting, and done by one press."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError
from app.core.http.access import require
from app.core.http.edits import Opened, flash_saved, render_edit, save_edit
from app.core.http.forms import load_form
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor, own_path
from app.core.http.undo import flash_undo
from app.crm import queries
from app.crm.lists import FOLLOW_UPS
from app.crm.models import FollowUp
from app.crm.operations import follow_ups
from app.crm.queries.follow_ups import get_follow_up
from app.crm.queries.leads import assignable
from app.crm.rules.follow_ups import FOLLOW_UP_LABELS
from app.crm.schemas.follow_ups import DoneForm, EditedFollowUpForm, FollowUpForm
from app.crm.views.activities import instant_at, local_time
from app.crm.views.lead_pages import lead_choices
from app.crm.views.pages import bp, customer_page, to_customer, translated

FORM = "crm/follow_up_form.html"


@bp.get("/follow-ups")
@require("follow_up.see")
def list_follow_ups():
    return list_view(FOLLOW_UPS, "crm/follow_ups.html", choices=lead_choices("follow_up.see"))


@bp.post("/customers/<customer_id>/follow-ups")
@require("follow_up.create")
def plan_follow_up(customer_id: str):
    key, actor = from_public("cus", customer_id), current_actor()
    try:
        data = load_form(FollowUpForm)
        data["due_at"] = instant_at(data["due_at"], queries.get_customer(actor, key).store_id)
        with transaction():
            follow_ups.plan_follow_up(actor=actor, customer_id=key, **data)
    except DomainError as error:
        return customer_page(key, error)
    flash(gettext("The next step was planned."))
    return _back(key)


@bp.get("/follow-ups/<follow_up_id>/edit")
@require("follow_up.edit")
def edit_follow_up(follow_up_id: str):
    return _form(from_public("fup", follow_up_id))


@bp.post("/follow-ups/<follow_up_id>/edit")
@require("follow_up.edit")
def update_follow_up(follow_up_id: str):
    key = from_public("fup", follow_up_id)

    def save(data: dict[str, Any]) -> FollowUp:
        step = get_follow_up(current_actor(), key)
        # The field shows minutes; leaving it alone must not cut the seconds off.
        same = data["due_at"].strftime("%Y-%m-%dT%H:%M") == local_time(step.due_at, step.store_id)
        data["due_at"] = step.due_at if same else instant_at(data["due_at"], step.store_id)
        return follow_ups.edit_follow_up(actor=current_actor(), follow_up_id=key, **data)

    try:
        saved = save_edit(lambda: _opened(get_follow_up(current_actor(), key)), save)
    except DomainError as error:
        return _form(key, error)
    flash_undo(gettext("The follow-up was saved."))
    flash_saved(saved, FORM)
    return _back(saved.result.customer_id)


@bp.post("/follow-ups/<follow_up_id>/done")
@require("follow_up.edit")
def finish_follow_up(follow_up_id: str):
    key = from_public("fup", follow_up_id)
    with transaction():
        step = follow_ups.finish_follow_up(actor=current_actor(), follow_up_id=key, **load_form(DoneForm))
    flash_undo(gettext("Done."))
    return _back(step.customer_id)


@bp.post("/follow-ups/<follow_up_id>/delete")
@require("follow_up.delete")
def delete_follow_up(follow_up_id: str):
    key = from_public("fup", follow_up_id)
    customer_id = get_follow_up(current_actor(), key).customer_id
    with transaction():
        data = load_form(DoneForm)
        follow_ups.delete_follow_up(actor=current_actor(), follow_up_id=key, version=data["version"])
    flash_undo(gettext("The follow-up was deleted."))
    return _back(customer_id)


def _back(customer_id: uuid.UUID) -> Response:
    back = request.args.get("next")
    return redirect(own_path(back), 303) if back else to_customer(customer_id)


def _opened(step: FollowUp) -> Opened:
    values = {"kind": step.kind, "note": step.note, "assignee_id": step.assignee_id or ""}
    values["due_at"] = local_time(step.due_at, step.store_id)
    return Opened("follow_up", step.id, step.version, values, EditedFollowUpForm)


def _form(follow_up_id: uuid.UUID, error: DomainError | None = None) -> Any:
    step = get_follow_up(current_actor(), follow_up_id)
    return render_edit(
        FORM, _opened(step), error, step=step, public_id=to_public("fup", step.id),
        kinds=translated(FOLLOW_UP_LABELS), people=assignable(step.store_id),
        back_url=url_for("crm.list_follow_ups"),
    )  # fmt: skip
