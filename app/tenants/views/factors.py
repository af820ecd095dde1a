"""One's own second factors: an app that shows codes, passkeys, recovery codes."""

from __future__ import annotations

import importlib
import io
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import current_tenant, db, transaction
from app.core.db.ids import from_public
from app.core.errors import DomainError, NotFound
from app.core.guard import totp
from app.core.http.access import ANY_USER, before_factor, require
from app.core.http.forms import load_form, render_form
from app.core.http.problems import NotSignedIn
from app.core.http.sessions import current_actor, current_visitor, drop_cookie, own_path
from app.core.http.stepup import prove_again
from app.core.http.visitors import Visitor
from app.tenants.errors import ChallengeOver
from app.tenants.models import User
from app.tenants.operations import challenges, factors, signing
from app.tenants.operations.links import email_of
from app.tenants.queries import factors as queries
from app.tenants.rules.signing import agent_label
from app.tenants.schemas import CodeForm, PasskeyForm
from app.tenants.views import showing
from app.tenants.views.base import bp
from app.tenants.views.entering import COOKIE, put_question
from app.tenants.views.proving import renew_session

TEMPLATE, SETTING_UP, CODES = "tenants/factors.html", "tenants/code_app.html", "tenants/recovery_codes.html"


@bp.get("/account/factors")
@require(ANY_USER, own=True)
@before_factor
def show_factors() -> str:
    return render_template(TEMPLATE, values={}, errors={}, wanted=own_path(request.args.get("next")), **_context())


@bp.post("/account/factors/app")
@require(ANY_USER, own=True)
@before_factor
@prove_again
def begin_app() -> BaseResponse:
    with transaction():
        factors.begin_app(current_actor())
    return redirect(url_for("tenants.show_app", next=_wanted()), 303)


@bp.get("/account/factors/app")
@require(ANY_USER, own=True)
@before_factor
@prove_again
def show_app() -> str | Response | BaseResponse:
    if queries.begun_secret(_visitor().user_id) is None:
        return redirect(url_for("tenants.show_factors"), 303)
    return render_form(SETTING_UP, values={"next": own_path(request.args.get("next"))}, **_secret())


@bp.get("/account/factors/app/code.svg")
@require(ANY_USER, own=True)
@before_factor
@prove_again
def show_app_code() -> Response:
    user = _user()
    secret = queries.begun_secret(user.id)
    if secret is None:
        raise NotFound
    # Loaded by the first who sets up an app: few processes ever need to draw one.
    segno: Any = importlib.import_module("segno")
    drawn = io.BytesIO()
    address = totp.provisioning_uri(secret, email_of(user), current_tenant().name)
    segno.make(address, error="m").save(drawn, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=False)
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@bp.post("/account/factors/app/confirm")
@require(ANY_USER, own=True)
@before_factor
@prove_again
def confirm_app() -> str | Response | BaseResponse:
    visitor = _visitor()
    if queries.begun_secret(visitor.user_id) is None:
        return redirect(url_for("tenants.show_factors"), 303)
    context = _secret()
    try:
        form = load_form(CodeForm)
        with transaction():
            signing.count_attempt("factor", str(visitor.user_id))
        with transaction():
            codes = factors.confirm_app(current_actor(), form["code"], session_id=visitor.session_id)
            signing.forgive("factor", str(visitor.user_id))
    except DomainError as error:
        return render_form(SETTING_UP, error, **context)
    return _added(codes, form["next"])


@bp.post("/account/factors/app/remove")
@require(ANY_USER, own=True)
@prove_again
def remove_app() -> str | Response | BaseResponse:
    try:
        with transaction():
            factors.remove_app(current_actor())
    except DomainError as error:
        return render_form(TEMPLATE, error, wanted="/", **_context())
    return _back(gettext("The app is no longer asked for."))


@bp.post("/account/factors/codes")
@require(ANY_USER, own=True)
@prove_again
def renew_codes() -> str:
    with transaction():
        codes = factors.renew_codes(current_actor())
    return _codes(codes, url_for("tenants.show_factors"))


@bp.post("/account/passkeys/options")
@require(ANY_USER, own=True)
@before_factor
@prove_again
def new_passkey_options() -> Response:
    user = _user()
    person = {"user_id": user.id.bytes, "email": email_of(user), "name": user.name}
    known = [key.credential_id for key in queries.factors_of(user.id).passkeys]
    response = Response(mimetype="application/json")
    asked = put_question(response, challenges.ADD, user.id)
    place, dealership = showing.place(), current_tenant().name
    options = showing.ceremonies().creation_options(place, asked.nonce, dealership=dealership, known=known, **person)
    response.set_data(jsonify(options).get_data())
    return response


@bp.post("/account/passkeys")
@require(ANY_USER, own=True)
@before_factor
@prove_again
def add_passkey() -> str | Response | BaseResponse:
    visitor = _visitor()
    try:
        form = load_form(PasskeyForm)
        asked = showing.question(challenges.ADD, visitor.user_id)
        if asked is None:
            raise ChallengeOver
        made = showing.ceremonies().check_creation(showing.place(), asked.nonce, form["passkey"])
        label = form["label"] or agent_label(request.headers.get("User-Agent", ""))
        with transaction():
            if not challenges.close_challenge(asked.id):
                raise ChallengeOver
            codes = factors.add_passkey(current_actor(), made, label=label, session_id=visitor.session_id)
    except DomainError as error:
        return render_form(TEMPLATE, error, wanted="/", **_context())
    response = _added(codes, form["next"])
    drop_cookie(response, COOKIE)
    return response


@bp.post("/account/passkeys/<passkey_id>/remove")
@require(ANY_USER, own=True)
@prove_again
def remove_passkey(passkey_id: str) -> str | Response | BaseResponse:
    try:
        with transaction():
            factors.remove_passkey(current_actor(), from_public("key", passkey_id))
    except DomainError as error:
        return render_form(TEMPLATE, error, wanted="/", **_context())
    return _back(gettext("The passkey is no longer accepted."))


def _added(codes: list[str], wanted: str) -> Any:
    """What follows a new factor: this session has shown it, and recovery codes are shown once."""
    renew_session(_visitor(), factor=True)
    if codes:
        return Response(_codes(codes, own_path(wanted)))
    flash(gettext("From now on you are asked for it when you sign in. Other devices are signed out."))
    return redirect(own_path(wanted) if own_path(wanted) != "/" else url_for("tenants.show_factors"), 303)


def _codes(codes: list[str], wanted: str) -> str:
    return render_template(CODES, codes=codes, wanted=wanted if wanted != "/" else url_for("tenants.show_factors"))


def _secret() -> dict[str, Any]:
    """The secret for those who cannot take a picture, in groups of four."""
    secret = queries.begun_secret(_visitor().user_id) or ""
    return {"secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))}


def _context() -> dict[str, Any]:
    return {"factors": queries.factors_of(_visitor().user_id), "owed": _visitor().lacks_factor}


def _wanted() -> str | None:
    wanted = own_path(request.form.get("next"))
    return wanted if wanted != "/" else None


def _visitor() -> Visitor:
    visitor = current_visitor()
    if visitor is None:
        raise NotSignedIn
    return visitor


def _user() -> User:
    user = db.session.get(User, _visitor().user_id)
    if user is None:
        raise NotFound
    return user


def _back(message: str) -> BaseResponse:
    flash(message)
    return redirect(url_for("tenants.show_factors"), 303)
