"""The default roles beside those of a dealership: which are missing or differ, and giving one its defaults back."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select

from app.core.db import db
from app.core.guard import audit
from app.core.guard.classes import GROUPS
from app.core.guard.permissions import Actor, check, declared
from app.tenants.models import Grant, Role
from app.tenants.operations.roles import change_role, create_default
from app.tenants.queries import people
from app.tenants.rules.roles import ADMIN, DEFAULT_ROLES, EVERYTHING, expand, expand_sights


@dataclass(frozen=True)
class Synced:
    """Default roles by key: those added, those given their defaults back, those that differ; and grants dropped."""

    added: list[str]
    reset: list[str]
    differ: list[str]
    dropped: list[str]


def sync_roles(actor: Actor, reset: Collection[str] = ()) -> Synced:
    """Add default roles that are missing and drop grants of rights nobody declares; `reset` gives roles their defaults.

    What a dealership has changed stays, unless it is asked for by name. Raises NameTaken where a role of the
    dealership's own has the name of one that is missing.
    """
    check(actor, "role.edit")
    dropped = _drop_unknown(actor)
    present = {role.key: role for role in db.session.scalars(select(Role).where(Role.key.is_not(None)))}
    found = Synced([], [], [], dropped)
    for key, default in DEFAULT_ROLES.items():
        role = present.get(key)
        if role is None:
            create_default(actor, key)
            found.added.append(key)
            continue
        if key == ADMIN:
            continue
        grants = expand(default.grants.items(), declared())
        sights = expand_sights(default.sights.items(), GROUPS)
        if (people.grants_of_role(role.id), people.sights_of_role(role.id)) == (grants, sights):
            continue
        if key in reset:
            change_role(actor, role.id, version=role.version, name=role.name, grants=grants, sights=sights)
            found.reset.append(key)
        else:
            found.differ.append(key)
    return found


def _drop_unknown(actor: Actor) -> list[str]:
    """Drop the grants of rights nobody declares, on record at each role that had one; the rights."""
    gone = delete(Grant).where(Grant.permission.not_in([*declared(), EVERYTHING]))
    lost: dict[uuid.UUID, list[str]] = {}
    for role_id, permission, scope in db.session.execute(gone.returning(Grant.role_id, Grant.permission, Grant.scope)):
        lost.setdefault(role_id, []).append(f"{permission}: {scope}")
    for role_id, grants in lost.items():
        audit.record(actor, "role.edit", "role", role_id, changes={"grants": (sorted(grants), [])})
    return sorted({grant.partition(":")[0] for grants in lost.values() for grant in grants})
