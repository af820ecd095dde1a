"""Signing in again in place: the session ended while somebody was typing, and what was typed stays in the browser."""

from __future__ import annotations

import uuid

from flask import Response, make_response, render_template, request
from itsdangerous import BadSignature, URLSafeSerializer

from app.core.db import current_tenant, db, transaction
from app.core.errors import DomainError, NotFound
from app.core.http.access import public
from app.core.http.forms import load_form
from app.core.http.problems import sentence
from app.core.http.sessions import client_address, current_visitor, server_session, settings
from app.tenants.models import User
from app.tenants.operations import signing
from app.tenants.operations.links import email_of
from app.tenants.rules.signing import normal_email
from app.tenants.schemas import AgainForm
from app.tenants.views.base import bp
from app.tenants.views.signing import start_session

WHY = "the session of whoever typed has ended; the page names him by a signed mark, and he gives his password"


@bp.get("/sign-in/again")
@public(WHY)
def sign_in_again() -> str:
    return _form(_user(request.args.get("who", "")))


@bp.post("/sign-in/again")
@public(WHY)
def sign_in_again_now() -> Response:
    user = _user(request.form.get("who", ""))
    try:
        form, email = load_form(AgainForm), email_of(user)
        with transaction():
            signing.count_attempt("address", client_address())
        with transaction():
            signing.count_attempt("account", normal_email(email))
        token = start_session(email, form["password"])
    except DomainError as error:
        return make_response(_form(user, sentence(error)), error.status)
    server_session().start(token)
    return Response(status=204)


def mark_of_visitor() -> str:
    """Who is signed in, as a page may say it to itself: signed, so that nobody asks about others. Empty for nobody."""
    visitor = current_visitor()
    return _signer().dumps(visitor.user_id.hex) if visitor else ""


def _user(mark: str) -> User:
    try:
        user = db.session.get(User, uuid.UUID(hex=_signer().loads(mark)))
    except BadSignature as error:
        raise NotFound from error
    if user is None:
        raise NotFound
    return user


def _form(user: User, problem: str | None = None) -> str:
    return render_template("tenants/again.html", user=user, who=_signer().dumps(user.id.hex), problem=problem)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt=f"again:{current_tenant().id}")


bp.add_app_template_global(mark_of_visitor)
