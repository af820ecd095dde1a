"""Who is signed in, whole, in one statement; and the sessions of a user."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.core.guard import vault
from app.core.guard.classes import GROUPS
from app.core.guard.facts import declared_facts
from app.core.guard.narrowing import as_role, without
from app.core.guard.permissions import Actor, declared
from app.tenants.models import Grant, Membership, Role, RoleSight, SessionRow, Store, Team, TeamMember, User
from app.tenants.queries import factors
from app.tenants.rules import roles
from app.tenants.rules.admitting import WITHHELD, WITHHELD_VERBS
from app.tenants.rules.preferences import known
from app.tenants.rules.signing import normal_email


@dataclass(frozen=True)
class SignedInStore:
    """A store the user works at."""

    id: uuid.UUID
    code: str
    name: str
    timezone: str


@dataclass(frozen=True)
class SignedIn:
    """A living session: its user, rights and stores; `preview` names the role as which he looks at the pages."""

    session_id: uuid.UUID
    actor: Actor
    locale: str | None
    last_seen_at: datetime
    preferences: dict[str, str]
    stores: tuple[SignedInStore, ...]
    facts: Mapping[str, Any]
    factor_at: datetime | None
    proved_at: datetime
    factor_required: bool
    has_factor: bool
    preview: str | None = None


_OF_SESSION = (
    *(SessionRow.id.label("session_id"), SessionRow.last_seen_at, SessionRow.factor_at, SessionRow.proved_at),
    SessionRow.behind,
)


def read_session(token_hash: bytes, host: str, idle: timedelta) -> SignedIn | None:
    """The living session of this token at this host, or None: the first statement of a request, and its only one."""
    now = clock.now()
    asked = declared_facts()
    facts = [fact(User.id.expression).label(f"fact_{name}") for name, fact in asked.items()]
    row = db.session.execute(
        _with_rights(*_OF_SESSION, *_previewed(), *facts)
        .join(SessionRow, SessionRow.user_id == User.id)
        .where(
            SessionRow.token_hash == token_hash,
            SessionRow.host == host,
            SessionRow.expires_at > now,
            SessionRow.last_seen_at > now - idle,
            User.state == "active",
        )
    ).one_or_none()
    if row is None:
        return None
    kept = known(row.preferences)
    told = {name: row._mapping[f"fact_{name}"] for name in asked}
    actor, preview = replace(_actor(row), behind=row.behind), None
    if row.behind is not None:
        actor = without(actor, WITHHELD, WITHHELD_VERBS)
    if row.preview is not None:
        preview, grants, sights = row.preview
        actor = as_role(actor, roles.expand(grants or (), declared()), roles.expand_sights(sights or (), GROUPS))
    factor = {"factor_required": bool(told[factors.REQUIRED]), "has_factor": told[factors.HAS]}
    return SignedIn(row.session_id, actor, row.locale, row.last_seen_at, kept, _stores(row.stores), told,
                    row.factor_at, row.proved_at, **factor, preview=preview)  # fmt: skip


def get_actor(user_id: uuid.UUID) -> Actor:
    """The actor an active user is, outside a request too; raises NotFound."""
    row = db.session.execute(_with_rights().where(User.id == user_id, User.state == "active")).one_or_none()
    if row is None:
        raise NotFound
    return _actor(row)


def list_sessions(user_id: uuid.UUID) -> Sequence[SessionRow]:
    """The user's sessions that have not expired, the last used first."""
    query = select(SessionRow).where(SessionRow.user_id == user_id, SessionRow.expires_at > clock.now())
    return db.session.scalars(query.order_by(SessionRow.last_seen_at.desc(), SessionRow.id)).all()


