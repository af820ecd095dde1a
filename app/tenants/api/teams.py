"""Teams over the API: they belong to the people of a store, so whoever may change users there may change its teams."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ARRAY, Select, Uuid, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, array

from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    answer_list,
    answer_one,
    created,
    creates,
    delete_record,
    deletes,
    lists,
    load_body,
    patch_record,
    patches,
    refer,
    shows,
)
from app.core.http.api.expansions import named
from app.core.http.sessions import current_actor
from app.tenants import queries
from app.tenants.api.shapes import NewTeam, TeamFields, TeamSchema
from app.tenants.lists import TEAMS
from app.tenants.models import Team, TeamMember
from app.tenants.operations import stores
from app.tenants.queries import people

bp = ApiBlueprint("teams", "Named users of a store with a lead.")

EXAMPLE = {"store_id": "store_…", "name": "New cars", "lead_id": "usr_…", "member_ids": ["usr_…"]}


def _whole(actor: Actor) -> Select[Any]:
    members = select(func.array_agg(aggregate_order_by(TeamMember.user_id, TeamMember.user_id)))
    found = members.where(TeamMember.team_id == Team.id).correlate(Team).scalar_subquery()
    return TEAMS.source(actor).add_columns(
        *(Team.version, Team.store_id, Team.lead_id, Team.updated_at),
        func.coalesce(found, cast(array([]), ARRAY(Uuid))).label("member_ids"),
    )


TEAM = ApiRecord(
    name="team",
    path="teams",
    spec=TEAMS,
    schema=TeamSchema,
    source=_whole,
    names={"store_id": "store", "member_id": "member", "created_at": "created"},
    expands={
        "store": named("store_id", "store", lambda ids: queries.list_names((), ids)),
        "lead": named("lead_id", "usr", lambda ids: queries.list_names(ids, ())),
    },
    edits=("name", "lead_id", "member_ids"),
)


@bp.route("/teams", methods=["GET"])
@require("user.edit")
@lists(TEAM)
def list_teams():
    """List teams"""
    return answer_list(TEAM)


@bp.route("/teams", methods=["POST"])
@require("user.edit")
@creates(TEAM, NewTeam, EXAMPLE)
def create_team():
    """Make a team"""
    data = load_body(NewTeam)
    return created(TEAM, lambda: _create(data))


@bp.route("/teams/<team_id>", methods=["GET"])
@require("user.edit")
@shows(TEAM)
def show_team(team_id: str):
    """Read a team"""
    return answer_one(TEAM, team_id)


@bp.route("/teams/<team_id>", methods=["PATCH"])
@require("user.edit")
@patches(TEAM, TeamFields, {"name": "Used cars"})
def edit_team(team_id: str):
    """Rename a team, change its lead or its members"""
    return patch_record(TEAM, team_id, TeamFields, _edit)


@bp.route("/teams/<team_id>", methods=["DELETE"])
@require("user.edit")
@deletes(TEAM)
def delete_team(team_id: str):
    """Dissolve a team; its users stay"""
    return delete_record(TEAM, team_id, _delete)


def _create(data: Mapping[str, Any]) -> uuid.UUID:
    actor, store_id = current_actor(), data["store_id"]
    return refer(
        lambda: stores.create_team(actor, **data),
        store_id=lambda: people.get_store_for(actor, "user.edit", store_id),
        **_looks(store_id, data),
    ).id


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], _sent: Mapping[str, Any]) -> None:
    actor = current_actor()
    store_id = people.get_team(actor, "user.edit", key).store_id
    refer(lambda: stores.change_team(actor, key, version=version, **values), **_looks(store_id, values))


def _looks(store_id: uuid.UUID, values: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
    """What finds out who of a team does not work at its store."""
    lead = [values["lead_id"]] if values["lead_id"] else []
    return {
        "lead_id": lambda: people.check_workers(store_id, lead),
        "member_ids": lambda: people.check_workers(store_id, values["member_ids"]),
    }


def _delete(key: uuid.UUID, version: int | None) -> None:
    actor = current_actor()
    stores.delete_team(actor, key, version=version or people.get_team(actor, "user.edit", key).version)
