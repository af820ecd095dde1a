"""ID numbers of customers as far as somebody may see them: the mask in lists and pages, the number for who asks."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import ColumnElement, null, select

from app.core.db import db
from app.core.guard import vault
from app.core.guard.keys import KeyMissing
from app.core.guard.permissions import Actor
from app.core.guard.policy import Sight, policy_for
from app.core.lists.search import among
from app.crm.models import Customer

TABLE, COLUMN = "crm_customers", "id_number_enc"


def sees_id_numbers(actor: Actor) -> bool:
    """Whether `actor` sees ID numbers at all, be it their masks alone."""
    return policy_for(actor).field("customer", "id_number") is not Sight.HIDDEN


def id_number_mask(actor: Actor, customer: Customer) -> str | None:
    """The masked form of the customer's ID number; None where there is none, or none for `actor`."""
    return customer.id_number_masked if sees_id_numbers(actor) else None


def listed_id_number(actor: Actor) -> ColumnElement[Any]:
    """The masked form for the source of a list; nothing for whom it is hidden from."""
    return Customer.id_number_masked.expression if sees_id_numbers(actor) else null()


def id_number_of(customer: Customer) -> str | None:
    """The customer's ID number in the clear; who may see it is asked before. An erased person has none."""
    if customer.id_number_enc is None:
        return None
    try:
        return vault.unseal(customer.id, TABLE, COLUMN, customer.id, customer.id_number_enc)
    except KeyMissing:
        return None


def id_numbers_in_full(rows: Sequence[Any]) -> Mapping[uuid.UUID, str]:
    """The ID numbers of these customers, for an export somebody else has let go in the clear."""
    sealed = db.session.execute(
        select(Customer.id, Customer.id_number_enc)
        .where(among(Customer.id, [row.id for row in rows]))
        .where(Customer.id_number_enc.is_not(None))
    ).all()
    vault.load_subject_keys({row.id for row in sealed})
    found: dict[uuid.UUID, str] = {}
    for row in sealed:
        with suppress(KeyMissing):
            found[row.id] = vault.unseal(row.id, TABLE, COLUMN, row.id, row.id_number_enc or b"")
    return found
