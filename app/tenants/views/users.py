"""Users of the dealership and their roles at its stores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError
from app.core.guard.permissions import allows
from app.core.http.access import require
from app.core.http.edits import Opened, flash_saved, render_edit, save_edit
from app.core.http.forms import load_form, render_form
from app.core.http.lists import filter_view, list_view
from app.core.http.sessions import current_actor
from app.core.http.stepup import demand_proof
from app.tenants import lists, queries
from app.tenants.operations import users
from app.tenants.operations.links import email_of
from app.tenants.queries import people
from app.tenants.queries.factors import factors_of
from app.tenants.queries.partners import find_provider, identity_of
from app.tenants.queries.sessions import list_sessions
from app.tenants.rules.signing import normal_email
from app.tenants.schemas import UserChangeForm, UserForm, VersionForm
from app.tenants.views.base import bp
from app.tenants.views.histories import action_words, record_history

TEMPLATE = "tenants/user.html"
LIST = "tenants/users.html"


@bp.get("/users")
@require("user.see")
def list_users() -> Response:
    return list_view(lists.USERS, LIST, choices=_list_choices())


@bp.post("/users/filter")
@require("user.see")
def filter_users() -> Response | BaseResponse:
    return filter_view(lists.USERS, LIST, choices=_list_choices())


@bp.get("/users/new")
@require("user.create")
def new_user() -> str | Response:
    return render_form(TEMPLATE, **_context("user.create"))


@bp.post("/users")
@require("user.create")
def create_user() -> str | Response | BaseResponse:
    context = _context("user.create")
    try:
        form = load_form(UserForm)
        with transaction():
            users.invite_user(current_actor(), **form)
    except DomainError as error:
        return render_form(TEMPLATE, error, **context)
    return _back(gettext("The invitation is on its way."))


@bp.get("/users/<user_id>")
@require("user.edit")
def show_user(user_id: str) -> str | Response:
    user = people.get_user(current_actor(), "user.edit", from_public("usr", user_id))
    return render_edit(TEMPLATE, _opened(user), **_context("user.edit", user))


@bp.post("/users/<user_id>")
@require("user.edit")
def change_user(user_id: str) -> str | Response | BaseResponse:
    actor, key = current_actor(), from_public("usr", user_id)

    def now() -> Opened:
        return _opened(people.get_user(actor, "user.edit", key))

    if normal_email(request.form.get("email", "")) != normal_email(email_of(people.get_user(actor, "user.edit", key))):
        # Whoever changes an address can have a password sent to it.
        demand_proof()
    try:
        saved = save_edit(now, lambda form: users.change_user(actor, key, **form))
    except DomainError as error:
        context = _context("user.edit", people.get_user(actor, "user.edit", key))
        return render_edit(TEMPLATE, now(), error, **context)
    flash_saved(saved, TEMPLATE)
    return _back(gettext("Saved."))


@bp.post("/users/<user_id>/disable")
@require("user.edit")
def disable_user(user_id: str) -> str | Response | BaseResponse:
    return _change(user_id, users.disable_user, gettext("The user cannot sign in any more."))


@bp.post("/users/<user_id>/enable")
@require("user.edit")
def enable_user(user_id: str) -> str | Response | BaseResponse:
    return _change(user_id, users.enable_user, gettext("The user may sign in again."))


@bp.post("/users/<user_id>/link")
@require("user.edit")
def send_user_link(user_id: str) -> str | Response | BaseResponse:
    with transaction():
        users.send_user_link(current_actor(), from_public("usr", user_id))
    return _back(gettext("The mail is on its way."))


@bp.post("/users/<user_id>/sign-out")
@require("user.edit")
def end_user_sessions(user_id: str) -> str | Response | BaseResponse:
    with transaction():
        users.end_user_sessions(current_actor(), from_public("usr", user_id))
    return _back(gettext("The user is signed out everywhere."))


def _change(user_id: str, change: Callable[..., None], message: str) -> str | Response | BaseResponse:
    actor = current_actor()
    user = people.get_user(actor, "user.edit", from_public("usr", user_id))
    context = _context("user.edit", user)
    try:
        form = load_form(VersionForm)
        with transaction():
            change(actor, user.id, version=form["version"])
    except DomainError as error:
        return render_edit(TEMPLATE, _opened(user), error, **context)
    return _back(message)


def _opened(user: Any) -> Opened:
    places = [
        f"{to_public('store', row.store_id)}/{to_public('role', row.role_id)}"
        for row, *_ in people.list_memberships(user.id)
    ]
    values = {"name": user.name, "email": email_of(user), "locale": user.locale or "", "places": places}
    return Opened("user", user.id, user.version, values, UserChangeForm)


def _list_choices() -> dict[str, list[tuple[str, str]]]:
    """Roles and stores as the list's filters offer them."""
    found = queries.filter_choices(current_actor(), "store.see", "role", "store")
    return {
        "role": [(to_public("role", key), gettext(name)) for key, name in found["role"]],
        "store": [(to_public("store", key), name) for key, name in found["store"]],
    }


def _context(permission: str, user: Any = None) -> dict[str, Any]:
    actor = current_actor()
    return {
        "user": user,
        "state_label": gettext(lists.STATE_LABELS[user.state]) if user else "",
        "stores": queries.list_open_stores(actor, permission),
        "roles": [line.role for line in people.list_roles()],
        "editable": allows(actor, permission),
        "factors": factors_of(user.id) if user else None,
        "sessions": list_sessions(user.id) if user else (),
        "partner": find_provider(),
        "identity": identity_of(user.id) if user else None,
        "history": record_history("user", user.id) if user else [],
        "action_words": action_words(),
    }


def _back(message: str) -> BaseResponse:
    flash(message)
    return redirect(url_for("tenants.list_users"), 303)
