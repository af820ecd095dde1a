"""Roles: create, tick permissions, pick scopes, delete; nobody grants more than she holds."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import N_, InUse, Stale
from app.core.guard import audit
from app.core.guard.classes import GROUPS
from app.core.guard.permissions import Actor, check, declared
from app.core.guard.policy import SIGHTS, Sight
from app.core.jobs.events import publish
from app.tenants.errors import NameTaken, RoleFixed, RoleInUse, ScopeUnknown
from app.tenants.events import GrantsOfRoleChanged
from app.tenants.models import Grant, Role, RoleSight, SessionRow
from app.tenants.operations.api_keys import forget_keys_of
from app.tenants.operations.lending import require_own, require_own_sights
from app.tenants.queries import people
from app.tenants.queries.holders import everyone_with
from app.tenants.queries.partners import is_role_of_newcomers
from app.tenants.rules import roles
from app.tenants.rules.differences import Difference, differences


class RoleOfNewcomers(InUse):
    """The identity provider's newcomers get the role."""

    code = "role_of_newcomers"
    message = N_("This role cannot be deleted: newcomers from the identity provider get it. Choose another one there.")


def create_role(
    actor: Actor, *, name: str, grants: Mapping[str, str], sights: Mapping[str, str] | None = None
) -> Role:
    """A role of the dealership's own; what `sights` do not name is hidden. Raises NameTaken, GrantExceedsOwn."""
    check(actor, "role.create")
    role = Role(id=new_id(), name=name)
    _check_grants(actor, role, {}, grants)
    _check_sights(actor, {}, sights or {})
    return _create(actor, role, grants, sights or {})


def create_default(actor: Actor, key: str) -> Role:
    """A default role that is missing, as it is by default. Raises NameTaken, GrantExceedsOwn, SightExceedsOwn."""
    check(actor, "role.create")
    default = roles.DEFAULT_ROLES[key]
    require_own(actor, roles.expand(default.grants.items(), declared()))
    require_own_sights(actor, roles.expand_sights(default.sights.items(), GROUPS))
    role = Role(id=new_id(), key=key, name=default.name, requires_second_factor=key in roles.FACTOR_ROLES)
    return _create(actor, role, default.grants, default.sights)


def _create(actor: Actor, role: Role, grants: Mapping[str, str], sights: Mapping[str, str]) -> Role:
    db.session.add(role)
    _flush_name()
    _write(role, grants, sights)
    told = {"name": (None, role.name), "grants": (None, _told(grants)), "sights": (None, _told(sights))}
    audit.record(actor, "role.create", "role", role.id, changes=told)
    return role


def change_role(
    actor: Actor,
    role_id: uuid.UUID,
    *,
    version: int,
    name: str,
    grants: Mapping[str, str],
    sights: Mapping[str, str] | None = None,
) -> Role:
    """Rename a role and set what it is granted and sees; it holds from everybody's next request on.

    Without `sights` what it sees stays as it is.
    """
    role = _changeable(actor, "role.edit", role_id)
    if role.version != version:
        raise Stale
    before_name, before, seen = role.name, people.grants_of_role(role.id), people.sights_of_role(role.id)
    sights = seen if sights is None else sights
    role.name = name
    # The row changes with the grants too: its version keeps two people from overwriting each other's ticks.
    role.updated_at = clock.now()
    _flush_name()
    _check_grants(actor, role, before, grants)
    _check_sights(actor, seen, sights)
    _write(role, grants, sights)
    told = {"name": (before_name, name), "grants": (_told(before), _told(grants)),
            "sights": (_told(seen), _told(sights))}  # fmt: skip
    audit.record(actor, "role.edit", "role", role.id, changes=told)
    if (before, seen) != (dict(grants), _shown(sights)):
        publish(GrantsOfRoleChanged(role.id, actor.user_id))
    return role


@dataclass(frozen=True)
class Review:
    """What a change of a role would do: its rights and groups of fields before and after, and who feels anything."""

    name: tuple[str, str]
    grants: list[Difference]
    sights: list[Difference]
    holders: int

    @property
    def people(self) -> int:
        """How many people feel any of it."""
        return len(frozenset().union(*(item.people for item in (*self.grants, *self.sights))))


