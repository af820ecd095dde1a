"""What every new dealership begins with: default roles, a first store, and an administrator with an invitation."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import insert, select

from app.core.db import db
from app.core.db.bulk import copy_rows
from app.core.db.columns import new_id
from app.core.guard import audit
from app.core.guard.permissions import Actor
from app.core.guard.vault import blind_index
from app.tenants.models import Grant, Role, Store, User
from app.tenants.operations.stores import open_store
from app.tenants.operations.users import invite_user
from app.tenants.queries.sessions import find_user_by_email
from app.tenants.rules.roles import ADMIN, DEFAULT_ROLES
from app.tenants.rules.signing import normal_email


@dataclass(frozen=True)
class Seeded:
    """What stands after seeding, made now or before."""

    store_id: uuid.UUID
    admin_id: uuid.UUID


def seed_tenant(
    actor: Actor, *, admin_name: str, admin_email: str, store_name: str, timezone: str, store_code: str = "S1"
) -> Seeded:
    """Seed the current tenant; running it again changes nothing that is there."""
    roles = seed_roles(actor)
    store = db.session.scalars(select(Store).order_by(Store.created_at, Store.id).limit(1)).first()
    if store is None:
        store = open_store(actor, code=store_code, name=store_name, timezone=timezone)
    user: User | None = find_user_by_email(blind_index("email", normal_email(admin_email)))
    if user is None:
        user = invite_user(actor, name=admin_name, email=admin_email, places=[(store.id, roles[ADMIN])])
    return Seeded(store.id, user.id)


def seed_roles(actor: Actor) -> dict[str, uuid.UUID]:
    """The default roles that are missing, with their grants; ids of all of them by key. Four statements in all."""
    present = db.session.scalars(select(Role).where(Role.key.is_not(None)))
    known: dict[str, uuid.UUID] = {role.key: role.id for role in present if role.key}
    made = {key: new_id() for key in DEFAULT_ROLES if key not in known}
    if made:
        roles = [{"id": role_id, "key": key, "name": DEFAULT_ROLES[key].name} for key, role_id in made.items()]
        db.session.execute(insert(Role), roles)
        grants = (
            (role_id, permission, scope)
            for key, role_id in made.items()
            for permission, scope in DEFAULT_ROLES[key].grants.items()
        )
        copy_rows(Grant.__table__, ["role_id", "permission", "scope"], grants)
        entries = [audit.Entry(role_id, {"name": (None, DEFAULT_ROLES[key].name)}) for key, role_id in made.items()]
        audit.record_many(actor, "role.create", "role", entries)
    return {**known, **made}
