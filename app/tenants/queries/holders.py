"""Who has a role and what all roles give: what a change of one of them is weighed by, in two statements."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from app.core.db import db
from app.core.guard.classes import GROUPS
from app.core.guard.permissions import Actor, declared
from app.tenants.models import ApiKey, Grant, Membership, Role, User
from app.tenants.queries.sessions import grants_of, sights_of
from app.tenants.rules import roles
from app.tenants.rules.differences import Place

# As many as one transaction tells.
MOST_HOLDERS = 50


@dataclass(frozen=True)
class Everyone:
    """What every role is granted and sees, and the people who have the one asked about, with all their places."""

    grants: dict[uuid.UUID, dict[str, str]]
    sights: dict[uuid.UUID, dict[str, str]]
    holders: dict[uuid.UUID, list[Place]]


def everyone_with(role_id: uuid.UUID) -> Everyone:
    """The people who may sign in with this role, beside what all roles give."""
    parts = [part(Role.id).correlate(Role).scalar_subquery() for part in (grants_of, sights_of)]
    grants, sights = {}, {}
    for key, granted, seen in db.session.execute(select(Role.id, *parts)):
        grants[key] = roles.expand(granted or (), declared())
        sights[key] = roles.expand_sights(seen or (), GROUPS)
    has = aliased(Membership)
    query = (
        select(Membership.user_id, Membership.store_id, Membership.role_id)
        .join(User, User.id == Membership.user_id)
        .where(User.state != "disabled", Membership.user_id.in_(select(has.user_id).where(has.role_id == role_id)))
    )
    holders: dict[uuid.UUID, list[Place]] = {}
    for user_id, store_id, held in db.session.execute(query):
        holders.setdefault(user_id, []).append((store_id, held))
    return Everyone(grants, sights, holders)


def acting_roles(actor: Actor, store_id: uuid.UUID, permissions: Collection[str]) -> list[uuid.UUID]:
    """The roles by which the actor holds any of these rights at the store; a program's is that of its key."""
    here = or_(Membership.store_id == store_id, Grant.scope == roles.ALL)
    held = select(Grant.role_id).where(Grant.permission.in_([*permissions, roles.EVERYTHING]))
    if actor.user_id is not None:
        mine = Membership.user_id == actor.user_id
        held = held.join(Membership, Membership.role_id == Grant.role_id).where(mine, here)
    else:
        held = held.join(ApiKey, ApiKey.role_id == Grant.role_id).where(ApiKey.id == actor.key_id)
    return list(db.session.scalars(held.distinct()))


def holders_at(store_id: uuid.UUID, permission: str) -> dict[uuid.UUID, str]:
    """(id, name) of the people who may sign in and hold this right at the store, by roles of it or over all stores."""
    here = or_(Membership.store_id == store_id, Grant.scope == roles.ALL)
    found = db.session.execute(
        select(User.id, User.name)
        .join(Membership, Membership.user_id == User.id)
        .join(Grant, Grant.role_id == Membership.role_id)
        .where(User.state == "active", Grant.permission.in_((permission, roles.EVERYTHING)), here)
        .distinct()
        .order_by(User.name, User.id)
        .limit(MOST_HOLDERS)
    )
    return {row.id: row.name for row in found}


def acting_roles_of(
    user_ids: Collection[uuid.UUID], store_id: uuid.UUID, permissions: Collection[str]
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """User -> the roles by which he holds any of these rights at the store."""
    here = or_(Membership.store_id == store_id, Grant.scope == roles.ALL)
    rows = db.session.execute(
        select(Membership.user_id, Grant.role_id)
        .join(Grant, Grant.role_id == Membership.role_id)
        .where(Membership.user_id.in_(user_ids), Grant.permission.in_([*permissions, roles.EVERYTHING]), here)
        .distinct()
    )
    found: dict[uuid.UUID, list[uuid.UUID]] = {user_id: [] for user_id in user_ids}
    for row in rows:
        found[row.user_id].append(row.role_id)
    return found
