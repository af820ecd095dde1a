"""The default roles beside those of a dealership: which are missing or differ, and giving one its defaults back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select

from app.core.db import db
from app.core.db.columns import new_id
from app.core.guard import audit
from app.core.guard.classes import GROUPS
from app.core.guard.permissions import Actor, check, declared
from app.tenants.models import Grant, Role, RoleSight
from app.tenants.operations.roles import change_role
from app.tenants.queries import people
from app.tenants.rules.roles import ADMIN, DEFAULT_ROLES, EVERYTHING, FACTOR_ROLES, expand, expand_sights


@dataclass(frozen=True)
class Synced:
    """Default roles by key: those added, those given their defaults back, those that differ; and grants dropped."""

    added: list[str]
    reset: list[str]
    differ: list[str]
    dropped: list[str]


def sync_roles(actor: Actor, reset: Collection[str] = ()) -> Synced:
    """Add default roles that are missing and drop grants of rights nobody declares; `reset` gives roles their defaults.

    What a dealership has changed stays, unless it is asked for by name.
    """
    check(actor, "role.edit")
    dropped = db.session.scalars(
        delete(Grant).where(Grant.permission.not_in([*declared(), EVERYTHING])).returning(Grant.permission)
    ).all()
    present = {role.key: role for role in db.session.scalars(select(Role).where(Role.key.is_not(None)))}
    found = Synced([], [], [], sorted(set(dropped)))
    for key, default in DEFAULT_ROLES.items():
        role = present.get(key)
        if role is None:
            _add(actor, key)
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


def _add(actor: Actor, key: str) -> None:
    default = DEFAULT_ROLES[key]
    role = Role(id=new_id(), key=key, name=default.name, requires_second_factor=key in FACTOR_ROLES)
    db.session.add(role)
    db.session.flush()
    db.session.add_all(Grant(role_id=role.id, permission=name, scope=scope) for name, scope in default.grants.items())
    db.session.add_all(RoleSight(role_id=role.id, field_group=g, sight=sight) for g, sight in default.sights.items())
    audit.record(actor, "role.create", "role", role.id, changes={"name": (None, role.name)})
    db.session.flush()
