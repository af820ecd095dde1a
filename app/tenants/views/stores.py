"""Stores of the dealership."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask import Response, flash, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import current_tenant, transaction
from app.core.db.ids import from_public
from app.core.errors import DomainError
from app.core.guard.permissions import allows
from app.core.http.access import require
from app.core.http.edits import Opened, flash_saved, render_edit, save_edit
from app.core.http.forms import load_form, render_form
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.tenants import queries
from app.tenants.lists import STORES
from app.tenants.operations import stores
from app.tenants.queries import people
from app.tenants.schemas import StoreChangeForm, StoreForm, VersionForm
from app.tenants.views.base import bp
from app.tenants.views.histories import action_words, record_history

TEMPLATE = "tenants/store.html"


@bp.get("/stores")
@require("store.see")
def list_stores() -> Response:
    return list_view(STORES, "tenants/stores.html")


@bp.get("/stores/new")
@require("store.create")
def new_store() -> str | Response:
    return render_form(TEMPLATE, values={"timezone": current_tenant().timezone}, **_context())


@bp.post("/stores")
@require("store.create")
def create_store() -> str | Response | BaseResponse:
    try:
        form = load_form(StoreForm)
        with transaction():
            stores.open_store(current_actor(), **form)
    except DomainError as error:
        return render_form(TEMPLATE, error, **_context())
    return _back(gettext("The store is open."))


@bp.get("/stores/<store_id>")
@require("store.see")
def show_store(store_id: str) -> str | Response:
    store = people.get_store_for(current_actor(), "store.see", from_public("store", store_id))
    return render_edit(TEMPLATE, _opened(store), **_context(store))


@bp.post("/stores/<store_id>")
@require("store.edit")
def change_store(store_id: str) -> str | Response | BaseResponse:
    actor, key = current_actor(), from_public("store", store_id)

    def now() -> Opened:
        return _opened(people.get_store_for(actor, "store.edit", key))

    try:
        saved = save_edit(now, lambda form: stores.change_store(actor, key, **form))
    except DomainError as error:
        return render_edit(TEMPLATE, now(), error, **_context(people.get_store_for(actor, "store.edit", key)))
    flash_saved(saved, TEMPLATE)
    return _back(gettext("Saved."))


@bp.post("/stores/<store_id>/close")
@require("store.delete")
def close_store(store_id: str) -> str | Response | BaseResponse:
    actor = current_actor()
    store = people.get_store_for(actor, "store.delete", from_public("store", store_id))
    context = _context(store)
    try:
        form = load_form(VersionForm)
        with transaction():
            stores.close_store(actor, store.id, version=form["version"])
    except DomainError as error:
        return render_edit(TEMPLATE, _opened(store), error, **context)
    return _back(gettext("The store is closed."))


def _opened(store: Any) -> Opened:
    values = {name: getattr(store, name) for name in stores.FIELDS}
    return Opened("store", store.id, store.version, values, StoreChangeForm)


def _context(store: Any = None) -> dict[str, Any]:
    actor = current_actor()
    teams = [row for row in queries.list_teams() if row[0].store_id == store.id] if store else []
    return {
        "store": store,
        "teams": teams,
        "timezones": sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")),
        "editable": allows(actor, "store.edit" if store else "store.create"),
        "history": record_history("store", store.id) if store else [],
        "action_words": action_words(),
    }


def _back(message: str) -> BaseResponse:
    flash(message)
    return redirect(url_for("tenants.list_stores"), 303)
