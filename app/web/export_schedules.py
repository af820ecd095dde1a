"""Views that leave on a schedule: which, how often, for whom."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError
from app.core.http.access import require
from app.core.http.forms import render_form
from app.core.http.sessions import current_actor
from app.core.http.stepup import step_up
from app.core.lists.exports import schedules
from app.core.lists.exports.calendar import LAST_DAY_OF_MONTH
from app.core.lists.exports.models import ExportSchedule
from app.core.lists.exports.purposes import purpose_of_schedule
from app.core.lists.exports.rules import EDIT
from app.core.lists.exports.schedules import PREFIX, Plan
from app.core.lists.exports.states import Every
from app.tenants import queries as tenants
from app.web.export_words import EVERY, FORMATS, STOPPED, WEEKDAYS, list_words

bp = Blueprint("export_schedules", __name__, template_folder="templates")
FORM = "web/exports/schedule.html"


@bp.get("/exports/schedules")
@require(EDIT)
def list_schedules() -> str:
    actor = current_actor()
    names = _view_names()
    found = [
        {
            "row": row,
            "purpose": purpose_of_schedule(row),
            "url": url_for("export_schedules.show_schedule", schedule_id=to_public(PREFIX, row.id)),
            "title": names.get(f"{row.list_name}/{row.view_key}", list_words(row.list_name)),
            "when": _when(row),
            "stopped": gettext(STOPPED[row.stopped]) if row.stopped in STOPPED else row.stopped,
        }
        for row in schedules.list_schedules(actor)
    ]
    return render_template("web/exports/schedules.html", schedules=found)


@bp.get("/exports/schedules/new")
@require(EDIT)
def new_schedule() -> str | Response:
    values = {"every": Every.WEEK.value, "weekday": "0", "monthday": "1", "hour": "6", "format": "xlsx"}
    return _form(None, values=values)


@bp.post("/exports/schedules")
@require(EDIT)
@step_up
def create_schedule() -> str | Response | BaseResponse:
    try:
        with transaction():
            schedules.create_schedule(current_actor(), _plan())
    except DomainError as error:
        return _form(None, error)
    flash(gettext("The schedule is set."), "success")
    return redirect(url_for("export_schedules.list_schedules"), 303)


@bp.get("/exports/schedules/<schedule_id>")
@require(EDIT)
def show_schedule(schedule_id: str) -> str | Response:
    row = schedules.get_schedule(current_actor(), from_public(PREFIX, schedule_id))
    return _form(row, values=_values(row))


@bp.post("/exports/schedules/<schedule_id>")
@require(EDIT)
@step_up
def change_schedule(schedule_id: str) -> str | Response | BaseResponse:
    actor, key = current_actor(), from_public(PREFIX, schedule_id)
    version = request.form.get("version", "")
    try:
        with transaction():
            row = schedules.get_schedule(actor, key)
            schedules.change_schedule(actor, row, _plan(), version=int(version) if version.isdecimal() else -1)
    except DomainError as error:
        return _form(schedules.get_schedule(actor, key), error)
    flash(gettext("The schedule is set."), "success")
    return redirect(url_for("export_schedules.list_schedules"), 303)


@bp.post("/exports/schedules/<schedule_id>/delete")
@require(EDIT)
def delete_schedule(schedule_id: str) -> BaseResponse:
    actor = current_actor()
    with transaction():
        schedules.delete_schedule(actor, schedules.get_schedule(actor, from_public(PREFIX, schedule_id)))
    flash(gettext("The schedule was deleted."))
    return redirect(url_for("export_schedules.list_schedules"), 303)


def _plan() -> Plan:
    sent = request.form
    list_name, _, view_key = sent.get("view", "").partition("/")
    every = sent.get("every", "")
    day = {Every.WEEK.value: sent.get("weekday", ""), Every.MONTH.value: sent.get("monthday", "")}.get(every, "0")
    known = {to_public("usr", row.id): row.id for row in tenants.list_active_users()}
    return Plan(
        list_name, view_key, sent.get("format", ""), sent.get("purpose", ""),
        [known[text] for text in sent.getlist("recipients") if text in known],
        every, _number(day), _number(sent.get("hour", "")),
    )  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 2 else -1


def _values(row: ExportSchedule) -> dict[str, Any]:
    return {
        "view": f"{row.list_name}/{row.view_key}", "format": row.format, "purpose": purpose_of_schedule(row),
        "every": row.every,
        "weekday": str(row.day) if row.every == Every.WEEK else "0",
        "monthday": str(row.day) if row.every == Every.MONTH else "1",
        "hour": str(row.hour), "version": row.version,
        "recipients": [to_public("usr", uuid.UUID(text)) for text in row.recipients],
    }  # fmt: skip


def _view_names() -> dict[str, str]:
    """What each view is called, by list and key."""
    return {
        f"{spec.name}/{key}": f"{gettext(spec.label)} · {name if is_own else gettext(name)}"
        for spec, key, name, is_own in schedules.choices_of_views(current_actor())
    }


def _when(row: ExportSchedule) -> str:
    at = f"{row.hour:02}:00"
    if row.every == Every.WEEK:
        return gettext("%(day)s, %(time)s", day=gettext(WEEKDAYS[row.day]), time=at)
    if row.every == Every.MONTH:
        return gettext("Day %(day)s of the month, %(time)s", day=row.day, time=at)
    return gettext("Every day, %(time)s", time=at)


def _form(row: ExportSchedule | None, error: DomainError | None = None, values: Any = None) -> str | Response:
    return render_form(
        FORM,
        error,
        values=values,
        schedule=row,
        schedule_id=to_public(PREFIX, row.id) if row is not None else None,
        views=list(_view_names().items()),
        formats=list(reversed(FORMATS.items())),
        people=[(to_public("usr", person.id), person.name) for person in tenants.list_active_users()],
        everies=[(key, gettext(label)) for key, label in EVERY.items()],
        weekdays=[(str(at), gettext(label)) for at, label in enumerate(WEEKDAYS)],
        monthdays=[(str(day), str(day)) for day in range(1, LAST_DAY_OF_MONTH + 1)],
        hours=[(str(hour), f"{hour:02}:00") for hour in range(24)],
    )
