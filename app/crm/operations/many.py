"""What can be done to many customers at once: each of these does it to one, as his form would."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from app.core.guard.permissions import Actor
from app.core.lists.bulk.changing import Unchanged
from app.crm import queries
from app.crm.operations import customers


def hand_over(actor: Actor, customer_id: uuid.UUID, values: Mapping[str, Any]) -> None:
    """Give the customer to another owner, or to nobody; raises Unchanged."""
    _change(actor, customer_id, owner_id=values["owner_id"])


def move_to_store(actor: Actor, customer_id: uuid.UUID, values: Mapping[str, Any]) -> None:
    """Move the customer to another store; raises Unchanged."""
    _change(actor, customer_id, store_id=values["store_id"])


def _change(actor: Actor, customer_id: uuid.UUID, **wanted: Any) -> None:
    customer = queries.get_customer(actor, customer_id)
    if all(getattr(customer, name) == value for name, value in wanted.items()):
        raise Unchanged
    kept = ("kind", "name", "store_id", "owner_id", "language", "notes")
    values = {name: getattr(customer, name) for name in kept} | wanted
    customers.edit_customer(
        actor=actor,
        customer_id=customer_id,
        version=customer.version,
        given_name=customer.given_name or "",
        family_name=customer.family_name or "",
        **values,
    )
