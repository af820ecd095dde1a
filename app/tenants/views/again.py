"""Signing in again in place: the session ended while somebody was typing, and what was typed stays in the browser."""

from __future__ import annotations

import uuid

from flask import Response, make_response, render_template, request
from itsdangerous import BadSignature, URLSafeSerializer

from app.core.db import current_tenant, db, transaction
from app.core.errors import DomainError, NotFound
from app.core.http.access import before_factor, public
from app.core.http.forms import load_form
from app.core.http.problems import sentence
from app.core.http.sessions import client_address, current_visitor, settings
from app.tenants.errors import CodeWrong
from app.tenants.models import User
from app.tenants.operations import challenges, signing
from app.tenants.operations.links import email_of
from app.tenants.queries.factors import has_factor
from app.tenants.rules.signing import normal_email
from app.tenants.schemas import AgainForm
from app.tenants.views.base import bp
from app.tenants.views.entering import open_session
from app.tenants.views.showing import show_factor

WHY = "the session of whoever typed has ended; the page names him by a signed mark, and he gives his password"


@bp.get("/sign-in/again")
@public(WHY)
@before_factor
def sign_in_again() -> str:
    return _form(_user(request.args.get("who", "")))


@bp.post("/sign-in/again")
@public(WHY)
@before_factor
def sign_in_again_now() -> Response:
    user = _user(request.form.get("who", ""))
    user_id, name = user.id, user.name
    try:
        form, email = load_form(AgainForm), email_of(user)
        with transaction():
            signing.count_attempt("address", client_address())
        with transaction():
            signing.count_attempt("account", normal_email(email))
        with transaction():
            signing.check_credentials(email=email, password=form["password"], address=client_address())
        shown = None
        if has_factor(user_id):
            shown = show_factor(user_id, name, code=form["code"], passkey="", purpose=challenges.SIGN_IN)
        open_session(user_id, shown=shown)
    except DomainError as error:
        return make_response(_form(user, error), error.status)
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


def _form(user: User, refusal: DomainError | None = None) -> str:
    words = [sentence(refusal)] if refusal is not None else []
    at_code = isinstance(refusal, CodeWrong)
    errors = {"code": words if at_code else [], "password": [] if at_code else words}
    who = _signer().dumps(user.id.hex)
    return render_template("tenants/again.html", user=user, who=who, errors=errors, factor=has_factor(user.id))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt=f"again:{current_tenant().id}")


bp.add_app_template_global(mark_of_visitor)
