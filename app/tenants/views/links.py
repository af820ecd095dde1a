"""Forgotten passwords, and the pages behind mailed links."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.errors import DomainError
from app.core.http.access import public
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import client_address, server_session, settings
from app.tenants.errors import LinkInvalid
from app.tenants.operations import links, signing
from app.tenants.rules.signing import INVITATION, normal_email
from app.tenants.schemas import ForgottenForm, PasswordForm
from app.tenants.views.base import bp
from app.tenants.views.entering import enter

FORGOTTEN = "tenants/forgotten.html"


@bp.get("/forgotten-password")
@public("whoever forgot the password cannot sign in")
def forgotten_password() -> str:
    return render_template(
        FORGOTTEN, values={}, errors={}, sent="sent" in request.args, demo_mail=settings().demo_mail
    )


@bp.post("/forgotten-password")
@public("whoever forgot the password cannot sign in")
def request_password() -> str | Response | BaseResponse:
    try:
        form = load_form(ForgottenForm)
        with transaction():
            signing.count_attempt("address", client_address())
        with transaction():
            signing.count_attempt("reset", normal_email(form["email"]))
        with transaction():
            links.request_password_reset(form["email"])
    except DomainError as error:
        return render_form(FORGOTTEN, error, sent=False)
    return redirect(url_for("tenants.forgotten_password", sent=1), 303)


@bp.get("/links/<link_id>/<token>")
@public("the token in the link is the proof")
def open_link(link_id: str, token: str) -> str:
    link, user = links.check_link(link_id, token)
    return render_template("tenants/link.html", values={}, errors={}, invited=link.kind == INVITATION, name=user.name)


@bp.post("/links/<link_id>/<token>")
@public("the token in the link is the proof")
def use_link(link_id: str, token: str) -> str | Response | BaseResponse:
    link, user = links.check_link(link_id, token)
    invited, name = link.kind == INVITATION, user.name
    try:
        form = load_form(PasswordForm)
        with transaction():
            user_id = links.use_link(link_id, token, **form)
    except LinkInvalid:
        raise
    except DomainError as error:
        return render_form("tenants/link.html", error, invited=invited, name=name)
    server_session().end()
    if invited:
        # The link has shown who he is as well as the password he has just chosen would.
        return enter(user_id, "/")
    flash(gettext("Your password is set. Sign in with it."))
    return redirect(url_for("tenants.sign_in"), 303)
