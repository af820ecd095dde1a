"""Showing once more who it is, in a session: the page that asks, and what it does with the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import transaction
from app.core.errors import DomainError
from app.core.http import problems, stepup
from app.core.http.access import ANY_USER, before_factor, require
from app.core.http.forms import SECRET_FIELDS
from app.core.http.problems import FactorMissing, on_domain_error, sentence
from app.core.http.sessions import current_visitor, hash_token, new_token, own_path, request_host, server_session
from app.core.http.stepup import CODE, FRESH, PASSKEY, PASSWORD, ProofNeeded, asks_for_factor, prove_again
from app.core.http.visitors import Visitor
from app.tenants.errors import CodeWrong
from app.tenants.operations import challenges, factors, signing
from app.tenants.queries.factors import passkeys_at
from app.tenants.views import showing
from app.tenants.views.base import bp
from app.tenants.views.entering import put_question

TEMPLATE = "tenants/proof.html"


@bp.get("/confirm")
@require(ANY_USER)
@before_factor
def confirm() -> str | BaseResponse:
    visitor, wanted = _visitor(), own_path(request.args.get("next"))
    since = visitor.factor_at if asks_for_factor(visitor) else visitor.proved_at
    if since is not None and clock.now() - since < FRESH:
        return redirect(wanted, 303)
    return _page(url_for("tenants.confirm_now"), [("next", wanted)])


@bp.post("/confirm")
@require(ANY_USER)
@before_factor
@prove_again
def confirm_now() -> BaseResponse:
    return redirect(own_path(request.form.get("next")), 303)


@bp.post("/confirm/options")
@require(ANY_USER)
@before_factor
def confirm_options() -> Response:
    with transaction():
        signing.count_attempt("factor", str(_visitor().user_id))
    response = Response(mimetype="application/json")
    asked = put_question(response, challenges.CONFIRM, _visitor().user_id)
    response.set_data(jsonify(showing.signing_options(asked)).get_data())
    return response


def prove(visitor: Visitor, answers: Mapping[str, str]) -> None:
    """Check an answer and give the session a new token; raises whatever refuses it."""
    factor = asks_for_factor(visitor)
    if not factor:
        with showing.password_asked(visitor.actor), transaction():
            signing.confirm_password(visitor.actor, answers.get(PASSWORD, ""))
    else:
        passkey = answers.get(PASSKEY, "")
        code = answers.get(CODE, "")
        if not (passkey or code):
            raise CodeWrong
        showing.show_factor(visitor.user_id, visitor.name, code=code, passkey=passkey, purpose=challenges.CONFIRM)
    renew_session(visitor, factor=factor)


def renew_session(visitor: Visitor, *, factor: bool) -> None:
    """The session has shown more than before: the browser gets another token for it."""
    token, now = new_token(), clock.now()
    with transaction():
        factors.prove_session(visitor.actor, visitor.session_id, token_hash=hash_token(token), factor=factor)
    visitor.proved_at = now
    if factor:
        visitor.factor_at = now
    server_session().start(token)


@bp.app_errorhandler(ProofNeeded)
def ask_for_proof(error: ProofNeeded) -> BaseResponse:
    """A page that asks and carries what was sent; a redirect where nothing was."""
    if problems.wants_json():
        return on_domain_error(error)
    if request.headers.get("HX-Request"):
        return _elsewhere(url_for("tenants.confirm", next=_page_of_htmx()))
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("tenants.confirm", next=request.full_path.rstrip("?")), 303)
    sent, refusal = stepup.sent_fields(), error.refusal
    if any(name in SECRET_FIELDS for name, _ in sent):
        # A password is never put back onto a page, so what was typed cannot go on by itself.
        flash(gettext("Show once more that it is you, then enter it again."), "info")
        return redirect(url_for("tenants.confirm", next=own_path(urlsplit(request.referrer or "").path)), 303)
    page = _page(request.full_path.rstrip("?"), sent, refusal)
    response = current_app.make_response((page, refusal.status if refusal else error.status))
    if refusal is not None and "retry_after" in refusal.params:
        response.headers["Retry-After"] = str(refusal.params["retry_after"])
    return response


@bp.app_errorhandler(FactorMissing)
def ask_for_factor(error: FactorMissing) -> BaseResponse:
    """To where a factor is shown or set up, from a page; a refusal for everything else."""
    target = "tenants.confirm" if _visitor().has_factor else "tenants.show_factors"
    if problems.wants_json():
        return on_domain_error(error)
    if request.headers.get("HX-Request"):
        return _elsewhere(url_for(target, next=_page_of_htmx()))
    if request.method in ("GET", "HEAD"):
        return redirect(url_for(target, next=request.full_path.rstrip("?")), 303)
    return on_domain_error(error)


def _page(action: str, sent: list[tuple[str, str]], refusal: DomainError | None = None) -> str:
    visitor = _visitor()
    factor = asks_for_factor(visitor)
    field = CODE if factor else PASSWORD
    context: dict[str, Any] = {
        "action": action,
        "sent": sent,
        "factor": factor,
        "passkeys": factor and bool(passkeys_at(visitor.user_id, request_host())),
        "values": {},
        "errors": {field: [sentence(refusal)]} if refusal is not None else {},
    }
    return render_template(TEMPLATE, **context)



def _page_of_htmx() -> str:
    """The path of the page a part of which was asked for."""
    parts = urlsplit(request.headers.get("HX-Current-URL", ""))
    return own_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def _elsewhere(url: str) -> Response:
    response = Response(status=403)
    response.headers["HX-Redirect"] = url
    return response


def _visitor() -> Visitor:
    visitor = current_visitor()
    if visitor is None:
        raise problems.NotSignedIn
    return visitor


def _install(state: BlueprintSetupState) -> None:
    stepup.install_prover(cast("Flask", state.app), prove)


bp.record_once(_install)
