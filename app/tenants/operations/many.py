"""What can be done to many users at once: each of these does it to one, as her page would."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from app.core.guard.permissions import Actor
from app.core.lists.bulk.changing import Unchanged
from app.tenants.errors import OwnAccount
from app.tenants.operations import users
from app.tenants.queries import people


def disable(actor: Actor, user_id: uuid.UUID, _values: Mapping[str, Any]) -> None:
    """Let the user sign in no more; raises OwnAccount, LastAdministrator and Unchanged."""
    user = people.get_user(actor, "user.edit", user_id)
    if user.state == "disabled":
        raise Unchanged
    if user.id == actor.user_id:
        # Among many chosen rows one's own is a slip; her own page asks first.
        raise OwnAccount
    users.disable_user(actor, user_id, version=user.version)


def enable(actor: Actor, user_id: uuid.UUID, _values: Mapping[str, Any]) -> None:
    """Let the user sign in again; raises Unchanged."""
    user = people.get_user(actor, "user.edit", user_id)
    if user.state != "disabled":
        raise Unchanged
    users.enable_user(actor, user_id, version=user.version)


def give_role(actor: Actor, user_id: uuid.UUID, values: Mapping[str, Any]) -> None:
    """Give the user a role at a store; raises GrantExceedsOwn and Unchanged."""
    if not users.give_role(actor, user_id, role_id=values["role_id"], store_id=values["store_id"]):
        raise Unchanged
