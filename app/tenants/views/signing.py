"""Signing in and out."""

from __future__ import annotations

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.errors import DomainError
from app.core.http.access import ANY_USER, before_factor, public, require
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import current_actor, current_visitor, own_path, server_session
from app.tenants.operations import signing
from app.tenants.queries.partners import enabled_provider
from app.tenants.schemas import SignInForm
from app.tenants.views.base import bp
from app.tenants.views.entering import check_password, enter

TEMPLATE = "tenants/sign_in.html"


@bp.get("/sign-in")
@public("nobody is signed in yet")
@before_factor
def sign_in() -> str | BaseResponse:
    wanted = own_path(request.args.get("next"))
    if current_visitor() is not None:
        return redirect(wanted, 303)
    return render_template(TEMPLATE, values={"next": wanted}, errors={}, partner=enabled_provider())


@bp.post("/sign-in")
@public("nobody is signed in yet")
@before_factor
def sign_in_now() -> str | Response | BaseResponse:
    try:
        form = load_form(SignInForm)
        return enter(check_password(form["email"], form["password"]), own_path(form["next"]))
    except DomainError as error:
        return render_form(TEMPLATE, error, partner=enabled_provider())


@bp.post("/sign-out")
@require(ANY_USER, in_preview=True)
@before_factor
def sign_out() -> BaseResponse:
    visitor = current_visitor()
    if visitor is not None:
        with transaction():
            signing.sign_out(current_actor(), visitor.session_id)
    server_session().end()
    return redirect(url_for("tenants.sign_in"), 303)
