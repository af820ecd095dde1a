"""Roles over the API: nobody, and no key, gives rights or sight it does not hold itself.

Which roles ask for a second factor is for people to say: it can be read here and not changed.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB

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
    shows,
)
from app.core.http.sessions import current_actor
from app.core.http.stepup import step_up
from app.tenants.api.shapes import RoleFields, RoleSchema
from app.tenants.lists import ROLES
from app.tenants.models import Grant, Role, RoleSight
from app.tenants.operations import roles
from app.tenants.queries import people

bp = ApiBlueprint("roles", "What people may do and how much they see.")

EXAMPLE = {"name": "Detailer", "grants": {"stock.see": "store", "stock.move": "store"}, "sights": {"contact": "masked"}}


def _whole(actor: Actor) -> Select[Any]:
    grants = select(func.jsonb_object_agg(Grant.permission, Grant.scope, type_=JSONB)).where(Grant.role_id == Role.id)
    sights = select(func.jsonb_object_agg(RoleSight.field_group, RoleSight.sight, type_=JSONB))
    seen, none = sights.where(RoleSight.role_id == Role.id), literal({}, JSONB)
    return ROLES.source(actor).add_columns(
        *(Role.version, Role.requires_second_factor, Role.created_at, Role.updated_at),
        func.coalesce(grants.correlate(Role).scalar_subquery(), none).label("grants"),
        func.coalesce(seen.correlate(Role).scalar_subquery(), none).label("sights"),
    )


ROLE = ApiRecord(
    name="role", path="roles", spec=ROLES, schema=RoleSchema, source=_whole, edits=("name", "grants", "sights")
)  # fmt: skip


@bp.route("/roles", methods=["GET"])
@require("role.see")
@lists(ROLE)
def list_roles():
    """List roles"""
    return answer_list(ROLE)


@bp.route("/roles", methods=["POST"])
@require("role.create")
@step_up
@creates(ROLE, RoleFields, EXAMPLE)
def create_role():
    """Make a role"""
    data = load_body(RoleFields)
    given = {"grants": _kept(data["grants"]), "sights": _kept(data["sights"])}
    return created(ROLE, lambda: roles.create_role(current_actor(), name=data["name"], **given).id)


@bp.route("/roles/<role_id>", methods=["GET"])
@require("role.see")
@shows(ROLE)
def show_role(role_id: str):
    """Read a role"""
    return answer_one(ROLE, role_id)


@bp.route("/roles/<role_id>", methods=["PATCH"])
@require("role.edit")
@step_up
@patches(ROLE, RoleFields, {"grants": {"stock.move": None, "stock.edit": "store"}})
def edit_role(role_id: str):
    """Rename a role, give and take grants and sights; it holds from everybody's next request on"""
    return patch_record(ROLE, role_id, RoleFields, _edit)


@bp.route("/roles/<role_id>", methods=["DELETE"])
@require("role.delete")
@step_up
@deletes(ROLE)
def delete_role(role_id: str):
    """Delete a role nobody has"""
    return delete_record(ROLE, role_id, _delete)


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    # What a patch of an object does not name stays (RFC 7396), so what there is comes from the row itself.
    grants = _kept(people.grants_of_role(key) | sent.get("grants", {}))
    sights = _kept(people.sights_of_role(key) | sent.get("sights", {}))
    roles.change_role(current_actor(), key, version=version, name=values["name"], grants=grants, sights=sights)


def _delete(key: uuid.UUID, version: int | None) -> None:
    roles.delete_role(current_actor(), key, version=version or people.get_role(key).version)


def _kept(words: Mapping[str, str | None]) -> dict[str, str]:
    return {name: word for name, word in words.items() if word is not None}
