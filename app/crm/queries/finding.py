"""Customers as the box finds them, and the mask of a contact that stands beside a name."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, null, select

from app.core.db import db
from app.core.guard.permissions import Actor
from app.core.lists.search import Entry, among
from app.crm import queries
from app.crm.models import ContactPoint, Customer
from app.tenants import queries as tenants


def first_contact(actor: Actor) -> ColumnElement[Any]:
    """The mask of the customer's first contact point for the source of a list; nothing where contacts are hidden."""
    if not queries.sees_contacts(actor):
        return null()
    return (
        select(ContactPoint.value_masked)
        .where(ContactPoint.customer_id == Customer.id)
        .order_by(ContactPoint.position, ContactPoint.id)
        .limit(1)
        .correlate(Customer)
        .scalar_subquery()
    )


def customer_entries(customer_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Entry]:
    """How these customers are found: by name, phone and e-mail. By an ID number nobody is, but through its filter."""
    rows = db.session.execute(
        select(Customer.id, Customer.name, Customer.store_id, Customer.owner_id).where(among(Customer.id, customer_ids))
    )
    contacts = queries.contacts_in_the_clear(customer_ids)
    return {row.id: entry_of(row, contacts.get(row.id, ())) for row in rows}


def entry_of(customer: Any, contacts: Sequence[tuple[str, str]]) -> Entry:
    """How a customer, or a row of one, with these contacts is found: each (kind, value) in the clear."""
    return Entry(
        customer.name,
        names=customer.name,
        secrets=contacts,
        store_id=customer.store_id,
        owner_id=customer.owner_id,
    )


def describe_customers(actor: Actor, customer_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[str]]:
    """The second line of customers found."""
    stores = tenants.store_facts()
    rows = db.session.execute(
        select(Customer.id, first_contact(actor), stores.c.store_name)
        .join(stores, stores.c.store_id == Customer.store_id)
        .where(among(Customer.id, customer_ids))
    )
    return {key: [part for part in parts if part] for key, *parts in rows}
