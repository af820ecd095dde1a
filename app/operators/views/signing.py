"""Signing in and out at the console, and the link with which an operator begins."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.errors import DomainError
from app.core.guard import totp
from app.core.http.access import public, require
from app.core.http.console import OPERATOR, current_operator, find_operator
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import client_address, hash_token, new_token, own_path, server_session
from app.operators import ports, rules
from app.operators.errors import SignInRefused
from app.operators.operations import accounts, signing
from app.operators.schemas import EnrolForm, SignInForm
from app.operators.views.base import bp, present_actor
from app.tenants.rules.signing import normal_email

TEMPLATE, LINK = "operators/sign_in.html", "operators/link.html"


@bp.get("/sign-in")
@public("nobody is signed in yet", operator=True)
def sign_in() -> str | BaseResponse:
    wanted = own_path(request.args.get("next") or "/platform")
    if find_operator() is not None:
        return redirect(wanted, 303)
    return render_template(TEMPLATE, values={"next": wanted}, errors={})


@bp.post("/sign-in")
@public("nobody is signed in yet", operator=True)
def sign_in_now() -> str | Response | BaseResponse:
    token = new_token()
    try:
        form = load_form(SignInForm)
        # Each in a transaction of its own: the count must stand when the attempt fails.
        with transaction():
            signing.count_attempt("address", client_address())
        with transaction():
            signing.count_attempt("account", normal_email(form["email"]))
        try:
            with transaction():
                signing.sign_in(
                    email=form["email"],
                    password=form["password"],
                    code=form["code"],
                    address=client_address(),
                    token_hash=hash_token(token),
                    agent=request.headers.get("User-Agent", ""),
                )
        except SignInRefused:
            with transaction():
                signing.refuse(form["email"], client_address())
            raise
    except DomainError as error:
        return render_form(TEMPLATE, error)
    server_session().start(token)
    return redirect(own_path(form["next"]), 303)


@bp.post("/sign-out")
@require(OPERATOR)
def sign_out() -> BaseResponse:
    with transaction():
        signing.sign_out(present_actor(), current_operator().session_id)
    server_session().end()
    return redirect(url_for("operators.sign_in"), 303)


@bp.get("/links/<token>")
@public("the link says who asks", operator=True)
def show_link(token: str) -> str | Response:
    return render_form(LINK, **_offered(token))


@bp.post("/links/<token>")
@public("the link says who asks", operator=True)
def use_link(token: str) -> str | Response | BaseResponse:
    try:
        form = load_form(EnrolForm)
        with transaction():
            signing.count_attempt("address", client_address())
        with transaction():
            accounts.use_link(token, **form, address=client_address())
    except DomainError as error:
        return render_form(LINK, error, **_offered(token))
    flash(gettext("Password and second factor are set. Sign in with the next code."))
    return redirect(url_for("operators.sign_in"), 303)


def _offered(token: str) -> dict[str, Any]:
    name, email, secret = accounts.look_at_link(token)
    picture = ports.picture_of(totp.provisioning_uri(secret, email, rules.ISSUER))
    return {"token": token, "name": name, "email": email, "secret": secret, "picture": picture}
