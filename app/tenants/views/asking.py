"""The second step of signing in: a code or a passkey after the password; and signing in with a passkey alone."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import db, transaction
from app.core.errors import DomainError
from app.core.http.access import before_factor, public
from app.core.http.forms import load_form, render_form
from app.core.http.problems import sentence
from app.core.http.sessions import client_address, drop_cookie, own_path
from app.tenants.errors import ChallengeOver
from app.tenants.models import Challenge, User
from app.tenants.operations import challenges, factors, signing
from app.tenants.queries.factors import passkeys_at
from app.tenants.schemas import FactorForm, PasskeySignInForm
from app.tenants.views import showing
from app.tenants.views.base import bp
from app.tenants.views.entering import COOKIE, open_session, put_question

TEMPLATE = "tenants/factor.html"
WHY = "the password was right, and the browser holds the token of the question that followed"
ALONE = "nobody is signed in yet; a passkey shows who it is"


@bp.get("/sign-in/factor")
@public(WHY)
@before_factor
def ask_factor() -> str | BaseResponse:
    asked = showing.question(challenges.SIGN_IN)
    if asked is None:
        return redirect(url_for("tenants.sign_in", next=request.args.get("next")), 303)
    values = {"next": own_path(request.args.get("next"))}
    return render_template(TEMPLATE, values=values, errors={}, **_context(asked))


@bp.post("/sign-in/factor")
@public(WHY)
@before_factor
def show_factor() -> str | Response | BaseResponse:
    asked = showing.question(challenges.SIGN_IN)
    if asked is None:
        return _begin_again()
    user = db.session.get(User, asked.user_id)
    if user is None:
        return _begin_again()
    # What the rows say is read before the transactions that follow let go of them.
    key, user_id, name, context = asked.id, user.id, user.name, _context(asked)
    try:
        form = load_form(FactorForm)
        with transaction():
            if not challenges.count_try(key):
                raise ChallengeOver
        shown = showing.show_factor(
            user_id, name, code=form["code"], passkey=form["passkey"], purpose=challenges.SIGN_IN
        )
        with transaction():
            if not challenges.close_challenge(key):
                raise ChallengeOver
        open_session(user_id, shown=shown)
    except ChallengeOver:
        with transaction():
            challenges.close_challenge(key)
        return _begin_again()
    except DomainError as error:
        return render_form(TEMPLATE, error, **context)
    if shown == factors.RECOVERY:
        flash(gettext("You used a recovery code. It is void now."), "info")
    return _without_question(redirect(own_path(form["next"]), 303))


@bp.post("/sign-in/factor/options")
@public(WHY)
@before_factor
def factor_options() -> Response:
    asked = showing.question(challenges.SIGN_IN)
    if asked is None:
        raise ChallengeOver
    return jsonify(showing.signing_options(asked))


@bp.post("/sign-in/passkey/options")
@public(ALONE)
@before_factor
def passkey_options() -> Response:
    with transaction():
        signing.count_attempt("address", client_address())
    response = Response()
    asked = put_question(response, challenges.PASSKEY, None)
    return _filled(response, showing.signing_options(asked))


@bp.post("/sign-in/passkey")
@public(ALONE)
@before_factor
def sign_in_with_passkey() -> str | Response | BaseResponse:
    try:
        form = load_form(PasskeySignInForm)
        taken = showing.take_passkey(form["passkey"], challenges.PASSKEY)
        open_session(taken.user_id, shown=taken.kind)
        with transaction():
            signing.forgive_one(client_address())
    except DomainError as error:
        flash(sentence(error), "error")
        return _without_question(redirect(url_for("tenants.sign_in"), 303))
    return _without_question(redirect(own_path(form["next"]), 303))


def _context(asked: Challenge) -> dict[str, Any]:
    return {"passkeys": bool(asked.user_id and passkeys_at(asked.user_id, asked.host))}


def _begin_again() -> BaseResponse:
    flash(sentence(ChallengeOver()), "error")
    return _without_question(redirect(url_for("tenants.sign_in"), 303))


def _without_question(response: BaseResponse) -> BaseResponse:
    drop_cookie(response, COOKIE)
    return response


def _filled(response: Response, options: dict[str, Any]) -> Response:
    response.set_data(jsonify(options).get_data())
    response.mimetype = "application/json"
    return response
