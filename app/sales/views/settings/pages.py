"""Pages of the settings of sales: what there is, and a policy's form with the versions there have been."""

from __future__ import annotations

import uuid
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_babel import gettext
from marshmallow import fields

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, NotFound
from app.core.guard.permissions import allows, covers
from app.core.http.access import require
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import current_actor
from app.sales.operations.policies import set_policy
from app.sales.queries import policies
from app.sales.views.pages import bp
from app.sales.views.settings import SETTINGS, Link, Setting
from app.tenants import queries as tenants

SEE, EDIT = "sales_setting.see", "sales_setting.edit"


@bp.get("/sales-settings")
@require(SEE)
def list_settings():
    actor, shown = current_actor(), []
    for item in SETTINGS:
        if isinstance(item, Link):
            if item.endpoint in current_app.view_functions and allows(actor, item.permission):
                shown.append({"item": item, "url": url_for(item.endpoint), "policy": None})
        else:
            url = url_for("sales.show_setting", policy_kind=item.kind.value)
            shown.append({"item": item, "url": url, "policy": policies.in_force(None, item.kind)})
    return render_form("sales/settings/list.html", settings=shown)


@bp.get("/sales-settings/<policy_kind>")
@require(SEE)
def show_setting(policy_kind: str):
    return _form(_setting(policy_kind), _store(request.args.get("store", "")))


@bp.post("/sales-settings/<policy_kind>")
@require(EDIT)
def save_setting(policy_kind: str):
    setting = _setting(policy_kind)
    store_id = _store(request.form.get("store", ""))
    try:
        data = load_form(_whole(setting))
        held = {"store_id": store_id, "effective_from": data.pop("effective_from"), "number": data.pop("number")}
        del data["store"]
        with transaction():
            made = set_policy(actor=current_actor(), kind=setting.kind, body=setting.to_body(data), **held)
            number = made.number
    except DomainError as error:
        return _form(setting, store_id, error)
    flash(gettext("Version %(number)s is set.", number=number))
    return redirect(url_for("sales.show_setting", policy_kind=policy_kind, store=_public(store_id) or None), 303)


def _setting(kind: str) -> Setting:
    for item in SETTINGS:
        if isinstance(item, Setting) and item.kind.value == kind:
            return item
    raise NotFound


def _whole(setting: Setting) -> Any:
    """The schema of the form: the setting's own fields, and those every policy has."""
    return setting.schema().from_dict(
        {
            "store": fields.String(load_default=""),
            "effective_from": fields.Date(load_default=None),
            "number": fields.Integer(load_default=0),
        },
        name="PolicyForm",
    )


def _store(text: str) -> uuid.UUID | None:
    """The store a page is about, which must be one of the visitor's; None is all of them."""
    if not text:
        return None
    store_id = tenants.get_store(from_public("store", text)).id
    if not covers(current_actor(), SEE, owner_id=None, store_id=store_id):
        raise NotFound
    return store_id


def _public(store_id: uuid.UUID | None) -> str:
    return to_public("store", store_id) if store_id else ""


def _form(setting: Setting, store_id: uuid.UUID | None, error: DomainError | None = None) -> Any:
    actor, now = current_actor(), policies.in_force(store_id, setting.kind)
    places = [("", gettext("All stores"))]
    places += [(to_public("store", store.id), store.name) for store in tenants.list_open_stores(actor, SEE)]
    found = policies.versions(setting.kind, store_id)
    return render_form(
        setting.template,
        error,
        values={**setting.to_values(now.body if now else None), "effective_from": policies.today_at(store_id)},
        setting=setting,
        kind=setting.kind.value,
        store=_public(store_id),
        stores=places,
        policy=now,
        is_inherited=now is not None and now.store_id != store_id,
        versions=found,
        number=found[0].policy.number if found else 0,
        may_save=covers(actor, EDIT, owner_id=None, store_id=store_id),
        **setting.context(actor),
    )
