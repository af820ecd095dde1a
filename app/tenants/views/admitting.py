"""Letting the operator in, and the door he comes in by."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.errors import DomainError
from app.core.http.access import public, require
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import current_actor, current_visitor, hash_token, new_token, request_host, server_session
from app.tenants.operations import admitting, signing
from app.tenants.rules.admitting import HOURS
from app.tenants.schemas import AdmitForm, EnterForm
from app.tenants.views.base import bp

TEMPLATE = "tenants/operator_access.html"


@bp.get("/operator-access")
@require("dealership.admit_operator")
def show_access() -> str | Response:
    return render_form(TEMPLATE, values={"hours": HOURS[1]}, **_context())


@bp.post("/operator-access")
@require("dealership.admit_operator", own=True)
def admit_operator() -> str | Response | BaseResponse:
    try:
        form = load_form(AdmitForm)
        with transaction():
            admitting.admit(current_actor(), **form)
    except DomainError as error:
        return render_form(TEMPLATE, error, **_context())
    flash(gettext("The operator may come in from now on."))
    return redirect(url_for("tenants.show_access"), 303)


@bp.post("/operator-access/<consent_id>/withdraw")
@require("dealership.admit_operator", own=True)
def withdraw_consent(consent_id: str) -> BaseResponse:
    with transaction():
        admitting.withdraw(current_actor(), from_public("con", consent_id))
    flash(gettext("Nobody comes in by this any more, and whoever was in is out."))
    return redirect(url_for("tenants.show_access"), 303)


@bp.get("/operator-entry/<ticket>")
@public("the ticket, which the operator console signed, says who asks")
def show_entry(ticket: str) -> str | Response:
    found = admitting.check_ticket(ticket)
    context = {"found": found, "users": admitting.list_enterable(), "roles": admitting.list_roles()}
    return render_template("tenants/operator_entry.html", values={}, errors={}, ticket=ticket, **context)


@bp.post("/operator-entry/<ticket>")
@public("the ticket, which the operator console signed, says who asks")
def enter(ticket: str) -> BaseResponse:
    admitting.check_ticket(ticket)
    user_id, role_id = load_form(EnterForm)["who"]
    before, actor, token = current_visitor(), current_actor(), new_token()
    with transaction():
        if before is not None:
            signing.sign_out(actor, before.session_id)
        agent = request.headers.get("User-Agent", "")
        admitting.enter(ticket, user_id, role_id, host=request_host(), token_hash=hash_token(token), agent=agent)
    server_session().start(token)
    return redirect("/", 303)


def _context() -> dict[str, Any]:
    return {
        "consents": admitting.list_consents(),
        "entries": admitting.list_entries(),
        "hours": HOURS,
        "now": clock.now(),
    }
