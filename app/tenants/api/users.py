"""Users over the API: invited, changed, given roles, let in no more. E-mails come out as their masks.

What takes a person stays with people: passwords and the links that set them, second factors, sessions, the identity
provider's link. Whoever changes an e-mail could have a password sent to it, so that a key is refused where a page asks
for the password again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ARRAY, Select, Uuid, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, array

from app.core.errors import NotFound
from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    acted,
    acts,
    answer_list,
    answer_one,
    answer_query,
    created,
    creates,
    lists,
    load_body,
    patch_record,
    patches,
    queries,
    refer,
    shows,
)
from app.core.http.keys import current_key
from app.core.http.sessions import current_actor
from app.core.http.stepup import ProofNeeded, demand_proof
from app.tenants.api.shapes import MembershipSchema, UserFields, UserSchema
from app.tenants.lists import USERS
from app.tenants.models import Membership, User
from app.tenants.operations import users
from app.tenants.operations.links import email_of
from app.tenants.queries import people
from app.tenants.rules.signing import normal_email

bp = ApiBlueprint("users", "Who signs in, and with which roles at which stores.")

PLACE = {"store_id": "store_…", "role_id": "role_…"}
EXAMPLE = {"name": "Wei Example", "email": "wei@example.com", "locale": "en", "memberships": [PLACE]}


def _whole(actor: Actor) -> Select[Any]:
    pair = array([Membership.store_id, Membership.role_id])
    held = select(func.array_agg(aggregate_order_by(pair, Membership.store_id, Membership.role_id)))
    found = held.where(Membership.user_id == User.id).correlate(User).scalar_subquery()
    return USERS.source(actor).add_columns(
        *(User.version, User.locale, User.updated_at),
        func.coalesce(found, cast(array([]), ARRAY(Uuid))).label("memberships"),
    )


USER = ApiRecord(
    name="user",
    path="users",
    spec=USERS,
    schema=UserSchema,
    source=_whole,
    names={"role_id": "role", "store_id": "store", "created_at": "created"},
    edits=("name", "locale", "memberships"),
)


@bp.route("/users", methods=["GET"])
@require("user.see")
@lists(USER)
def list_users():
    """List users"""
    return answer_list(USER)


@bp.route("/users/query", methods=["POST"])
@require("user.see")
@queries(USER)
def query_users():
    """List users by name"""
    return answer_query(USER)


@bp.route("/users", methods=["POST"])
@require("user.create")
@creates(USER, UserFields, EXAMPLE)
def invite_user():
    """Invite a user by mail"""
    data = load_body(UserFields)
    return created(USER, lambda: _invite(data))


@bp.route("/users/<user_id>", methods=["GET"])
@require("user.see")
@shows(USER)
def show_user(user_id: str):
    """Read a user"""
    return answer_one(USER, user_id)


@bp.route("/users/<user_id>", methods=["PATCH"])
@require("user.edit")
@patches(USER, UserFields, {"name": "Wei Li Example"})
def edit_user(user_id: str):
    """Change a user's name, language and roles"""
    return patch_record(USER, user_id, UserFields, _edit)


@bp.route("/users/<user_id>/memberships", methods=["POST"])
@require("user.edit")
@acts(USER, MembershipSchema, PLACE)
def give_role(user_id: str):
    """Give a user one more role at a store"""
    actor, user = current_actor(), _reached(user_id)
    place = load_body(MembershipSchema)
    looks = {
        "store_id": lambda: _check_store("user.edit", place["store_id"]),
        "role_id": lambda: people.get_role(place["role_id"]),
    }
    return acted(USER, user.id, lambda: refer(lambda: users.give_role(actor, user.id, **place), **looks))


@bp.route("/users/<user_id>/disable", methods=["POST"])
@require("user.edit")
@acts(USER)
def disable_user(user_id: str):
    """Let a user sign in no more, from the next request on"""
    return _change(user_id, users.disable_user)


@bp.route("/users/<user_id>/enable", methods=["POST"])
@require("user.edit")
@acts(USER)
def enable_user(user_id: str):
    """Let a disabled user in again; who never had a password is invited again by mail"""
    return _change(user_id, users.enable_user)


def _change(user_id: str, change: Callable[..., None]):
    user = _reached(user_id)
    return acted(USER, user.id, lambda: change(current_actor(), user.id, version=user.version))


def _reached(user_id: str) -> User:
    return people.get_user(current_actor(), "user.edit", USER.key_of(user_id))


def _invite(data: Mapping[str, Any]) -> uuid.UUID:
    values = dict(data)
    places = _places(values.pop("memberships"))
    return refer(
        lambda: users.invite_user(current_actor(), places=places, **values),
        memberships=lambda: _check_places("user.create", places),
    ).id


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    actor = current_actor()
    present = email_of(people.get_user(actor, "user.edit", key))
    email = sent.get("email", present)
    if normal_email(email) != normal_email(present):
        if current_key() is not None:
            raise ProofNeeded
        demand_proof()
    places = _places(values["memberships"])
    changed = {"name": values["name"], "email": email, "locale": values["locale"], "places": places}
    refer(
        lambda: users.change_user(actor, key, version=version, **changed),
        memberships=lambda: _check_places("user.edit", places),
    )


def _places(memberships: list[list[uuid.UUID]]) -> list[tuple[uuid.UUID, uuid.UUID]]:
    return [(store, role) for store, role in memberships]


def _check_places(permission: str, places: list[tuple[uuid.UUID, uuid.UUID]]) -> None:
    """Raise NotFound for a role that is not there, or a store where the actor gives none."""
    for store_id, role_id in places:
        _check_store(permission, store_id)
        people.get_role(role_id)


def _check_store(permission: str, store_id: uuid.UUID) -> None:
    if people.get_store_for(current_actor(), permission, store_id).closed_at is not None:
        raise NotFound
