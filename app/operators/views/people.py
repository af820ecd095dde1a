"""Operators, what they did, and what is announced to everybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError
from app.core.http.access import require
from app.core.http.console import OPERATOR, current_operator
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import settings
from app.operators import ports, rules
from app.operators.operations import accounts, announcements
from app.operators.queries import accounts as queries
from app.operators.queries.fleet import get_announcement, list_announcements
from app.operators.schemas import AnnouncementForm, CodeForm, OperatorForm
from app.operators.views.base import bp, present_actor
from app.operators.views.dealerships import confirm
from app.operators.views.words import OPERATOR_STATES, SHOWN

PEOPLE, SAID, EDITED = (f"operators/{name}.html" for name in ("operators", "announcements", "announcement"))


@bp.get("/operators")
@require(OPERATOR)
def list_operators() -> str | Response:
    return render_form(PEOPLE, **_people())


@bp.post("/operators")
@require(OPERATOR)
def add_operator() -> str | Response | BaseResponse:
    try:
        form = load_form(OperatorForm)
        confirm(form["code"])
        with transaction():
            _, token = accounts.add_operator(present_actor(), name=form["name"], email=form["email"])
    except DomainError as error:
        return render_form(PEOPLE, error, **_people())
    return _with_link(token)


@bp.post("/operators/<operator_id>/link")
@require(OPERATOR)
def new_link(operator_id: str) -> str | Response | BaseResponse:
    return _changed(operator_id, accounts.new_link)


@bp.post("/operators/<operator_id>/enable")
@require(OPERATOR)
def enable_operator(operator_id: str) -> str | Response | BaseResponse:
    return _changed(operator_id, accounts.enable_operator)


@bp.post("/operators/<operator_id>/disable")
@require(OPERATOR)
def disable_operator(operator_id: str) -> str | Response | BaseResponse:
    return _changed(operator_id, accounts.disable_operator)


@bp.post("/operators/sessions/<session_id>/end")
@require(OPERATOR)
def end_session(session_id: str) -> BaseResponse:
    with transaction():
        accounts.end_session(present_actor(), from_public("ses", session_id))
    flash(gettext("The session has ended."))
    return redirect(url_for("operators.list_operators"), 303)


@bp.get("/audit")
@require(OPERATOR)
def show_audit() -> str:
    before = request.args.get("before")
    entries = queries.list_audit(before=from_public("aud", before) if before else None)
    further = entries[rules.LISTED - 1].id if len(entries) > rules.LISTED else None
    more = url_for("operators.show_audit", before=to_public("aud", further)) if further else None
    return render_template("operators/audit.html", entries=entries[: rules.LISTED], more=more)


@bp.get("/announcements")
@require(OPERATOR)
def show_announcements() -> str | Response:
    now = clock.now()
    values = {"tone": "info", "starts_at": f"{now:%Y-%m-%dT%H:%M}", "ends_at": ""}
    return render_form(SAID, values=values, said=list_announcements(now), shown_words=SHOWN)


@bp.post("/announcements")
@require(OPERATOR)
def announce() -> str | Response | BaseResponse:
    try:
        form = _announced()
        with transaction():
            announcements.announce(present_actor(), **form)
    except DomainError as error:
        return render_form(SAID, error, said=list_announcements(clock.now()), shown_words=SHOWN)
    flash(gettext("It is said to every dealership in that time."))
    return redirect(url_for("operators.show_announcements"), 303)


@bp.get("/announcements/<announcement_id>")
@require(OPERATOR)
def edit_announcement(announcement_id: str) -> str | Response:
    row = get_announcement(from_public("ann", announcement_id))
    values = {"text_en": row.texts["en"], "text_zh": row.texts.get("zh", ""), "tone": row.tone}
    times = {name: f"{getattr(row, name):%Y-%m-%dT%H:%M}" for name in ("starts_at", "ends_at")}
    return render_form(EDITED, values={**values, **times}, announcement_id=announcement_id)


@bp.post("/announcements/<announcement_id>")
@require(OPERATOR)
def change_announcement(announcement_id: str) -> str | Response | BaseResponse:
    key = from_public("ann", announcement_id)
    get_announcement(key)
    try:
        form = _announced()
        with transaction():
            announcements.change(present_actor(), key, **form)
    except DomainError as error:
        return render_form(EDITED, error, announcement_id=announcement_id)
    flash(gettext("The announcement is changed."))
    return redirect(url_for("operators.show_announcements"), 303)


@bp.post("/announcements/<announcement_id>/withdraw")
@require(OPERATOR)
def withdraw_announcement(announcement_id: str) -> BaseResponse:
    with transaction():
        announcements.withdraw(present_actor(), from_public("ann", announcement_id))
    flash(gettext("It is said no more."))
    return redirect(url_for("operators.show_announcements"), 303)


def _announced() -> dict[str, Any]:
    """What the form of an announcement says, its texts by language."""
    form = load_form(AnnouncementForm)
    form["texts"] = {code: text for code, text in (("en", form.pop("text_en")), ("zh", form.pop("text_zh"))) if text}
    return form


def _changed(operator_id: str, change: Any) -> str | Response | BaseResponse:
    """Carry out a change of somebody's account after the second factor; a link that comes of it is shown once."""
    key = from_public("opr", operator_id)
    queries.get_operator(key)
    try:
        confirm(load_form(CodeForm)["code"])
        with transaction():
            token = change(present_actor(), key)
    except DomainError as error:
        return render_form(PEOPLE, error, **_people())
    if token is not None:
        return _with_link(token)
    flash(gettext("The account is closed, and its sessions have ended."))
    return redirect(url_for("operators.list_operators"), 303)


def _with_link(token: str) -> str:
    url = ports.console_url(url_for("operators.show_link", token=token))
    return render_template("operators/link_made.html", url=url)


def _people() -> dict[str, Any]:
    present = current_operator()
    return {
        "people": queries.list_operators(),
        "states": OPERATOR_STATES,
        "myself": present.id,
        "sessions": queries.list_sessions(timedelta(minutes=settings().session_idle_minutes)),
        "present_session": present.session_id,
    }
