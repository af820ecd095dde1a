"""Why somebody can or cannot do something to a record: his roles one by one, and what the guard itself answers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from app.core.db import db
from app.core.errors import NotFound
from app.core.guard.classes import GROUPS
from app.core.guard.permissions import Actor, allows, covers, declared
from app.core.guard.policy import policy_for
from app.core.guard.whereabouts import Place, find_place
from app.tenants.models import Membership, Role, Store, User
from app.tenants.queries import people
from app.tenants.queries.rights import roles_with
from app.tenants.queries.sessions import get_actor, grants_of, sights_of
from app.tenants.rules import roles
from app.tenants.rules.explaining import Held, Step, Subject, steps

# Role's name, membership, store's name, whether that is open, and the role's grants and sights as lists of pairs.
Rows = Sequence[Row[Any]]


@dataclass(frozen=True)
class About:
    """The record asked about: its name, and the names of whose it is and where."""

    title: str
    resource: str
    owner: str | None
    store: str | None


@dataclass(frozen=True)
class Part:
    """One right that is needed: what each role comes to, and the guard's own answer."""

    permission: str
    about: About | None
    steps: Sequence[Step]
    allowed: bool
    roles_with: Sequence[str]


@dataclass(frozen=True)
class Shown:
    """How much of a group of fields the person sees: role by role, and what the policy says."""

    group: str
    by_role: Sequence[tuple[str, str]]
    sight: str


@dataclass(frozen=True)
class Explanation:
    """The whole chain; `state` is the user's, and nobody but an active one may do anything."""

    user: User
    parts: Sequence[Part]
    shown: Shown | None

    @property
    def allowed(self) -> bool:
        """Whether everything that is needed is given."""
        return self.user.state == "active" and all(part.allowed for part in self.parts)


def explain(
    asker: Actor, user_id: uuid.UUID, permission: str, record: str | None = None, group: str | None = None
) -> Explanation:
    """Why the user holds `permission` or not, for a record of that kind, and how much he sees of a group of fields.

    Raises NotFound for a user, a record or a right that the asker cannot know of.
    """
    if permission not in declared() or (group is not None and group not in GROUPS):
        raise NotFound
    user = people.get_user(asker, "user.see", user_id)
    place = _place(asker, permission, record) if record else None
    rows = _roles_of(user.id)
    actor = _actor(user)
    parts = [_part(user.id, actor, rows, permission, place)]
    if place is not None and place.within is not None:
        parts.append(_part(user.id, actor, rows, f"{place.within.kind.resource}.see", place.within))
    return Explanation(user, parts, _shown(actor, rows, group) if group else None)


def _place(asker: Actor, permission: str, record: str) -> Place:
    place: Place | None = find_place(record)
    if place is None or place.kind.resource != permission.partition(".")[0]:
        raise NotFound
    found = place
    while place is not None:
        if not covers(asker, f"{place.kind.resource}.see", owner_id=place.owner_id, store_id=place.store_id):
            raise NotFound
        place = place.within
    return found


def _roles_of(user_id: uuid.UUID) -> Rows:
    parts = [part(Role.id).correlate(Role).scalar_subquery() for part in (grants_of, sights_of)]
    return db.session.execute(
        select(Role.name, Membership, Store.name, Store.closed_at.is_(None), *parts)
        .join(Role, Role.id == Membership.role_id)
        .join(Store, Store.id == Membership.store_id)
        .where(Membership.user_id == user_id)
        .order_by(Role.name, Store.name)
    ).all()


def _actor(user: User) -> Actor:
    """The user as the guard knows him; somebody who cannot sign in is nobody."""
    return get_actor(user.id) if user.state == "active" else Actor(user.id, user.name)


def _part(user_id: uuid.UUID, actor: Actor, rows: Rows, permission: str, place: Place | None) -> Part:
    held = [
        Held(name, store, place_of.store_id, roles.expand(grants or (), declared()).get(permission), is_open)
        for name, place_of, store, is_open, grants, _ in map(tuple, rows)
    ]
    subject = None
    if place is not None:
        scoped = place.kind.owner is not None or place.kind.store is not None
        subject = Subject(place.owner_id, place.store_id, scoped)
        allowed = covers(actor, permission, owner_id=place.owner_id, store_id=place.store_id)
    else:
        allowed = allows(actor, permission)
    return Part(
        permission,
        _about(place) if place is not None else None,
        steps(user_id, held, subject, actor.teams),
        allowed,
        roles_with(permission),
    )


def _about(place: Place) -> About:
    owner = select(User.name).where(User.id == place.owner_id).scalar_subquery()
    store = select(Store.name).where(Store.id == place.store_id).scalar_subquery()
    names = db.session.execute(select(owner, store)).one()
    return About(place.title, place.kind.resource, names[0], names[1])


def _shown(actor: Actor, rows: Rows, group: str) -> Shown:
    by_role = {}
    for name, *_, sights in map(tuple, rows):
        by_role[name] = roles.expand_sights(sights or (), GROUPS).get(group, roles.HIDDEN)
    return Shown(group, list(by_role.items()), policy_for(actor).group(group).value)