def review_role(
    actor: Actor, role_id: uuid.UUID, *, name: str, grants: Mapping[str, str], sights: Mapping[str, str] | None
) -> Review:
    """What `change_role` would do, without doing it; raises what that would raise but Stale and NameTaken."""
    role = _changeable(actor, "role.edit", role_id)
    found = everyone_with(role.id)
    sights = found.sights[role.id] if sights is None else sights
    _check_grants(actor, role, found.grants[role.id], grants)
    _check_sights(actor, found.sights[role.id], sights)
    shown = _shown(sights)
    return Review(
        (role.name, name),
        differences(declared(), role.id, found.grants, grants, found.holders, roles.width),
        differences(GROUPS, role.id, found.sights, shown, found.holders, roles.sight_width),
        len(found.holders),
    )


def delete_role(actor: Actor, role_id: uuid.UUID, *, version: int) -> None:
    """Delete a role nobody has, and nobody gets by himself. Raises RoleInUse, RoleHasKeys, RoleOfNewcomers."""
    role = _changeable(actor, "role.delete", role_id)
    if role.version != version:
        raise Stale
    users = people.count_users_of_role(role.id)
    if users:
        raise RoleInUse(count=users)
    if is_role_of_newcomers(role.id):
        raise RoleOfNewcomers
    forget_keys_of(role.id)
    before, seen = people.grants_of_role(role.id), people.sights_of_role(role.id)
    db.session.execute(delete(Grant).where(Grant.role_id == role.id))
    db.session.execute(delete(RoleSight).where(RoleSight.role_id == role.id))
    # Nobody may go on looking as a role that is gone, least of all with rights of his own by accident.
    db.session.execute(delete(SessionRow).where(SessionRow.preview_role_id == role.id))
    db.session.delete(role)
    db.session.flush()
    gone = {"name": (role.name, None), "grants": (_told(before), None), "sights": (_told(seen), None)}
    audit.record(actor, "role.delete", "role", role_id, changes=gone)


def _changeable(actor: Actor, permission: str, role_id: uuid.UUID) -> Role:
    check(actor, permission)
    role = people.get_role(role_id)
    if role.key == roles.ADMIN:
        raise RoleFixed
    return role


def _check_grants(actor: Actor, role: Role, before: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """What grows beyond `before` must not grow beyond the actor's own, at any store of the role."""
    for permission, scope in wanted.items():
        if permission not in declared() or scope not in roles.SCOPES:
            raise ScopeUnknown(field="grants")
    grown = {name: scope for name, scope in wanted.items() if roles.width(scope) > roles.width(before.get(name))}
    # The change is felt wherever somebody has the role; for later members it is checked when they get it.
    for store_id in people.list_stores_of_role(role.id) or (None,):
        require_own(actor, grown, store_id, field="grants")


def _write(role: Role, grants: Mapping[str, str], sights: Mapping[str, str]) -> None:
    """Let these be the role's grants and sights; whether they may has been asked."""
    db.session.execute(delete(Grant).where(Grant.role_id == role.id))
    db.session.execute(delete(RoleSight).where(RoleSight.role_id == role.id))
    db.session.add_all(Grant(role_id=role.id, permission=name, scope=scope) for name, scope in grants.items())
    db.session.add_all(RoleSight(role_id=role.id, field_group=g, sight=sight) for g, sight in _shown(sights).items())
    db.session.flush()


def _check_sights(actor: Actor, before: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """What `wanted` shows more than `before` must not be more than the actor sees."""
    for group, sight in wanted.items():
        if group not in GROUPS or sight not in SIGHTS:
            raise ScopeUnknown(field="sights")
    clearer = {g: sight for g, sight in wanted.items() if roles.sight_width(sight) > roles.sight_width(before.get(g))}
    require_own_sights(actor, clearer, field="sights")


def _shown(sights: Mapping[str, str]) -> dict[str, str]:
    return {group: sight for group, sight in sights.items() if sight != Sight.HIDDEN}


def _flush_name() -> None:
    try:
        db.session.flush()
    except IntegrityError as error:
        if "name" in str(error.orig):
            raise NameTaken(field="name") from error
        raise


def _told(grants: Mapping[str, str]) -> list[str]:
    return sorted(f"{permission}: {scope}" for permission, scope in grants.items())
