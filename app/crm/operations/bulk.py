"""Customers by the thousand, in a few statements: for imports, which have read and checked each row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, exists, func, select

from app.core.db import current_tenant, db
from app.core.db.bulk import copy_rows
from app.core.db.columns import new_id
from app.core.guard import audit, vault
from app.core.guard.masks import mask
from app.core.guard.permissions import Actor, check
from app.core.jobs.events import publish
from app.core.lists import search
from app.crm.events import CustomerCreated
from app.crm.models import Activity, ContactPoint, Customer
from app.crm.operations import identities
from app.crm.operations.contacts import ContactInput, check_sight
from app.crm.queries.identity import COLUMN, TABLE
from app.crm.rules.customers import (
    Contact,
    ContactKind,
    CustomerKind,
    clean_id_number,
    fold_name,
    full_name,
    normalize_contact,
)

_COLUMNS = (
    "id", "kind", "name", "given_name", "family_name", "name_key", "store_id", "owner_id", "language", "notes",
)  # fmt: skip
_SEALED = ("id_number_enc", "id_number_index", "id_number_masked")
_PLAIN, _PERSONAL = ("kind", "store_id", "owner_id", "language"), ("name", "given_name", "family_name", "notes")


@dataclass(frozen=True)
class CustomerInput:
    """A customer as a row describes one; `name` is for companies and for names known as a whole."""

    kind: str
    store_id: uuid.UUID
    name: str = ""
    given_name: str = ""
    family_name: str = ""
    owner_id: uuid.UUID | None = None
    language: str = ""
    notes: str = ""
    id_number: str = ""
    contacts: tuple[ContactInput, ...] = ()

    @property
    def display_name(self) -> str:
        """What the customer will be called; empty where the row has no name."""
        person = self.kind == CustomerKind.INDIVIDUAL
        return (full_name(self.given_name, self.family_name) if person else "") or " ".join(self.name.split())


@dataclass(frozen=True)
class MadeCustomer:
    """The ids of one new customer and of what hangs on it."""

    customer_id: uuid.UUID
    contact_ids: tuple[uuid.UUID, ...]


def create_customers_many(*, actor: Actor, rows: Sequence[CustomerInput]) -> list[MadeCustomer]:
    """Add customers with their contact points, in the order of `rows`; publishes CustomerCreated for each.

    The caller has left out rows without a name or with an impossible ID number. Duplicates are shown afterwards.
    """
    for store_id, owner_id in {(row.store_id, row.owner_id) for row in rows}:
        check(actor, "customer.create", owner_id=owner_id, store_id=store_id)
    for kind in {entry.kind for row in rows for entry in row.contacts}:
        check_sight(actor, kind)
    ids = [new_id() for _ in rows]
    numbers = _sealed_numbers(actor, ids, rows)
    stored, entries = [], []
    for customer_id, row in zip(ids, rows, strict=True):
        person = row.kind == CustomerKind.INDIVIDUAL
        given, family = (row.given_name.strip(), row.family_name.strip()) if person else ("", "")
        name = row.display_name
        values = (
            customer_id, row.kind, name, given or None, family or None, fold_name(name), row.store_id, row.owner_id,
            row.language, row.notes.strip(),
        )  # fmt: skip
        stored.append((*values, *numbers.get(customer_id, (None, None, None))))
        named = {key: value or None for key, value in zip(_COLUMNS, values, strict=True)}
        plain, personal = ({key: (None, named[key]) for key in keys} for keys in (_PLAIN, _PERSONAL))
        if customer_id in numbers:
            personal["id_number"] = (None, clean_id_number(row.id_number))
        entries.append(audit.Entry(customer_id, plain, personal, subject_id=customer_id))
    copy_rows(Customer.__table__, (*_COLUMNS, *_SEALED), stored)
    contact_ids = _add_contacts(ids, rows)
    audit.record_many(actor, "customer.create", "customer", entries)
    search.refresh("customer", ids, new=True)
    for customer_id in ids:
        publish(CustomerCreated(customer_id))
    return [MadeCustomer(customer_id, contact_ids[customer_id]) for customer_id in ids]


def take_back_customers(*, actor: Actor, made: Sequence[MadeCustomer]) -> set[uuid.UUID]:
    """Delete those customers that are as the import made them, and return their ids.

    Whoever has activities, other contact points or another version by now has been worked with, and stays.
    """
    check(actor, "customer.create")
    wanted = [item.customer_id for item in made]
    untouched = select(Customer.id).where(
        Customer.id.in_(wanted), Customer.version == 1, ~exists().where(Activity.customer_id == Customer.id)
    )
    possible = set(db.session.scalars(untouched.with_for_update()))
    points = _points_of(wanted)
    same = {item.customer_id for item in made if points.get(item.customer_id, set()) == set(item.contact_ids)}
    deleted = delete(Customer).where(Customer.id.in_(possible & same)).returning(Customer.id, Customer.name)
    gone = db.session.execute(deleted.execution_options(synchronize_session=False)).all()
    entries = [audit.Entry(row.id, {}, {"name": (row.name, None)}, subject_id=row.id) for row in gone]
    audit.record_many(actor, "customer.delete", "customer", entries)
    search.refresh("customer", [row.id for row in gone])
    return {row.id for row in gone}


def _sealed_numbers(
    actor: Actor, ids: Sequence[uuid.UUID], rows: Sequence[CustomerInput]
) -> Mapping[uuid.UUID, tuple[bytes, bytes, str]]:
    """What is stored of the ID numbers, by customer."""
    found = {key: number for key, row in zip(ids, rows, strict=True) if (number := clean_id_number(row.id_number))}
    if not found:
        return {}
    identities.check_sight(actor)
    sealed = vault.seal_many([(vault.Place(key, TABLE, COLUMN, key), number) for key, number in found.items()])
    return {key: (blob, *identities.made_of(found[key])) for key, blob in zip(found, sealed, strict=True)}


def _add_contacts(ids: Sequence[uuid.UUID], rows: Sequence[CustomerInput]) -> Mapping[uuid.UUID, tuple[uuid.UUID, ...]]:
    country = current_tenant().country
    found: list[tuple[uuid.UUID, uuid.UUID, int, Contact, str]] = []
    for customer_id, row in zip(ids, rows, strict=True):
        seen = set[Contact]()
        for entry in row.contacts:
            contact = normalize_contact(ContactKind(entry.kind), entry.value, country)
            if contact not in seen:
                found.append((new_id(), customer_id, len(seen), contact, entry.label))
                seen.add(contact)
    places = [
        (vault.Place(customer_id, "crm_contact_points", "value_enc", point_id), contact.value)
        for point_id, customer_id, _, contact, _ in found
    ]
    sealed = vault.seal_many(places) if places else []
    copy_rows(
        ContactPoint.__table__,
        ("id", "customer_id", "kind", "status", "value_enc", "value_index", "value_masked", "label", "position"),
        (
            (
                point_id, customer_id, contact.kind.value, contact.status.value, blob,
                vault.blind_index(contact.kind.value, contact.value), mask(contact.kind.value, contact.value), label,
                position,
            )
            for (point_id, customer_id, position, contact, label), blob in zip(found, sealed, strict=True)
        ),
    )  # fmt: skip
    of: dict[uuid.UUID, tuple[uuid.UUID, ...]] = dict.fromkeys(ids, ())
    for point_id, customer_id, *_ in found:
        of[customer_id] += (point_id,)
    return of


def _points_of(customer_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, set[uuid.UUID]]:
    ids = func.array_agg(ContactPoint.id)
    query = select(ContactPoint.customer_id, ids).where(ContactPoint.customer_id.in_(customer_ids))
    return {key: set(points) for key, points in db.session.execute(query.group_by(ContactPoint.customer_id))}
