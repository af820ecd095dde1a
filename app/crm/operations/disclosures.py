"""Giving a customer's data to a partner outside: the fields he has declared and nothing else.

Whoever calls puts the fields on record with what they are given for.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from app.core.db import db
from app.crm.models import Customer
from app.crm.queries import contacts, identity

FIELDS = ("name", "phone", "email", "id_number")


def disclose(customer_id: uuid.UUID, fields: Collection[str]) -> dict[str, str]:
    """The named fields of a customer in the clear, as far as he has them; an erased person has none.

    Raises ValueError for a field that nobody may be given.
    """
    if unknown := set(fields) - set(FIELDS):
        raise ValueError(f"these are given to nobody: {sorted(unknown)}")
    customer = db.session.get(Customer, customer_id)
    if customer is None:
        return {}
    found: dict[str, str | None] = {"name": customer.name}
    if {"phone", "email"} & set(fields):
        for kind, value in contacts.contacts_in_the_clear([customer_id]).get(customer_id, []):
            found.setdefault(kind, value)
    if "id_number" in fields:
        found["id_number"] = identity.id_number_of(customer)
    return {name: told for name in fields if (told := found.get(name))}
