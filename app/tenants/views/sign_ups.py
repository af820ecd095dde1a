"""Signing up on the bare host: the form, the page behind the mail's link, and the wait for the dealership."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import find_tenant, transaction
from app.core.errors import DomainError, NotFound
from app.core.http.access import public
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import client_address, settings
from app.core.languages import known_language
from app.tenants.operations import sign_ups
from app.tenants.operations.provisioning import TenantRequest
from app.tenants.rules.sign_ups import COUNTRIES, TIMEZONES, USUAL_COUNTRY
from app.tenants.rules.signing import normal_email
from app.tenants.schemas import ConfirmForm, SignUpForm
from app.tenants.views.base import bp

FORM, LINK, MAILS = "tenants/sign_up.html", "tenants/sign_up_link.html", "tenants/sign_up_mails.html"
WHY = "whoever opens a dealership has none to sign in at; the bare host alone answers"
# Another process may hear of the new host a second after this one.
SECONDS = 1


@bp.get("/sign-up")
@public(WHY, bare=True)
def sign_up() -> str:
    _only_here()
    country = USUAL_COUNTRY.get(_locale(), "US")
    sent = "sent" in request.args
    return render_template(FORM, values={"country": country}, errors={}, sent=sent, **_choices())


@bp.post("/sign-up")
@public(WHY, bare=True)
def ask_for_dealership() -> str | Response | BaseResponse:
    _only_here()
    try:
        form = load_form(SignUpForm)
        with transaction():
            sign_ups.count_attempt("address", client_address())
        with transaction():
            sign_ups.count_attempt("email", normal_email(form["email"]))
        with transaction():
            sign_ups.ask(_request(form))
    except DomainError as error:
        return render_form(FORM, error, sent=False, **_choices())
    return redirect(url_for("tenants.sign_up", sent=1), 303)


@bp.get("/sign-up/mails")
@public("the demo's mail catcher (DEMO_MAIL, on loopback alone), for mails before there is a dealership", bare=True)
def list_sign_up_mails() -> str:
    _only_here()
    if not settings().demo_mail:
        raise NotFound
    return render_template(MAILS, mails=sign_ups.caught_mails())


@bp.get("/sign-up/<sign_up_id>/<token>")
@public("the token in the link is the proof; the bare host alone answers", bare=True)
def open_sign_up(sign_up_id: str, token: str) -> str | Response:
    _only_here()
    found = sign_ups.look(sign_up_id, token)
    if found.tenant_id is None:
        return render_template(LINK, values={}, errors={}, **_about(found))
    made = sign_ups.found_dealership(found)
    url = sign_ups.way_in(found, made) if made else None
    response = make_response(render_template(LINK, values={}, errors={}, url=url, made=made, **_about(found)))
    # Works without scripts, and leads to another host, which no form may.
    response.headers["Refresh"] = f"{SECONDS}; url={url}" if url else str(SECONDS)
    return response


@bp.post("/sign-up/<sign_up_id>/<token>")
@public("the token in the link is the proof; the bare host alone answers", bare=True)
def confirm_sign_up(sign_up_id: str, token: str) -> str | Response | BaseResponse:
    _only_here()
    found = sign_ups.look(sign_up_id, token)
    try:
        form = load_form(ConfirmForm)
        if found.tenant_id is None:
            with transaction():
                sign_ups.count_attempt("made", client_address())
            with transaction():
                sign_ups.confirm(found, form["slug"])
    except DomainError as error:
        return render_form(LINK, error, **_about(found))
    return redirect(request.path, 303)


def _only_here() -> None:
    if find_tenant() is not None or not settings().sign_up:
        raise NotFound


def _locale() -> str:
    return known_language(str(get_locale())) or "en"


def _request(form: dict[str, Any]) -> TenantRequest:
    country = COUNTRIES[form["country"]]
    return TenantRequest(
        slug=form["slug"].lower(),
        name=form["name"],
        country=form["country"],
        locale=_locale(),
        currency=country.currency,
        timezone=form["timezone"] or country.timezone,
        store_name=form["name"],
        admin_name=form["admin_name"],
        admin_email=form["email"],
    )


def _choices() -> dict[str, Any]:
    return {
        "countries": [(code, gettext(country.name)) for code, country in COUNTRIES.items()],
        "timezones": [(name, name.replace("_", " ")) for name in TIMEZONES],
        "base_host": settings().base_host,
        "demo_mail": settings().demo_mail,
    }


def _about(found: sign_ups.SignUp) -> dict[str, Any]:
    asked = found.request
    return {"asked": asked, "host": f"{asked.slug}.{settings().base_host}" if asked else None, "found": found}
