"""Signing in through the dealership's own identity provider, and the page that names it."""

from __future__ import annotations

import hmac
import importlib
import secrets
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import current_tenant, end_reading, transaction
from app.core.db.ids import to_public
from app.core.errors import DomainError, NotFound
from app.core.http.access import before_factor, public, require
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import (
    client_address,
    cookie_name,
    current_actor,
    drop_cookie,
    own_path,
    place,
    request_host,
    set_cookie,
    settings,
)
from app.core.http.stepup import prove_again
from app.tenants import queries
from app.tenants.errors import IssuerRefused, PartnerRefused, PartnerUnreachable, TooManyAttempts
from app.tenants.models import IdentityProvider
from app.tenants.operations import partners, signing
from app.tenants.queries import people
from app.tenants.queries.partners import count_identities, enabled_provider, find_provider, secret_of
from app.tenants.rules.partners import CALLBACK, issuer_of, shown_name, subject_of, verified_email
from app.tenants.schemas import PartnerAnswerForm, ProviderForm
from app.tenants.views.base import bp
from app.tenants.views.entering import enter

TEMPLATE, BACK, SIGN_IN = "tenants/provider.html", "tenants/partner_back.html", "tenants/sign_in.html"
COOKIE, SECONDS = "partner", 600


@bp.get("/identity-provider")
@require("dealership.identity")
def show_provider() -> str | Response:
    known = find_provider()
    values: dict[str, Any] = {"enabled": True}
    if known is not None:
        values = {name: getattr(known, name) for name in ("name", "issuer", "client_id", "enabled")}
        values["role_id"] = to_public("role", known.role_id) if known.role_id else ""
        values["store_id"] = to_public("store", known.store_id) if known.store_id else ""
    return render_form(TEMPLATE, values=values, **_context())


@bp.post("/identity-provider")
@require("dealership.identity", own=True)
@prove_again
def save_provider() -> str | Response | BaseResponse:
    try:
        form = load_form(ProviderForm)
        form["issuer"] = issuer_of(form["issuer"])
        if form["enabled"]:
            _find_issuer(form["issuer"], form["client_id"])
        with transaction():
            partners.name_provider(current_actor(), **form)
    except DomainError as error:
        return render_form(TEMPLATE, error, **_context())
    flash(gettext("Saved."))
    return redirect(url_for("tenants.show_provider"), 303)


@bp.get("/sign-in/partner")
@public("nobody is signed in yet")
@before_factor
def ask_partner() -> BaseResponse:
    """To the provider. Nothing is written: what the answer must fit to travels in a signed cookie of this browser."""
    party = _known(_provider())
    asked = {name: secrets.token_urlsafe(48) for name in ("state", "nonce", "verifier")}
    end_reading()
    response = redirect(_client().authorization_url(party, **asked), 303)
    set_cookie(response, COOKIE, _signer().dumps({**asked, "next": own_path(request.args.get("next"))}))
    return response


@bp.get("/sign-in/partner/callback")
@public("what the provider says is checked before anybody is let in")
@before_factor
def come_back() -> str:
    """A form that goes on by itself: reading an address signs nobody in."""
    known = _provider()
    values = {name: request.args.get(name, "")[:4000] for name in ("code", "state")}
    return render_template(BACK, partner=known, values=values, errors={})


@bp.post("/sign-in/partner/callback")
@public("what the provider says is checked before anybody is let in")
@before_factor
def enter_from_partner() -> Response | BaseResponse:
    known = _provider()
    try:
        with transaction():
            signing.count_attempt("address", client_address())
        form, asked = load_form(PartnerAnswerForm), _asked()
        if not form["code"] or not hmac.compare_digest(form["state"].encode(), asked["state"].encode()):
            raise PartnerRefused
        sent = {"code": form["code"], "nonce": asked["nonce"], "verifier": asked["verifier"]}
        party = _known(known)
        end_reading()
        claims = _client().identify(party, **sent)
        subject, email = subject_of(claims), verified_email(claims)
        if subject is None:
            raise PartnerRefused
        with transaction():
            user_id = partners.meet(known, subject=subject, email=email, name=shown_name(claims, email or ""))
            signing.forgive_one(client_address())
        response: Any = enter(user_id, own_path(asked["next"]))
    except TooManyAttempts as error:
        # On record once for each time an address has to wait, not for each request it makes meanwhile.
        response = render_form(SIGN_IN, error, shown={}, partner=known)
    except DomainError as error:
        with transaction():
            partners.note_refused(error)
        response = render_form(SIGN_IN, error, shown={}, partner=known)
    drop_cookie(response, COOKIE)
    return response


def _provider() -> IdentityProvider:
    known = enabled_provider()
    if known is None:
        raise NotFound
    return known


def _known(known: IdentityProvider) -> Any:
    return _party(known.issuer, known.client_id, secret_of(known))


def _party(issuer: str, client_id: str, secret: str = "") -> Any:
    """The provider as the client knows it. People come back to the very host they left."""
    back = f"{settings().public_scheme}://{request.headers.get('Host', '')}{CALLBACK}"
    return _client().Provider(current_tenant().id, issuer, client_id, back, settings().is_loopback, secret)


def _find_issuer(issuer: str, client_id: str) -> None:
    """Ask the provider who it is before people are sent there; raises IssuerRefused."""
    end_reading()
    try:
        _client().discover(_party(issuer, client_id), anew=True)
    except PartnerUnreachable as error:
        raise IssuerRefused(field="issuer") from error


def _client() -> Any:
    """The module that speaks with providers, loaded by the first request that needs it."""
    return importlib.import_module("app.tenants.views.partner_client")


def _asked() -> dict[str, str]:
    """What this browser was sent away with; raises PartnerRefused for none, another host's, or one too old."""
    try:
        found: dict[str, str] = _signer().loads(request.cookies.get(cookie_name(COOKIE), ""), max_age=SECONDS)
    except BadSignature as error:
        raise PartnerRefused from error
    return found


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt=f"partner:{place()}:{request_host()}")


def _context() -> dict[str, Any]:
    stores = queries.list_open_stores(current_actor(), "dealership.identity")
    return {
        "known": find_provider(),
        "links": count_identities(),
        "callback": f"{settings().public_scheme}://{request.headers.get('Host', '')}{CALLBACK}",
        "roles": [(to_public("role", line.role.id), gettext(line.role.name)) for line in people.list_roles()],
        "stores": [(to_public("store", store.id), store.name) for store in stores],
    }
