"""Roles: the matrix where permissions are ticked and scopes picked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, flash, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.errors import DomainError
from app.core.guard.permissions import MATRIX_VERBS, allows, declared
from app.core.http.access import require
from app.core.http.edits import Clash, Opened, flash_saved, render_edit, save_edit
from app.core.http.forms import load_form, render_form, typed
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.core.http.stepup import step_up
from app.tenants.lists import ROLES
from app.tenants.operations import roles
from app.tenants.queries import people
from app.tenants.rules.roles import ADMIN, SCOPES, width
from app.tenants.schemas import RoleChangeForm, RoleForm, VersionForm
from app.tenants.views.base import bp
from app.tenants.views.histories import action_words, record_history
from app.tenants.views.words import RESOURCES, SCOPE_WORDS, VERBS

TEMPLATE = "tenants/role.html"


@bp.get("/roles")
@require("role.see")
def list_roles() -> Response:
    return list_view(ROLES, "tenants/roles.html")


@bp.get("/roles/new")
@require("role.create")
def new_role() -> str | Response:
    return render_form(TEMPLATE, **_context({}))


@bp.post("/roles")
@require("role.create")
@step_up
def create_role() -> str | Response | BaseResponse:
    try:
        form = load_form(RoleForm)
        with transaction():
            roles.create_role(current_actor(), **form)
    except DomainError as error:
        return render_form(TEMPLATE, error, **_context(_ticked()))
    return _back(gettext("The role is there."))


@bp.get("/roles/<role_id>")
@require("role.see")
def show_role(role_id: str) -> str | Response:
    role = people.get_role(from_public("role", role_id))
    return render_edit(TEMPLATE, _opened(role), **_context(people.grants_of_role(role.id), role))


@bp.post("/roles/<role_id>")
@require("role.edit")
@step_up
def change_role(role_id: str) -> str | Response | BaseResponse:
    key = from_public("role", role_id)

    def now() -> Opened:
        return _opened(people.get_role(key))

    try:
        saved = save_edit(now, lambda form: roles.change_role(current_actor(), key, **form))
    except Clash as clash:
        return render_edit(TEMPLATE, now(), clash, **_context(_pairs(clash.values["grants"]), people.get_role(key)))
    except DomainError as error:
        return render_edit(TEMPLATE, now(), error, **_context(_ticked(), people.get_role(key)))
    flash_saved(saved, TEMPLATE)
    return _back(gettext("Saved. It holds from everybody's next page on."))


@bp.post("/roles/<role_id>/delete")
@require("role.delete")
@step_up
def delete_role(role_id: str) -> str | Response | BaseResponse:
    role = people.get_role(from_public("role", role_id))
    context = _context(people.grants_of_role(role.id), role)
    try:
        form = load_form(VersionForm)
        with transaction():
            roles.delete_role(current_actor(), role.id, version=form["version"])
    except DomainError as error:
        return render_edit(TEMPLATE, _opened(role), error, **context)
    return _back(gettext("The role is deleted."))


def _opened(role: Any) -> Opened:
    ticks = [f"{permission}:{scope}" for permission, scope in people.grants_of_role(role.id).items()]
    keyed = {"grants": lambda tick: tick.partition(":")[0]}
    return Opened("role", role.id, role.version, {"name": role.name, "grants": ticks}, RoleChangeForm, keyed)


def _context(grants: dict[str, str], role: Any = None) -> dict[str, Any]:
    actor = current_actor()
    fixed = role is not None and role.key == ADMIN
    resources = dict.fromkeys(permission.resource for permission in declared().values())
    # A scope the actor does not hold cannot be given; one the role has already stays on offer.
    offers = {
        name: [
            (f"{name}:{scope}", SCOPE_WORDS[scope])
            for scope in SCOPES
            if scope == grants.get(name) or width(scope) <= width(actor.grants.get(name))
        ]
        for name in declared()
    }
    return {
        "role": role,
        "grants": grants,
        "offers": offers,
        "resources": [(name, RESOURCES.get(name, name)) for name in resources],
        "verbs": [(verb, VERBS[verb]) for verb in MATRIX_VERBS],
        "extras": [permission for permission in declared().values() if not permission.matrix],
        "declared": declared(),
        "words": VERBS,
        "editable": not fixed and allows(actor, "role.edit" if role else "role.create"),
        "history": record_history("role", role.id) if role else [],
        "action_words": action_words(),
    }


def _ticked() -> dict[str, str]:
    """What was ticked, for showing the form again, whatever was wrong with it."""
    found = typed().get("grants", [])
    return _pairs([found] if isinstance(found, str) else found)


def _pairs(ticks: Iterable[str]) -> dict[str, str]:
    pairs = (str(tick).partition(":") for tick in ticks)
    return {permission: scope for permission, _, scope in pairs if permission in declared() and scope in SCOPES}


def _back(message: str) -> BaseResponse:
    flash(message)
    return redirect(url_for("tenants.list_roles"), 303)
