"""Contact points: normalised, sealed under the customer's key, found by a keyed token, listed masked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from app.core.db import current_tenant, db
from app.core.db.columns import new_id, values_of
from app.core.errors import FieldClosed, Stale
from app.core.guard import audit, indexes, reveals, undo, vault
from app.core.guard.keys import KeyMissing
from app.core.guard.masks import mask
from app.core.guard.permissions import Actor, check, covers
from app.core.guard.policy import policy_for
from app.core.lists import search
from app.crm import queries
from app.crm.errors import ContactEmpty, ContactRepeated
from app.crm.models import ContactPoint, Customer
from app.crm.rules.customers import Contact, ContactKind, normalize_contact

_TABLE, _COLUMN = "crm_contact_points", "value_enc"


class ContactInput(NamedTuple):
    """A contact value as somebody typed or imported it."""

    kind: str
    value: str
    label: str = ""


def add_contact_point(*, actor: Actor, customer_id: uuid.UUID, kind: str, value: str, label: str = "") -> ContactPoint:
    """Add a phone number or an e-mail address; raises ContactEmpty and ContactRepeated.

    Another customer may have the same one: it is shown as a possible duplicate, not refused.
    """
    customer = _editable(actor, customer_id)
    check_sight(actor, kind)
    point = attach(customer, ContactInput(kind, value, label))
    audit.record(
        actor,
        "customer.add_contact",
        "customer",
        customer.id,
        {"contact_kind": (None, kind)},
        {"contact": (None, value.strip())},
        subject_id=customer.id,
    )
    search.refresh("customer", [customer.id])
    return point


def remove_contact_point(*, actor: Actor, customer_id: uuid.UUID, contact_point_id: uuid.UUID) -> None:
    """Remove a contact point of the customer; raises NotFound."""
    customer = _editable(actor, customer_id)
    point = queries.get_contact_point(customer.id, contact_point_id)
    check_sight(actor, point.kind)
    value = _unsealed(point)
    kept = {"name": customer.name, "row": values_of(point)}
    db.session.delete(point)
    db.session.flush()
    undo.offer(actor, "customer.remove_contact", kept)
    audit.record(
        actor,
        "customer.remove_contact",
        "customer",
        customer.id,
        {"contact_kind": (point.kind, None)},
        {"contact": (value, None)},
        subject_id=customer.id,
    )
    search.refresh("customer", [customer.id])


def restore_contact_point(*, actor: Actor, row: Mapping[str, Any]) -> ContactPoint:
    """Bring a removed contact point back; raises Stale when the customer has got the same one meanwhile."""
    customer = _editable(actor, row["customer_id"])
    check_sight(actor, row["kind"])
    value = vault.unseal(customer.id, _TABLE, _COLUMN, row["id"], row["value_enc"])
    indexes.hold(f"contact:{customer.id}", value)
    same = select(ContactPoint.id).where(
        ContactPoint.customer_id == customer.id,
        ContactPoint.kind == row["kind"],
        ContactPoint.value_index.in_(vault.every_index(row["kind"], value)),
    )
    if db.session.scalar(same) is not None:
        raise Stale
    point = ContactPoint(**indexes.renewed(ContactPoint.__table__, row))
    db.session.add(point)
    db.session.flush()
    told = {"contact": (None, value)}
    kind = {"contact_kind": (None, point.kind)}
    audit.record(actor, "customer.add_contact", "customer", customer.id, kind, told, subject_id=customer.id)
    search.refresh("customer", [customer.id])
    return point


def reveal_contact_point(*, actor: Actor, customer_id: uuid.UUID, contact_point_id: uuid.UUID) -> str:
    """The value in full, for whoever may see it so; leaves an audit entry."""
    customer = queries.get_customer(actor, customer_id)
    point = queries.get_contact_point(customer.id, contact_point_id)
    if not policy_for(actor).may_query("customer", point.kind):
        raise FieldClosed
    audit.record(actor, "customer.reveal_contact", "customer", customer.id, {"contact_point_id": (None, str(point.id))})
    return _unsealed(point)


def reveal_contacts(*, actor: Actor, customer_id: uuid.UUID, reason: str) -> None:
    """Show the actor, who sees masks, the customer's contacts in full for some minutes (see `core.guard.reveals`).

    Raises FieldClosed where nothing is masked but hidden, ReasonMissing and TooManyReveals.
    """
    customer = queries.get_customer(actor, customer_id)
    check(actor, "customer.reveal", owner_id=customer.owner_id, store_id=customer.store_id)
    if not queries.sees_contacts(actor):
        raise FieldClosed
    reveals.open_reveal(actor, "customer", customer.id, reason, subject_id=customer.id)


def revealed_contacts(actor: Actor, customer: Customer) -> dict[uuid.UUID, str]:
    """The customer's contacts in full while a reveal of the actor's is open, by contact point; else nothing."""
    still = covers(actor, "customer.reveal", owner_id=customer.owner_id, store_id=customer.store_id)
    if not still or reveals.revealed_until(actor, "customer", customer.id) is None:
        return {}
    points = queries.list_contact_points(customer.id)
    places = [vault.Place(customer.id, _TABLE, _COLUMN, point.id) for point in points]
    try:
        values = vault.unseal_many([(place, point.value_enc) for place, point in zip(places, points, strict=True)])
    except KeyMissing:
        return {}
    return dict(zip((point.id for point in points), values, strict=True))


def check_sight(actor: Actor, kind: str) -> None:
    """Raise FieldClosed unless `actor` sees contacts of this kind in full: what one does not see one does not set."""
    policy_for(actor).check_write("customer", ContactKind(kind).value, field="value")


def attach(customer: Customer, entry: ContactInput) -> ContactPoint:
    """Give `customer` a contact point, last in its order; for operations that have checked and will audit."""
    contact = _normal(entry)
    indexes.hold(f"contact:{customer.id}", contact.value)
    others = db.session.execute(
        select(ContactPoint.kind, ContactPoint.value_index, ContactPoint.position).where(
            ContactPoint.customer_id == customer.id
        )
    ).all()
    point = _new_point(customer, entry, contact, others)
    db.session.add(point)
    db.session.flush()
    return point


def first_points(
    customer: Customer, entries: Sequence[ContactInput]
) -> tuple[list[ContactPoint], list[tuple[str, str]]]:
    """The contact points of a customer made in this transaction, not stored yet, and (kind, value) of each as kept.

    Nobody else knows him, so nothing is asked, and nobody has to be waited for.
    """
    points, told = list[ContactPoint](), list[tuple[str, str]]()
    for entry in entries:
        contact = _normal(entry)
        points.append(_new_point(customer, entry, contact, points))
        told.append((points[-1].kind, contact.value))
    return points, told


def _normal(entry: ContactInput) -> Contact:
    if not entry.value.strip():
        raise ContactEmpty(field="value")
    return normalize_contact(ContactKind(entry.kind), entry.value, current_tenant().country)


def _new_point(customer: Customer, entry: ContactInput, contact: Contact, others: Sequence[Any]) -> ContactPoint:
    """The contact point, not stored yet, behind `others`; raises ContactRepeated when it is one of them."""
    kind = ContactKind(entry.kind)
    tokens = vault.every_index(kind.value, contact.value)
    if any(other.kind == kind.value and other.value_index in tokens for other in others):
        raise ContactRepeated(field="value")
    point_id = new_id()
    return ContactPoint(
        id=point_id,
        customer_id=customer.id,
        kind=kind.value,
        status=contact.status.value,
        value_enc=vault.seal(customer.id, _TABLE, _COLUMN, point_id, contact.value),
        value_index=tokens[0],
        value_masked=mask(kind.value, contact.value),
        label=entry.label.strip(),
        position=max((other.position for other in others), default=-1) + 1,
    )


def _editable(actor: Actor, customer_id: uuid.UUID) -> Customer:
    customer = queries.get_customer(actor, customer_id)
    check(actor, "customer.edit", owner_id=customer.owner_id, store_id=customer.store_id)
    return customer


def _unsealed(point: ContactPoint) -> str:
    return vault.unseal(point.customer_id, _TABLE, _COLUMN, point.id, point.value_enc)
