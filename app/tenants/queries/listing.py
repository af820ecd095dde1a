"""The rows of this module's lists, each narrowed to what its reader may see."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.guard.permissions import Actor, allows, scope_clause
from app.tenants.models import ApiKey, Grant, Membership, Role, Store, Team, TeamMember, User
from app.tenants.queries import people

UNUSED = timedelta(days=30)


def users(actor: Actor) -> Select:
    """Users within reach, with their roles and stores."""
    held = Membership.user_id == User.id
    roles = select(func.array_agg(Role.name.distinct())).join(Membership, Membership.role_id == Role.id).where(held)
    stores = select(func.string_agg(Store.code.distinct(), ", ")).join(Membership, Membership.store_id == Store.id)
    return select(
        User.id,
        User.name,
        User.email_masked.label("email"),
        User.state,
        User.created_at,
        roles.correlate(User).scalar_subquery().label("roles"),
        stores.where(held).correlate(User).scalar_subquery().label("stores"),
        literal(allows(actor, "user.edit")).label("is_open"),
    ).where(people.reachable_users(actor, "user.see"))


def stores(actor: Actor) -> Select:
    """Stores, open and closed, with how many work there."""
    users = select(func.count(Membership.user_id.distinct())).where(Membership.store_id == Store.id)
    return select(
        Store.id,
        Store.code,
        Store.name,
        Store.region,
        Store.timezone,
        case((Store.closed_at.is_(None), literal("open")), else_=literal("closed")).label("state"),
        users.correlate(Store).scalar_subquery().label("users"),
    ).where(scope_clause(actor, "store.see", store=Store.id))


def teams(actor: Actor) -> Select:
    """Teams with lead and members."""
    lead = aliased(User)
    members = select(func.count()).select_from(TeamMember).where(TeamMember.team_id == Team.id)
    return (
        select(
            Team.id,
            Team.name,
            Team.created_at,
            Store.name.label("store"),
            lead.name.label("lead"),
            members.correlate(Team).scalar_subquery().label("members"),
        )
        .join(Store, Store.id == Team.store_id)
        .outerjoin(lead, lead.id == Team.lead_id)
        .where(scope_clause(actor, "user.edit", store=Team.store_id))
    )


def roles(_actor: Actor) -> Select:
    """Roles with how many have them."""
    users = select(func.count(Membership.user_id.distinct())).where(Membership.role_id == Role.id)
    grants = select(func.count()).select_from(Grant).where(Grant.role_id == Role.id)
    return select(
        Role.id,
        Role.key,
        Role.name,
        users.correlate(Role).scalar_subquery().label("users"),
        grants.correlate(Role).scalar_subquery().label("grant_count"),
    )


def api_keys(actor: Actor) -> Select:
    """API keys, whatever their state; never their texts."""
    return (
        select(
            *(ApiKey.id, ApiKey.name, ApiKey.beginning, ApiKey.created_at, ApiKey.expires_at, ApiKey.last_used_at),
            _key_state().label("state"),
            Role.name.label("role"),
            Store.name.label("store"),
            User.name.label("by"),
        )
        .join(Role, Role.id == ApiKey.role_id)
        .outerjoin(Store, Store.id == ApiKey.store_id)
        .outerjoin(User, User.id == ApiKey.created_by)
        .where(scope_clause(actor, "api_key.see", store=ApiKey.store_id))
    )


def keys_in(states: Collection[str]) -> ColumnElement[bool]:
    """Keys in one of these states."""
    return _key_state().in_(list(states))


def is_unused_key(unused: bool) -> ColumnElement[bool]:
    """Keys that were not used of late, or ever."""
    since = clock.now() - UNUSED
    return or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < since) if unused else ApiKey.last_used_at >= since


def _key_state() -> ColumnElement[str]:
    over = (ApiKey.revoked_at.is_not(None), literal("revoked")), (ApiKey.expires_at <= clock.now(), literal("expired"))
    return case(*over, else_=literal("active"))
