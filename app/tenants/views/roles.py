"""Roles: the matrix where permissions are ticked and scopes picked."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError
from app.core.guard.classes import GROUPS
from app.core.guard.permissions import MATRIX_VERBS, allows, declared
from app.core.guard.policy import policy_for
from app.core.http.access import require
from app.core.http.csrf import FIELD
from app.core.http.edits import Clash, Editing, Opened, flash_saved, render_edit, save_edit
from app.core.http.forms import BASE, load_form, render_form, typed
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.core.http.stepup import step_up
from app.tenants.lists import ROLES
from app.tenants.operations import roles
from app.tenants.queries import people
from app.tenants.rules.roles import (
    ADMIN,
    DEFAULT_ROLES,
    HIDDEN,
    SCOPES,
    SIGHTS,
    expand,
    expand_sights,
    sight_width,
    width,
)
from app.tenants.schemas import RoleChangeForm, RoleForm, VersionForm
from app.tenants.views.base import bp
from app.tenants.views.histories import action_words, record_history
from app.tenants.views.words import GROUP_WORDS, RESOURCES, SCOPE_WORDS, SIGHT_WORDS, VERBS

TEMPLATE = "tenants/role.html"
# Permission -> scope, or group of fields -> sight.
Given = dict[str, str]


@bp.get("/roles")
@require("role.see")
def list_roles() -> Response:
    return list_view(ROLES, "tenants/roles.html")


@bp.get("/roles/new")
@require("role.create")
def new_role() -> str | Response:
    like = request.args.get("like", "")
    return render_form(TEMPLATE, **_context(*(_template(like) if like else ({}, {})), like=like))


@bp.post("/roles")
@require("role.create")
@step_up
def create_role() -> str | Response | BaseResponse:
    try:
        form = load_form(RoleForm)
        with transaction():
            roles.create_role(current_actor(), **form)
    except DomainError as error:
        return render_form(TEMPLATE, error, **_context(*_ticked()))
    return _back(gettext("The role is there."))


@bp.get("/roles/<role_id>")
@require("role.see")
def show_role(role_id: str) -> str | Response:
    role, like = people.get_role(from_public("role", role_id)), request.args.get("like", "")
    given = _template(like) if like else _given(role)
    return render_edit(TEMPLATE, _opened(role), **_context(*given, role, like=like))


@bp.post("/roles/<role_id>/review")
@require("role.edit")
def review_role(role_id: str) -> str | Response:
    """What would change, and for whom, before anything does; or the form once more with what was ticked."""
    role = people.get_role(from_public("role", role_id))
    if request.form.get("again"):
        editing = Editing(request.form.get("version", ""), request.form.get(BASE, ""))
        return render_form(TEMPLATE, values=typed(), edit=editing, **_context(*_ticked(), role))
    try:
        form = load_form(RoleChangeForm)
        sent = {name: form[name] for name in ("name", "grants", "sights")}
        review = roles.review_role(current_actor(), role.id, **sent)
    except DomainError as error:
        return render_edit(TEMPLATE, _opened(role), error, **_context(*_ticked(), role))
    hidden = [(name, text) for name, texts in request.form.lists() for text in texts if name != FIELD and text]
    return render_template(
        "tenants/role_review.html",
        role=role,
        review=review,
        sent=hidden,
        names=_names(),
        scope_words=SCOPE_WORDS,
        sight_words=SIGHT_WORDS,
        group_words=GROUP_WORDS,
    )


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
        given = (_pairs(clash.values["grants"], declared()), _pairs(clash.values["sights"], GROUPS))
        return render_edit(TEMPLATE, now(), clash, **_context(*given, people.get_role(key)))
    except DomainError as error:
        return render_edit(TEMPLATE, now(), error, **_context(*_ticked(), people.get_role(key)))
    flash_saved(saved, TEMPLATE)
    return _back(gettext("Saved. It holds from everybody's next page on."))


@bp.post("/roles/<role_id>/delete")
@require("role.delete")
@step_up
def delete_role(role_id: str) -> str | Response | BaseResponse:
    role = people.get_role(from_public("role", role_id))
    context = _context(*_given(role), role)
    try:
        form = load_form(VersionForm)
        with transaction():
            roles.delete_role(current_actor(), role.id, version=form["version"])
    except DomainError as error:
        return render_edit(TEMPLATE, _opened(role), error, **context)
    return _back(gettext("The role is deleted."))


def _opened(role: Any) -> Opened:
    values = {"name": role.name}
    for name, given in zip(("grants", "sights"), _given(role), strict=True):
        values[name] = [f"{key}:{value}" for key, value in given.items()]
    keyed = dict.fromkeys(("grants", "sights"), _about)
    return Opened("role", role.id, role.version, values, RoleChangeForm, keyed)


def _about(tick: str) -> str:
    """What a tick is about: the part before its scope or sight."""
    return tick.partition(":")[0]


def _given(role: Any) -> tuple[Given, Given]:
    return people.grants_of_role(role.id), people.sights_of_role(role.id)


def _template(like: str) -> tuple[Given, Given]:
    """Grants and sights to begin with: those of a default role by its key, or of another role by its id."""
    if like in DEFAULT_ROLES:
        default = DEFAULT_ROLES[like]
        return expand(default.grants.items(), declared()), expand_sights(default.sights.items(), GROUPS)
    return _given(people.get_role(from_public("role", like)))


def _context(grants: Given, sights: Given, role: Any = None, like: str = "") -> dict[str, Any]:
    actor, policy = current_actor(), policy_for(current_actor())
    fixed = role is not None and role.key == ADMIN
    present_grants, present_sights = _given(role) if role is not None else ({}, {})
    # In the order of the words, which is that of the trade; those the words do not name come last.
    places = {name: place for place, name in enumerate(RESOURCES)}
    resources = sorted({right.resource for right in declared().values()}, key=lambda name: (places.get(name, 99), name))
    verbs_of = {right.resource for right in declared().values() if right.matrix}
    # A scope the actor does not hold cannot be given; one the role has already stays on offer.
    offers = {
        name: [
            (f"{name}:{scope}", SCOPE_WORDS[scope])
            for scope in SCOPES
            if scope == present_grants.get(name) or width(scope) <= width(actor.grants.get(name))
        ]
        for name in declared()
    }
    groups = [
        (
            group,
            GROUP_WORDS[group],
            [
                (f"{group}:{sight}" if sight != HIDDEN else "", SIGHT_WORDS[sight])
                for sight in SIGHTS
                if sight == present_sights.get(group) or sight_width(sight) <= sight_width(policy.group(group))
            ],
        )
        for group in GROUPS
    ]
    return {
        "role": role,
        "grants": grants,
        "sights": sights,
        "offers": offers,
        "groups": groups,
        "resources": [(name, RESOURCES.get(name, name)) for name in resources],
        "rows": [(name, RESOURCES.get(name, name)) for name in resources if name in verbs_of],
        "verbs": [(verb, VERBS[verb]) for verb in MATRIX_VERBS],
        "extras": [permission for permission in declared().values() if not permission.matrix],
        "declared": declared(),
        "words": VERBS,
        "editable": not fixed and allows(actor, "role.edit" if role else "role.create"),
        "like": like,
        "templates": [(key, gettext(default.name)) for key, default in DEFAULT_ROLES.items() if key != ADMIN],
        "others": [(to_public("role", key), gettext(name)) for key, name in people.list_role_names()],
        "history": record_history("role", role.id) if role else [],
        "action_words": action_words(),
    }


def _names() -> dict[str, str]:
    """What each right is called."""
    return {
        name: f"{gettext(RESOURCES.get(right.resource, right.resource))}: {gettext(VERBS.get(right.verb, right.verb))}"
        for name, right in declared().items()
    }


def _ticked() -> tuple[Given, Given]:
    """What was ticked, for showing the form again, whatever was wrong with it."""
    sent = typed()
    found = [[texts] if isinstance(texts := sent.get(name, []), str) else texts for name in ("grants", "sights")]
    return _pairs(found[0], declared()), _pairs(found[1], GROUPS)


def _pairs(ticks: Iterable[str], known: Collection[str]) -> Given:
    pairs = (str(tick).partition(":") for tick in ticks)
    return {about: value for about, _, value in pairs if about in known and value in (*SCOPES, *SIGHTS)}


def _back(message: str) -> BaseResponse:
    flash(message)
    return redirect(url_for("tenants.list_roles"), 303)
