"""Saved views: the dialog that keeps one, the one that changes it, and the numbers on the tabs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, FieldError, Invalid, NotFound
from app.core.guard.permissions import allows
from app.core.http.access import ANY_USER, may, require
from app.core.http.forms import render_form
from app.core.http.lists import asked, list_address
from app.core.http.rendering import select_timezone
from app.core.http.sessions import current_actor
from app.core.lists import views
from app.core.lists.models import SavedView
from app.core.lists.query import ListQuery
from app.core.lists.spec import REGISTRY, ListSpec
from app.core.lists.tabs import COUNT_UP_TO, count_tabs
from app.core.lists.view_rules import ViewScope
from app.tenants import queries as tenants

bp = Blueprint("views", __name__, template_folder="templates")
FORM = "web/view_form.html"
# The form's own fields; everything else in it are the arguments of the list.
OWN = ("view_name", "view_for", "view_default", "view_version", "view_replace", "csrf_token")


@bp.get("/lists/<list_name>/views/new")
@require(ANY_USER)
def new_view(list_name: str) -> str | Response:
    spec = _spec(list_name)
    return _form(spec, None, dict(request.args.lists()))


@bp.post("/lists/<list_name>/views")
@require(ANY_USER)
def create_view(list_name: str) -> str | Response | BaseResponse:
    spec, args = _spec(list_name), _arguments()
    try:
        query = asked(spec, args)
        with transaction():
            view = views.save_view(current_actor(), spec, _draft(), query.to_view(), query.personal_arguments())
    except DomainError as error:
        return _form(spec, None, args, _own_field(error))
    flash(gettext("The view was saved."), "success")
    return redirect(_address(spec, view), 303)


@bp.get("/views/<view_id>/edit")
@require(ANY_USER)
def edit_view(view_id: str) -> str | Response:
    view = views.get_view(current_actor(), view_id)
    return _form(_spec(view.list_name), view, dict(request.args.lists()))


@bp.post("/views/<view_id>")
@require(ANY_USER)
def change_view(view_id: str) -> str | Response | BaseResponse:
    actor = current_actor()
    view = views.get_view(actor, view_id)
    spec, args = _spec(view.list_name), _arguments()
    try:
        with transaction():
            query = asked(spec, {**args, "view": [view_id]}) if request.form.get("view_replace") else None
            view = views.get_view(actor, view_id)
            views.edit_view(actor, view, _draft(), version=request.form.get("view_version", 0, int))
            if query is not None:
                views.replace_view(actor, view, query.to_view(), query.personal_arguments())
    except DomainError as error:
        return _form(spec, views.get_view(actor, view_id), args, _own_field(error))
    flash(gettext("The view was saved."), "success")
    return redirect(_address(spec, view), 303)


@bp.post("/views/<view_id>/delete")
@require(ANY_USER)
def delete_view(view_id: str) -> BaseResponse:
    with transaction():
        view = views.get_view(current_actor(), view_id)
        views.delete_view(current_actor(), view)
        list_name = view.list_name
    flash(gettext("The view was deleted."), "success")
    return redirect(url_for(_spec(list_name).endpoint), 303)


@bp.get("/lists/<list_name>/counts")
@require(ANY_USER)
def count_tabs_of(list_name: str) -> str:
    spec, actor = _spec(list_name), current_actor()
    kept = views.visible_views(actor, spec.name)
    counts = count_tabs(spec, actor, kept, timezone=select_timezone() or "UTC")
    return render_template("web/tab_counts.html", counts=counts, most=COUNT_UP_TO)


def _spec(name: str) -> ListSpec:
    """The list of this name, for those who may see it; raises NotFound for one this application does not serve."""
    spec = REGISTRY.get(name)
    if spec is None:
        raise NotFound
    spec.check(current_actor())
    return spec


def _arguments() -> dict[str, list[str]]:
    return {name: texts for name, texts in request.form.lists() if name not in OWN}


def _draft() -> views.Draft:
    scope, _, team = request.form.get("view_for", ViewScope.OWN).partition(":")
    try:
        team_id = from_public("team", team) if team else None
    except NotFound:
        raise Invalid([FieldError("scope", "unknown_team", "", {})]) from None
    return views.Draft(request.form.get("view_name", ""), scope, team_id, bool(request.form.get("view_default")))


def _own_field(error: DomainError) -> DomainError:
    """The refusals under the names of the form's fields, which differ from those of the list's arguments."""
    named = {"name": "view_name", "scope": "view_for"}
    if not isinstance(error, Invalid):
        return error
    return Invalid([FieldError(named.get(e.field, "_form"), e.code, e.message, e.params) for e in error.field_errors()])


def _form(
    spec: ListSpec, view: SavedView | None, args: dict[str, list[str]], error: DomainError | None = None
) -> str | Response:
    actor = current_actor()
    left = [(name, text) for name, texts in args.items() if name not in ("cursor", "peek") for text in texts]
    return render_form(
        FORM,
        error,
        values=_values(view),
        view=view,
        view_id=views.public_id(view) if view else None,
        list_name=spec.name,
        list_label=gettext(spec.label),
        back=_address_of(spec, args),
        args=left,
        audiences=_audiences() if may(views.SHARE) else [],
        may_change=view is None or views.may_edit(actor, view),
        changed=view is not None and bool([name for name, _ in left if name != "view"]),
    )


def _values(view: SavedView | None) -> dict[str, Any]:
    if view is None:
        return {"view_for": ViewScope.OWN.value}
    audience = f"{view.scope}:{to_public('team', view.team_id)}" if view.team_id else view.scope
    return {"view_name": view.name, "view_for": audience, "view_default": view.is_default, "view_version": view.version}


def _audiences() -> list[tuple[str, str]]:
    """Whom the visitor may share a view with."""
    actor = current_actor()
    found = [(ViewScope.OWN.value, gettext("Only me"))]
    if actor.user_id is not None and allows(actor, views.SHARE):
        teams = tenants.list_own_teams(actor.user_id)
        found += [
            (f"{ViewScope.TEAM}:{to_public('team', team.id)}", gettext("My team %(name)s", name=team.name))
            for team in teams
        ]
    return [*found, (ViewScope.TENANT.value, gettext("Everybody at the dealership"))]


def _address_of(spec: ListSpec, args: dict[str, Any]) -> str:
    return url_for(spec.endpoint, **args)


def _address(spec: ListSpec, view: SavedView) -> str:
    query = ListQuery(spec, spec.default_sort, view=views.public_id(view))
    return list_address(spec, query)
