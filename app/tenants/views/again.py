"""Signing in again in place: the session ended while somebody was typing, and what was typed stays in the browser."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, jsonify, make_response, render_template, request
from itsdangerous import BadSignature, URLSafeSerializer

from app.core.db import current_tenant, db, transaction
from app.core.errors import DomainError, NotFound
from app.core.http.access import before_factor, public
from app.core.http.forms import load_form
from app.core.http.problems import sentence
from app.core.http.sessions import client_address, current_visitor, drop_cookie, request_host, settings
from app.tenants.errors import ChallengeOver, CodeWrong, PasskeyRefused, PasswordWrong
from app.tenants.models import User
from app.tenants.operations import challenges, signing
from app.tenants.operations.links import email_of
from app.tenants.queries.factors import has_factor, passkeys_at
from app.tenants.schemas import AgainForm
from app.tenants.views import showing
from app.tenants.views.base import bp
from app.tenants.views.entering import COOKIE, check_password, open_session, put_question

WHY = "the session of whoever typed has ended; the page names him by a signed mark, and he shows who he is"


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
    user_id = user.id
    try:
        form = load_form(AgainForm)
        shown = _by_passkey(user, form["passkey"]) if form["passkey"] else _by_password(user, form)
        open_session(user_id, shown=shown)
        if form["passkey"]:
            with transaction():
                signing.forgive_one(client_address())
    except DomainError as error:
        return make_response(_form(user, error), error.status)
    response = Response(status=204)
    drop_cookie(response, COOKIE)
    return response


@bp.post("/sign-in/again/options")
@public(WHY)
@before_factor
def again_options() -> Response:
    """What a passkey of whoever the page was for is asked; it shows who holds it, so no password is asked beside it."""
    user_id = _user(request.args.get("who", "")).id
    with transaction():
        signing.count_attempt("address", client_address())
    response = Response(mimetype="application/json")
    asked = put_question(response, challenges.CONFIRM, user_id)
    response.set_data(jsonify(showing.signing_options(asked)).get_data())
    return response


def _by_passkey(user: User, answer: str) -> str:
    return showing.show_factor(user.id, user.name, code="", passkey=answer, purpose=challenges.CONFIRM)


def _by_password(user: User, form: dict[str, Any]) -> str | None:
    if not form["password"]:
        raise PasswordWrong
    user_id, name, email = user.id, user.name, email_of(user)
    check_password(email, form["password"])
    if not has_factor(user_id):
        return None
    return showing.show_factor(user_id, name, code=form["code"], passkey="", purpose=challenges.SIGN_IN)


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
    at = "passkey" if isinstance(refusal, (PasskeyRefused, ChallengeOver)) else "password"
    errors = {"code" if isinstance(refusal, CodeWrong) else at: words}
    context = {"factor": has_factor(user.id), "passkeys": bool(passkeys_at(user.id, request_host()))}
    who = _signer().dumps(user.id.hex)
    return render_template("tenants/again.html", user=user, who=who, errors=errors, **context)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt=f"again:{current_tenant().id}")


bp.add_app_template_global(mark_of_visitor)
