"""What can be asked about stores, users, roles, sessions and links; here what other modules ask and join."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, Select, Subquery, literal, select, union_all

from app.core.db import db
from app.core.errors import NotFound
from app.core.guard.permissions import Actor, scope_clause
from app.tenants.models import Membership, Role, Store, Team, TeamMember, User


def store_facts() -> Subquery:
    """For joins: store_id, store_code, store_name, timezone."""
    return select(
        Store.id.label("store_id"),
        Store.code.label("store_code"),
        Store.name.label("store_name"),
        Store.timezone.label("timezone"),
    ).subquery("store_facts")


def user_facts() -> Subquery:
    """For joins: user_id, name, state."""
    return select(User.id.label("user_id"), User.name.label("name"), User.state.label("state")).subquery("user_facts")


def get_store(store_id: uuid.UUID) -> Store:
    """The store, open or closed; raises NotFound. The caller has checked the record that names it."""
    store = db.session.get(Store, store_id)
    if store is None:
        raise NotFound
    return store


def list_open_stores(actor: Actor, permission: str) -> Sequence[Store]:
    """The open stores in which `actor` may use `permission`, for the choices of a form."""
    within = scope_clause(actor, permission, store=Store.id)
    return db.session.scalars(select(Store).where(Store.closed_at.is_(None), within).order_by(Store.code)).all()


def filter_choices(actor: Actor, permission: str, *kinds: str) -> dict[str, list[tuple[uuid.UUID, str]]]:
    """What the filters of a list offer, in one statement: by kind ("store", "user", "role") the ids and names.

    Stores are those in which `actor` may use `permission`; users those who can be given something.
    """
    within = scope_clause(actor, permission, store=Store.id)
    parts: dict[str, Any] = {
        "store": select(literal("store").label("kind"), Store.id, Store.name, Store.code.label("place"))
        .where(Store.closed_at.is_(None), within),
        "user": select(literal("user"), User.id, User.name, User.name).where(User.state != "disabled"),
        "role": select(literal("role"), Role.id, Role.name, Role.name),
    }  # fmt: skip
    together = union_all(*(parts[kind] for kind in kinds)).subquery("choices")
    found: dict[str, list[tuple[uuid.UUID, str]]] = {kind: [] for kind in kinds}
    for row in db.session.execute(select(together).order_by(together.c[3], together.c[1])):
        found[row[0]].append((row[1], row[2]))
    return found


def list_active_users(store_id: uuid.UUID | None = None) -> Sequence[Row[uuid.UUID, str]]:
    """(id, name) of the people who can be given something, such as a customer: everywhere, or of one store."""
    query = select(User.id, User.name).where(User.state != "disabled").order_by(User.name, User.id)
    if store_id is not None:
        query = query.where(User.id.in_(select(Membership.user_id).where(Membership.store_id == store_id)))
    return db.session.execute(query).all()


def get_user_name(user_id: uuid.UUID) -> str:
    """The user's name, whatever the user's state; raises NotFound."""
    name = db.session.scalar(select(User.name).where(User.id == user_id))
    if name is None:
        raise NotFound
    return name


def list_names(user_ids: Collection[uuid.UUID], store_ids: Collection[uuid.UUID]) -> Sequence[Row[uuid.UUID, str]]:
    """(id, name) of these users and stores, whatever their state, in one statement; none for none."""
    wanted = ((User, user_ids), (Store, store_ids))
    parts = [select(table.id, table.name).where(table.id.in_(ids)) for table, ids in wanted if ids]
    return db.session.execute(union_all(*parts)).all() if parts else ()


def list_teams() -> Sequence[Row[Team, str]]:
    """Every team with its store's name."""
    query = select(Team, Store.name).join(Store, Store.id == Team.store_id).order_by(Store.name, Team.name, Team.id)
    return db.session.execute(query).all()


def teams_of(user_id: uuid.UUID) -> Select[Any]:
    """For joins: the ids of the teams the user is in or leads."""
    joined = select(TeamMember.team_id).where(TeamMember.user_id == user_id)
    led = joined.union(select(Team.id).where(Team.lead_id == user_id)).subquery("led")
    return select(led.c[0].label("team_id"))


def list_own_teams(user_id: uuid.UUID) -> Sequence[Row[uuid.UUID, str]]:
    """(id, name) of the teams the user is in or leads."""
    return db.session.execute(
        select(Team.id, Team.name).where(Team.id.in_(teams_of(user_id))).order_by(Team.name, Team.id)
    ).all()


def list_team_members(team_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """The ids of the team's users."""
    return db.session.scalars(select(TeamMember.user_id).where(TeamMember.team_id == team_id)).all()
