"""Stores and teams: open, change, close."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import NotFound, PermissionDenied, Stale
from app.core.guard import audit
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor, check
from app.tenants.errors import NameTaken, StoreInUse, TimezoneUnknown
from app.tenants.models import Store, Team, TeamMember
from app.tenants.queries import people

FIELDS = ("code", "name", "timezone", "region", "address")


def open_store(
    actor: Actor, *, code: str, name: str, timezone: str, region: str | None = None, address: str | None = None
) -> Store:
    """A new store. Raises NameTaken for a code in use, TimezoneUnknown."""
    check(actor, "store.create")
    store, entry = new_store(actor, code=code, name=name, timezone=timezone, region=region, address=address)
    db.session.add(store)
    _flush_code()
    db.session.add(entry)
    return store


def new_store(
    actor: Actor, *, code: str, name: str, timezone: str, region: str | None = None, address: str | None = None
) -> tuple[Store, AuditEntry]:
    """A store and the entry about its opening, not stored yet. Raises TimezoneUnknown."""
    _check_timezone(timezone)
    store = Store(id=new_id(), code=code, name=name, timezone=timezone, region=region, address=address)
    changes = {field: (None, getattr(store, field)) for field in FIELDS}
    return store, audit.new_entry(actor, "store.open", "store", store.id, changes=changes)


def change_store(
    actor: Actor,
    store_id: uuid.UUID,
    *,
    version: int,
    code: str,
    name: str,
    timezone: str,
    region: str | None = None,
    address: str | None = None,
) -> Store:
    """Change what a store says about itself. Raises Stale, NameTaken, TimezoneUnknown."""
    store = _reached(actor, "store.edit", store_id, version)
    _check_timezone(timezone)
    before = {field: getattr(store, field) for field in FIELDS}
    store.code, store.name, store.timezone, store.region, store.address = code, name, timezone, region, address
    _flush_code()
    changes = {field: (before[field], getattr(store, field)) for field in FIELDS}
    audit.record(actor, "store.edit", "store", store.id, changes=changes)
    return store


def close_store(actor: Actor, store_id: uuid.UUID, *, version: int) -> None:
    """Close a store nobody works at any more; its records stay. Raises StoreInUse."""
    store = _reached(actor, "store.delete", store_id, version)
    if store.closed_at is not None:
        return
    users = people.count_users_of_store(store.id)
    if users:
        raise StoreInUse(count=users)
    store.closed_at = clock.now()
    audit.record(actor, "store.close", "store", store.id, changes={"closed_at": (None, store.closed_at)})


def create_team(
    actor: Actor, *, store_id: uuid.UUID, name: str, lead_id: uuid.UUID | None, member_ids: Iterable[uuid.UUID]
) -> Team:
    """Named users of a store with a lead, who is always one of them."""
    _check_store(actor, store_id)
    wanted = _workers(store_id, member_ids, lead_id)
    team = Team(id=new_id(), store_id=store_id, name=name, lead_id=lead_id)
    db.session.add(team)
    db.session.flush()
    _set_members(team, wanted)
    told = {"name": (None, name), "lead_id": (None, lead_id), "member_ids": (None, _members(team))}
    audit.record(actor, "team.create", "team", team.id, changes=told)
    return team


def change_team(
    actor: Actor,
    team_id: uuid.UUID,
    *,
    version: int,
    name: str,
    lead_id: uuid.UUID | None,
    member_ids: Iterable[uuid.UUID],
) -> Team:
    """Rename a team, change its lead or its members."""
    team = _team(actor, team_id, version)
    wanted = _workers(team.store_id, member_ids, lead_id)
    before, before_lead, before_members = team.name, team.lead_id, _members(team)
    team.name, team.lead_id = name, lead_id
    team.updated_at = clock.now()
    db.session.flush()
    _set_members(team, wanted)
    told = {
        "name": (before, name),
        "lead_id": (before_lead, lead_id),
        "member_ids": (before_members, _members(team)),
    }
    audit.record(actor, "team.edit", "team", team.id, changes=told)
    return team


def delete_team(actor: Actor, team_id: uuid.UUID, *, version: int) -> None:
    """Dissolve a team; its users stay."""
    team = _team(actor, team_id, version)
    db.session.execute(delete(TeamMember).where(TeamMember.team_id == team.id))
    db.session.delete(team)
    db.session.flush()
    audit.record(actor, "team.delete", "team", team_id, changes={"name": (team.name, None)})


def _team(actor: Actor, team_id: uuid.UUID, version: int) -> Team:
    team = db.session.get(Team, team_id)
    if team is None:
        raise NotFound
    _check_store(actor, team.store_id)
    if team.version != version:
        raise Stale
    return team


def _workers(store_id: uuid.UUID, member_ids: Iterable[uuid.UUID], lead_id: uuid.UUID | None) -> set[uuid.UUID]:
    """The members and the lead, found to work at the store before anything is written; raises NotFound."""
    wanted = {*member_ids, *([] if lead_id is None else [lead_id])}
    people.check_workers(store_id, wanted)
    return wanted


def _set_members(team: Team, wanted: set[uuid.UUID]) -> None:
    """Exactly these members."""
    db.session.execute(delete(TeamMember).where(TeamMember.team_id == team.id))
    db.session.add_all(TeamMember(team_id=team.id, user_id=user_id) for user_id in sorted(wanted))
    db.session.flush()


def _members(team: Team) -> set[uuid.UUID]:
    return set(db.session.scalars(select(TeamMember.user_id).where(TeamMember.team_id == team.id)))


def _check_store(actor: Actor, store_id: uuid.UUID) -> None:
    """Teams belong to the people of a store: whoever may change users there may change its teams."""
    check(actor, "user.edit")
    try:
        check(actor, "user.edit", store_id=store_id)
    except PermissionDenied as error:
        raise NotFound from error
    if db.session.get(Store, store_id) is None:
        raise NotFound


def _reached(actor: Actor, permission: str, store_id: uuid.UUID, version: int) -> Store:
    check(actor, permission)
    store = people.get_store_for(actor, permission, store_id)
    if store.version != version:
        raise Stale
    return store


def _check_timezone(timezone: str) -> None:
    if not clock.is_timezone(timezone):
        raise TimezoneUnknown(field="timezone")


def _flush_code() -> None:
    try:
        db.session.flush()
    except IntegrityError as error:
        if "code" in str(error.orig):
            raise NameTaken(field="code") from error
        raise