def _with_rights(*columns: ColumnElement[Any] | Any) -> Select[Any]:
    """User, grants, stores and team mates as one row; the lists are gathered by the database."""

    def held_by_user(column: Any) -> Select[Any]:
        # Two levels down SQLAlchemy no longer correlates by itself: it would take every user's memberships.
        return select(column).where(Membership.user_id == User.id).correlate(User)

    # The roles held, each with its stores and grants: which store a right comes from must not get lost.
    held = (
        select(Membership.role_id, func.json_agg(Membership.store_id).label("stores"))
        .where(Membership.user_id == User.id)
        .group_by(Membership.role_id)
        .correlate(User)
        .subquery("held")
    )
    given = (grants_of(held.c.role_id).correlate(held), sights_of(held.c.role_id).correlate(held))
    parts = [part.scalar_subquery() for part in given]
    roles_held = select(func.json_agg(func.json_build_array(held.c.stores, *parts))).scalar_subquery()
    stores = (
        select(func.json_agg(func.json_build_array(Store.id, Store.code, Store.name, Store.timezone)))
        .where(Store.id.in_(held_by_user(Membership.store_id)), Store.closed_at.is_(None))
        .scalar_subquery()
    )
    own, mates = aliased(TeamMember), aliased(TeamMember)
    joined = select(own.team_id).where(own.user_id == User.id).correlate(User)
    teams = joined.union(select(Team.id).where(Team.lead_id == User.id).correlate(User))
    colleagues = (
        select(func.json_agg(func.json_build_array(Team.store_id, mates.user_id)))
        .where(Team.id == mates.team_id, Team.id.in_(teams))
        .correlate(User)
        .scalar_subquery()
    )
    return select(
        User.id.label("user_id"),
        User.name.label("user_name"),
        User.locale,
        User.preferences,
        roles_held.label("held"),
        stores.label("stores"),
        colleagues.label("colleagues"),
        *columns,
    ).select_from(User)


def grants_of(role_id: Any) -> Select[Any]:
    """The (permission, scope) of a role as one list, for a statement that has the role's id."""
    return select(func.json_agg(func.json_build_array(Grant.permission, Grant.scope))).where(Grant.role_id == role_id)


def sights_of(role_id: Any) -> Select[Any]:
    """The (group of fields, sight) of a role as one list."""
    pair = func.json_build_array(RoleSight.field_group, RoleSight.sight)
    return select(func.json_agg(pair)).where(RoleSight.role_id == role_id)


def _previewed() -> Iterable[ColumnElement[Any]]:
    """Name, grants and sights of the role as which the session looks at the pages."""
    parts = [part(Role.id).correlate(Role).scalar_subquery() for part in (grants_of, sights_of)]
    role = select(func.json_build_array(Role.name, *parts)).where(Role.id == SessionRow.preview_role_id)
    return (role.correlate(SessionRow).scalar_subquery().label("preview"),)


def _actor(row: Row[Any]) -> Actor:
    rights = declared()
    held = [([*map(uuid.UUID, stores)], roles.expand(grants or (), rights)) for stores, grants, _ in row.held or ()]
    store_ids = frozenset(store.id for store in _stores(row.stores))
    teams: dict[uuid.UUID, set[uuid.UUID]] = {}
    for store_id, user_id in row.colleagues or ():
        teams.setdefault(uuid.UUID(store_id), set()).add(uuid.UUID(user_id))
    return Actor(
        user_id=row.user_id,
        name=row.user_name,
        grants=roles.expand((grant for _, grants in held for grant in grants.items()), rights),
        store_ids=store_ids,
        team_user_ids=frozenset().union(*teams.values()),
        reach=roles.reach(held, store_ids),
        teams={store_id: frozenset(users) for store_id, users in teams.items()},
        sights=roles.expand_sights((sight for *_, sights in row.held or () for sight in sights or ()), GROUPS),
    )


def _stores(found: Iterable[Sequence[str]] | None) -> tuple[SignedInStore, ...]:
    stores = (SignedInStore(uuid.UUID(given), code, name, timezone) for given, code, name, timezone in found or ())
    return tuple(sorted(stores, key=lambda store: store.code))


def find_user_by_email(email: str) -> User | None:
    """The user with this e-mail, by its keyed index, whatever the user's state."""
    marks = vault.every_index("email", normal_email(email))
    return db.session.scalars(select(User).where(User.email_index.in_(marks))).one_or_none()
