"""Users, roles and stores as the administration's pages list them, each page in one statement or two."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.core.db import db
from app.core.errors import NotFound
from app.core.guard.classes import GROUPS
from app.core.guard.permissions import Actor, declared, scope_clause
from app.tenants.models import ApiKey, Grant, Membership, Role, RoleSight, Store, Team, User
from app.tenants.rules import roles


def reachable_users(actor: Actor, permission: str) -> ColumnElement[bool]:
    """The condition on User that leaves those `actor` reaches: himself, his team, who works at his stores, or all."""
    # An alias of its own: the lists that use this condition join the memberships as well.
    place = aliased(Membership)
    colleague = exists().where(
        place.user_id == User.id, scope_clause(actor, permission, owner=place.user_id, store=place.store_id)
    )
    return scope_clause(actor, permission, owner=User.id) | colleague


def get_user(actor: Actor, permission: str, user_id: uuid.UUID) -> User:
    """The user, if `actor` reaches him with `permission`; raises NotFound."""
    query = select(User).where(User.id == user_id, reachable_users(actor, permission))
    user = db.session.scalars(query).one_or_none()
    if user is None:
        raise NotFound
    return user


def list_reachable(actor: Actor, permission: str) -> Sequence[Row[uuid.UUID, str]]:
    """(id, name) of everybody whom `actor` reaches with `permission`."""
    query = select(User.id, User.name).where(reachable_users(actor, permission)).order_by(User.name, User.id)
    return db.session.execute(query).all()


def list_memberships(user_id: uuid.UUID) -> Sequence[Row[Membership, str, str]]:
    """(membership, role's name, store's name) of a user."""
    query = (
        select(Membership, Role.name, Store.name)
        .join(Role, Role.id == Membership.role_id)
        .join(Store, Store.id == Membership.store_id)
        .where(Membership.user_id == user_id)
        .order_by(Store.name, Role.name)
    )
    return db.session.execute(query).all()


def list_places_of_user(user_id: uuid.UUID) -> list[tuple[uuid.UUID, dict[str, str]]]:
    """(store, permission -> scope) of each role a user has, whatever the user's state."""
    rows = db.session.execute(
        select(Membership.store_id, func.json_agg(func.json_build_array(Grant.permission, Grant.scope)).label("grants"))
        .join(Grant, Grant.role_id == Membership.role_id)
        .where(Membership.user_id == user_id)
        .group_by(Membership.id)
    ).all()
    return [(row.store_id, roles.expand(row.grants, declared())) for row in rows]


def sights_of_user(user_id: uuid.UUID) -> dict[str, str]:
    """Group -> widest sight of the roles a user has, whatever the user's state."""
    query = (
        select(RoleSight.field_group, RoleSight.sight)
        .join(Membership, Membership.role_id == RoleSight.role_id)
        .where(Membership.user_id == user_id)
    )
    pairs = ((row.field_group, row.sight) for row in db.session.execute(query))
    return roles.expand_sights(pairs, GROUPS)


