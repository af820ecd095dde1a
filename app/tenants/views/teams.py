"""Teams: named users of a store with a lead; reached from the store's page."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError
from app.core.http.access import require
from app.core.http.edits import Opened, flash_saved, render_edit, save_edit
from app.core.http.forms import load_form, render_form
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.tenants import queries
from app.tenants.lists import TEAMS
from app.tenants.operations import stores
from app.tenants.queries import people
from app.tenants.schemas import TeamChangeForm, TeamForm, VersionForm
from app.tenants.views.base import bp
from app.tenants.views.histories import action_words, record_history

TEMPLATE = "tenants/team.html"


@bp.get("/teams")
@require("user.edit")
def list_teams() -> Response:
    found = queries.filter_choices(current_actor(), "user.edit", "store", "user")
    stores = [(to_public("store", key), name) for key, name in found["store"]]
    return list_view(
        TEAMS,
        "tenants/teams.html",
        choices={"store": stores, "member": [(to_public("usr", key), name) for key, name in found["user"]]},
    )


@bp.get("/teams/new")
@require("user.edit")
def new_team() -> str | Response:
    store_id = from_public("store", request.args.get("store", ""))
    return render_form(TEMPLATE, values={"store_id": to_public("store", store_id)}, **_context(store_id))


@bp.post("/teams")
@require("user.edit")
def create_team() -> str | Response | BaseResponse:
    context = _context(from_public("store", request.form.get("store_id", "")))
    try:
        form = load_form(TeamForm)
        with transaction():
            stores.create_team(current_actor(), **form)
    except DomainError as error:
        return render_form(TEMPLATE, error, **context)
    return _back(context["store"], gettext("The team is there."))


@bp.get("/teams/<team_id>")
@require("user.edit")
def show_team(team_id: str) -> str | Response:
    team = people.get_team(current_actor(), "user.edit", from_public("team", team_id))
    return render_edit(TEMPLATE, _opened(team), **_context(team.store_id, team))


@bp.post("/teams/<team_id>")
@require("user.edit")
def change_team(team_id: str) -> str | Response | BaseResponse:
    actor, key = current_actor(), from_public("team", team_id)
    team = people.get_team(actor, "user.edit", key)
    context = _context(team.store_id, team)

    def now() -> Opened:
        return _opened(people.get_team(actor, "user.edit", key))

    try:
        saved = save_edit(now, lambda form: stores.change_team(actor, key, **form))
    except DomainError as error:
        return render_edit(TEMPLATE, now(), error, **context)
    flash_saved(saved, TEMPLATE)
    return _back(context["store"], gettext("Saved."))


@bp.post("/teams/<team_id>/delete")
@require("user.edit")
def delete_team(team_id: str) -> str | Response | BaseResponse:
    actor = current_actor()
    team = people.get_team(actor, "user.edit", from_public("team", team_id))
    context = _context(team.store_id, team)
    try:
        form = load_form(VersionForm)
        with transaction():
            stores.delete_team(actor, team.id, version=form["version"])
    except DomainError as error:
        return render_edit(TEMPLATE, _opened(team), error, **context)
    return _back(context["store"], gettext("The team is dissolved."))


def _opened(team: Any) -> Opened:
    values = {
        "name": team.name,
        "lead_id": to_public("usr", team.lead_id) if team.lead_id else "",
        "member_ids": [to_public("usr", user_id) for user_id in queries.list_team_members(team.id)],
    }
    return Opened("team", team.id, team.version, values, TeamChangeForm)


def _context(store_id: uuid.UUID, team: Any = None) -> dict[str, Any]:
    store = people.get_store_for(current_actor(), "user.edit", store_id)
    people_there = [(to_public("usr", row.id), row.name) for row in queries.list_active_users(store_id)]
    return {
        "store": store,
        "team": team,
        "people": people_there,
        "history": record_history("team", team.id) if team else [],
        "action_words": action_words(),
    }


def _back(store: Any, message: str) -> BaseResponse:
    flash(message)
    return redirect(url_for("tenants.show_store", store_id=to_public("store", store.id)), 303)
