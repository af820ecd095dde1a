"""What every new dealership begins with: default roles, a first store, and an administrator with an invitation."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime

from app.core.db.bulk import Row, row_of
from app.core.db.columns import new_id
from app.core.guard import audit
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor
from app.tenants.models import Grant, Role, RoleSight
from app.tenants.operations.stores import new_store
from app.tenants.operations.users import new_administrator
from app.tenants.rules.roles import ADMIN, DEFAULT_ROLES, FACTOR_ROLES

FIRST_STORE = "S1"


def first_rows(
    actor: Actor,
    *,
    store_name: str,
    timezone: str,
    admin_name: str,
    admin_email: str,
    link: tuple[uuid.UUID, datetime] | None = None,
) -> Iterator[Row]:
    """The rows of a dealership whose tables are empty, each after those it refers to, with an audit entry for each.

    `link` is the invitation, id and end, of an administrator who waits for it and needs no mail.

    They are made by what the operations themselves make theirs with. Needs the tenant's context and its keys at hand,
    and sends no statement.
    """
    roles = {
        key: Role(id=new_id(), key=key, name=default.name, requires_second_factor=key in FACTOR_ROLES)
        for key, default in DEFAULT_ROLES.items()
    }
    yield from map(row_of, roles.values())
    for key, role in roles.items():
        # Some two hundred: as plain rows they cost a tenth of what model objects do.
        for permission, scope in DEFAULT_ROLES[key].grants.items():
            yield Grant.__table__, {"role_id": role.id, "permission": permission, "scope": scope}
        for group, sight in DEFAULT_ROLES[key].sights.items():
            yield RoleSight.__table__, {"role_id": role.id, "field_group": group, "sight": sight}
    store, opened = new_store(actor, code=FIRST_STORE, name=store_name, timezone=timezone)
    yield row_of(store)
    administrator = new_administrator(
        actor, name=admin_name, email=admin_email, store=store, role=roles[ADMIN], link=link
    )
    yield from map(row_of, administrator)
    yield row_of(opened)
    yield from (row_of(_created(actor, role)) for role in roles.values())


def _created(actor: Actor, role: Role) -> AuditEntry:
    return audit.new_entry(actor, "role.create", "role", role.id, changes={"name": (None, role.name)})
