"""Which roles demand a second factor: by default those that administer, export and handle money."""

from __future__ import annotations

import uuid

from sqlalchemy import update

from app.core.db import db
from app.core.errors import PermissionDenied
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.tenants.models import Role
from app.tenants.operations.lending import require_own
from app.tenants.queries import people


def set_factor_rule(actor: Actor, role_id: uuid.UUID, *, required: bool) -> None:
    """Say whether a role demands a second factor; it holds from everybody's next request on.

    The administrator's role has the switch too. Nobody makes it easier to sign in as somebody who may more than he:
    that raises GrantExceedsOwn.
    """
    check(actor, "role.edit")
    role = people.get_role(role_id)
    if role.requires_second_factor == required:
        return
    if not required:
        for store_id in people.list_stores_of_role(role.id) or (None,):
            require_own(actor, people.grants_of_role(role.id), store_id)
    before, role.requires_second_factor = role.requires_second_factor, required
    db.session.flush()
    changes = {"requires_second_factor": (before, required)}
    audit.record(actor, "role.second_factor", "role", role.id, changes=changes)


def waive_second_factors(actor: Actor) -> None:
    """No role demands a second factor any more: for demonstrations and measurements, by the system alone."""
    if not actor.system:
        raise PermissionDenied("role.edit")
    db.session.execute(update(Role).values(requires_second_factor=False))
