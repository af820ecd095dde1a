"""One's own account: name, language, password, sessions."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.errors import DomainError
from app.core.http.access import ANY_USER, require
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import client_address, current_actor, current_visitor, server_session
from app.core.http.stepup import step_up
from app.tenants.operations import links, signing, users
from app.tenants.queries import sessions
from app.tenants.queries.partners import find_provider, identity_of
from app.tenants.schemas import ChangePasswordForm, ProfileForm
from app.tenants.views import showing
from app.tenants.views.base import bp

TEMPLATE = "tenants/account.html"


@bp.get("/account")
@require(ANY_USER)
def account() -> str | Response:
    actor = current_actor()
    return render_form(TEMPLATE, values={"name": actor.name, "locale": _locale()}, **_context())


@bp.post("/account")
@require(ANY_USER, own=True)
def change_profile() -> str | Response | BaseResponse:
    try:
        form = load_form(ProfileForm)
        with transaction():
            users.change_own_profile(current_actor(), **form)
    except DomainError as error:
        return render_form(TEMPLATE, error, **_context())
    return _back(gettext("Saved."))


@bp.post("/account/password")
@require(ANY_USER, own=True)
@step_up
def change_password() -> str | Response | BaseResponse:
    actor = current_actor()
    try:
        form = load_form(ChangePasswordForm)
        with showing.password_asked(actor), transaction():
            links.change_password(actor, **form)
    except DomainError as error:
        return render_form(TEMPLATE, error, **_context())
    server_session().end()
    flash(gettext("Your password is changed, and every session has ended. Sign in again."))
    return redirect(url_for("tenants.sign_in"), 303)


@bp.post("/account/sessions/<session_id>/end")
@require(ANY_USER, own=True)
def end_session(session_id: str) -> BaseResponse:
    wanted, visitor = from_public("ses", session_id), current_visitor()
    with transaction():
        signing.sign_out(current_actor(), wanted)
    if visitor is not None and wanted == visitor.session_id:
        server_session().end()
        return redirect(url_for("tenants.sign_in"), 303)
    return _back(gettext("The session has ended."))


@bp.post("/account/sessions/end")
@require(ANY_USER, own=True)
def end_all_sessions() -> BaseResponse:
    with transaction():
        signing.sign_out_everywhere(current_actor())
    server_session().end()
    return redirect(url_for("tenants.sign_in"), 303)


def _context() -> dict[str, Any]:
    visitor = current_visitor()
    return {
        "sessions": sessions.list_sessions(visitor.user_id) if visitor else [],
        "present_session": visitor.session_id if visitor else None,
        "address": client_address(),
        "partner": find_provider(),
        "identity": identity_of(visitor.user_id) if visitor else None,
    }


def _locale() -> str:
    visitor = current_visitor()
    return (visitor.locale or "") if visitor else ""


def _back(message: str) -> BaseResponse:
    flash(message)
    return redirect(url_for("tenants.account"), 303)
