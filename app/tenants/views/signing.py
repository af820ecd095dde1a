"""Signing in and out."""

from __future__ import annotations

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.errors import DomainError
from app.core.http.access import ANY_USER, public, require
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import (
    client_address,
    current_actor,
    current_visitor,
    hash_token,
    new_token,
    own_path,
    request_host,
    server_session,
    settings,
)
from app.tenants.operations import signing
from app.tenants.rules.signing import normal_email
from app.tenants.schemas import SignInForm
from app.tenants.views.base import bp

TEMPLATE = "tenants/sign_in.html"


@bp.get("/sign-in")
@public("nobody is signed in yet")
def sign_in() -> str | BaseResponse:
    wanted = own_path(request.args.get("next"))
    if current_visitor() is not None:
        return redirect(wanted, 303)
    return render_template(TEMPLATE, values={"next": wanted}, errors={})


@bp.post("/sign-in")
@public("nobody is signed in yet")
def sign_in_now() -> str | Response | BaseResponse:
    try:
        form = load_form(SignInForm)
        # Each in a transaction of its own: the count must stand when the attempt fails.
        with transaction():
            signing.count_attempt("address", client_address())
        with transaction():
            signing.count_attempt("account", normal_email(form["email"]))
        token = start_session(form["email"], form["password"])
    except DomainError as error:
        return render_form(TEMPLATE, error)
    server_session().start(token)
    return redirect(own_path(form["next"]), 303)


def start_session(email: str, password: str) -> str:
    """A new session, whatever came before; the token is made now, so nobody can have planted it."""
    before, actor, token = current_visitor(), current_actor(), new_token()
    with transaction():
        signing.sign_in(
            email=email,
            password=password,
            address=client_address(),
            host=request_host(),
            token_hash=hash_token(token),
            agent=request.headers.get("User-Agent", ""),
            hours=settings().session_hours,
        )
        if before is not None:
            signing.sign_out(actor, before.session_id)
        signing.forget_old_attempts()
    return token


@bp.post("/sign-out")
@require(ANY_USER)
def sign_out() -> BaseResponse:
    visitor = current_visitor()
    if visitor is not None:
        with transaction():
            signing.sign_out(current_actor(), visitor.session_id)
    server_session().end()
    return redirect(url_for("tenants.sign_in"), 303)
