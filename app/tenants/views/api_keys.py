"""API keys: which there are, making one, replacing its text, revoking it."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError
from app.core.guard.permissions import Scope, declared, scope_of
from app.core.http.access import may, require
from app.core.http.forms import load_form, render_form
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.core.http.stepup import prove_again
from app.tenants import lists, queries
from app.tenants.operations import api_keys
from app.tenants.queries import api_keys as found
from app.tenants.queries import people
from app.tenants.queries.key_usage import usage_of
from app.tenants.rules.api_keys import DAYS, may_hold
from app.tenants.schemas import ApiKeyForm, ApiKeyRotationForm
from app.tenants.views.base import bp
from app.tenants.views.histories import action_words, record_history
from app.tenants.views.words import RESOURCES, VERBS

FORM, PAGE, TEXT = "tenants/api_key_new.html", "tenants/api_key.html", "tenants/api_key_text.html"
SPANS = (7, 30, 90)
TONES = {"active": "green", "expired": "amber", "revoked": "neutral"}


@bp.get("/api-keys")
@require("api_key.see")
def list_api_keys() -> Response:
    choices = queries.filter_choices(current_actor(), "api_key.see", "role", "store")
    return list_view(
        lists.API_KEYS,
        "tenants/api_keys.html",
        choices={
            "role": [(to_public("role", key), gettext(name)) for key, name in choices["role"]],
            "store": [(to_public("store", key), name) for key, name in choices["store"]],
        },
    )


@bp.get("/api-keys/new")
@require("api_key.create")
def new_api_key() -> str | Response:
    return render_form(FORM, values={"days": DAYS[1]}, **_choices())


@bp.post("/api-keys")
@require("api_key.create", own=True)
@prove_again
def create_api_key() -> str | Response | BaseResponse:
    try:
        form = load_form(ApiKeyForm)
        with transaction():
            key, text = api_keys.create_key(current_actor(), **form)
    except DomainError as error:
        return render_form(FORM, error, **_choices())
    return _shown_once(key, text)


@bp.get("/api-keys/<api_key_id>")
@require("api_key.see")
def show_api_key(api_key_id: str) -> str:
    line = found.get_key(current_actor(), "api_key.see", from_public("apk", api_key_id))
    return render_template(
        PAGE,
        line=line,
        status=(TONES[line.state], gettext(lists.KEY_LABELS[line.state])),
        rights=_rights(line.key.permissions),
        values={},
        errors={},
        history=record_history("api_key", line.key.id),
        action_words=action_words(),
    )


@bp.get("/api-keys/<api_key_id>/usage")
@require("api_key.see")
def show_api_key_usage(api_key_id: str) -> str:
    key = found.get_key(current_actor(), "api_key.see", from_public("apk", api_key_id)).key
    asked = request.args.get("days", type=int)
    days = asked if asked in SPANS else SPANS[1]

    def at(span: int) -> str:
        return url_for("tenants.show_api_key_usage", api_key_id=api_key_id, days=span if span != SPANS[1] else None)

    return render_template(
        "tenants/api_key_usage.html",
        key=key,
        usage=usage_of(key.id, days),
        choices=[(ngettext("%(num)s day", "%(num)s days", span), at(span), span == days, None) for span in SPANS],
        entries_url=url_for("audit.list_entries", key=api_key_id) if may("audit.see") else None,
    )


@bp.post("/api-keys/<api_key_id>/rotate")
@require("api_key.edit", own=True)
@prove_again
def rotate_api_key(api_key_id: str) -> str:
    key_id = from_public("apk", api_key_id)
    found.get_key(current_actor(), "api_key.edit", key_id)
    form = load_form(ApiKeyRotationForm)
    with transaction():
        key, text = api_keys.rotate_key(current_actor(), key_id, **form)
    return _shown_once(key, text)


@bp.post("/api-keys/<api_key_id>/revoke")
@require("api_key.edit")
def revoke_api_key(api_key_id: str) -> BaseResponse:
    with transaction():
        api_keys.revoke_key(current_actor(), from_public("apk", api_key_id))
    flash(gettext("The key is revoked: nothing that uses it gets in any more."))
    return redirect(url_for("tenants.show_api_key", api_key_id=api_key_id), 303)


def _shown_once(key: Any, text: str) -> str:
    return render_template(TEXT, key=key, text=text, wanted=_page(key))


def _page(key: Any) -> str:
    return url_for("tenants.show_api_key", api_key_id=to_public("apk", key.id))


def _choices() -> dict[str, Any]:
    """Roles, stores and rights to choose from; the operation checks what the actor may give."""
    actor = current_actor()
    roles = [(to_public("role", line.role.id), gettext(line.role.name)) for line in people.list_roles()]
    stores = queries.list_open_stores(actor, "api_key.create")
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, permission in declared().items():
        if may_hold(name) and name in actor.grants:
            word = gettext(VERBS.get(permission.verb, permission.verb))
            groups.setdefault(gettext(RESOURCES.get(permission.resource, permission.resource)), []).append((name, word))
    return {
        "roles": roles,
        "stores": [(to_public("store", store.id), store.name) for store in stores],
        "everywhere": scope_of(actor, "api_key.create") is Scope.ALL,
        "groups": groups,
        "days": DAYS,
    }


def _rights(permissions: list[str]) -> list[tuple[str, str]]:
    """Each resource with the words of what the key may do there."""
    told: dict[str, list[str]] = {}
    for name in permissions:
        resource, _, verb = name.partition(".")
        told.setdefault(gettext(RESOURCES.get(resource, resource)), []).append(gettext(VERBS.get(verb, verb)))
    return [(resource, " · ".join(verbs)) for resource, verbs in told.items()]