def list_stores_of_role(role_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """The stores at which somebody has the role, or an API key acts through it."""
    held = select(Membership.store_id).where(Membership.role_id == role_id)
    # A key without a store acts at each of them.
    keys = select(Store.id).join(ApiKey, or_(ApiKey.store_id.is_(None), ApiKey.store_id == Store.id))
    acting = keys.where(ApiKey.role_id == role_id, ApiKey.revoked_at.is_(None), Store.closed_at.is_(None))
    return db.session.scalars(held.union(acting)).all()


@dataclass(frozen=True)
class RoleLine:
    """A role with its grants and how many users have it."""

    role: Role
    grants: dict[str, str]
    users: int

    @property
    def is_admin(self) -> bool:
        """Whether it is the administrator's role, which nobody changes."""
        return self.role.key == roles.ADMIN


def list_roles() -> list[RoleLine]:
    """Every role, default roles first, with what each is granted."""
    granted = (
        select(func.json_agg(func.json_build_array(Grant.permission, Grant.scope)))
        .where(Grant.role_id == Role.id)
        .scalar_subquery()
    )
    held = select(func.count(func.distinct(Membership.user_id))).where(Membership.role_id == Role.id).scalar_subquery()
    rows = db.session.execute(
        select(Role, granted, held).order_by(Role.key.is_(None), Role.created_at, Role.name, Role.id)
    ).all()
    return [RoleLine(role, roles.expand(grants or (), declared()), users) for role, grants, users in rows]


def list_role_names() -> Sequence[Row[uuid.UUID, str]]:
    """(id, name) of every role, default roles first."""
    return db.session.execute(
        select(Role.id, Role.name).order_by(Role.key.is_(None), Role.created_at, Role.name, Role.id)
    ).all()


def default_role_ids() -> dict[str, uuid.UUID]:
    """The ids of the default roles that are still there, by key."""
    return {key: role_id for role_id, key in db.session.execute(select(Role.id, Role.key)) if key}


def get_role(role_id: uuid.UUID) -> Role:
    """The role; raises NotFound."""
    role = db.session.get(Role, role_id)
    if role is None:
        raise NotFound
    return role


def grants_of_role(role_id: uuid.UUID) -> dict[str, str]:
    """Permission -> scope of one role, `*` spelt out."""
    rows = db.session.execute(select(Grant.permission, Grant.scope).where(Grant.role_id == role_id)).all()
    return roles.expand(((row.permission, row.scope) for row in rows), declared())


def sights_of_role(role_id: uuid.UUID) -> dict[str, str]:
    """Group -> sight of one role, `*` spelt out; groups it does not see are absent."""
    query = select(RoleSight.field_group, RoleSight.sight).where(RoleSight.role_id == role_id)
    pairs = ((row.field_group, row.sight) for row in db.session.execute(query))
    return roles.expand_sights(pairs, GROUPS)


def count_users_of_role(role_id: uuid.UUID) -> int:
    """How many users have the role."""
    return (
        db.session.scalar(select(func.count(func.distinct(Membership.user_id))).where(Membership.role_id == role_id))
        or 0
    )


def count_administrators(except_user: uuid.UUID) -> int:
    """How many other users could administer the dealership now."""
    query = (
        select(func.count(func.distinct(User.id)))
        .join(Membership, Membership.user_id == User.id)
        .join(Role, Role.id == Membership.role_id)
        .where(Role.key == roles.ADMIN, User.state == "active", User.id != except_user)
    )
    return db.session.scalar(query) or 0


def is_administrator(user_id: uuid.UUID) -> bool:
    """Whether the user has the administrator's role anywhere."""
    query = (
        select(Membership.id)
        .join(Role, Role.id == Membership.role_id)
        .where(Membership.user_id == user_id, Role.key == roles.ADMIN)
    )
    return db.session.scalar(query.limit(1)) is not None


def get_store_for(actor: Actor, permission: str, store_id: uuid.UUID) -> Store:
    """The store, if `actor` reaches it with `permission`; raises NotFound."""
    query = select(Store).where(Store.id == store_id, scope_clause(actor, permission, store=Store.id))
    store = db.session.scalars(query).one_or_none()
    if store is None:
        raise NotFound
    return store


def check_workers(store_id: uuid.UUID, user_ids: Collection[uuid.UUID]) -> None:
    """Raise NotFound unless all these users work at the store."""
    working = set(db.session.scalars(select(Membership.user_id).where(Membership.store_id == store_id)))
    if not set(user_ids) <= working:
        raise NotFound


def count_users_of_store(store_id: uuid.UUID) -> int:
    """How many users who may sign in work at the store."""
    query = (
        select(func.count(func.distinct(Membership.user_id)))
        .join(User, User.id == Membership.user_id)
        .where(Membership.store_id == store_id, User.state != "disabled")
    )
    return db.session.scalar(query) or 0


def get_team(actor: Actor, permission: str, team_id: uuid.UUID) -> Team:
    """The team, if `actor` reaches its store with `permission`; raises NotFound."""
    query = select(Team).where(Team.id == team_id, scope_clause(actor, permission, store=Team.store_id))
    team = db.session.scalars(query).one_or_none()
    if team is None:
        raise NotFound
    return team
