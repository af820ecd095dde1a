"""The ways to reach customers: sealed, masked, and in the clear for what keeps them as tokens."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Row, select

from app.core.db import db
from app.core.errors import NotFound
from app.core.guard import vault
from app.core.guard.keys import KeyMissing
from app.core.guard.permissions import Actor
from app.core.guard.policy import Sight, policy_for
from app.core.lists.search import among
from app.crm.models import ContactPoint


def get_contact_point(customer_id: uuid.UUID, contact_point_id: uuid.UUID) -> ContactPoint:
    """A contact point of that customer; raises NotFound."""
    point = db.session.scalar(
        select(ContactPoint).where(ContactPoint.id == contact_point_id, ContactPoint.customer_id == customer_id)
    )
    if point is None:
        raise NotFound
    return point


def contacts_in_the_clear(customer_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[tuple[str, str]]]:
    """(kind, value) of these customers' contact points, for what keeps them as tokens; an erased person has none."""
    rows = db.session.execute(
        select(ContactPoint.customer_id, ContactPoint.kind, ContactPoint.id, ContactPoint.value_enc)
        .where(among(ContactPoint.customer_id, customer_ids))
        .order_by(ContactPoint.customer_id, ContactPoint.position, ContactPoint.id)
    ).all()
    vault.load_subject_keys({row.customer_id for row in rows})
    found: dict[uuid.UUID, list[tuple[str, str]]] = {}
    for row in rows:
        with suppress(KeyMissing):
            value = vault.unseal(row.customer_id, ContactPoint.__tablename__, "value_enc", row.id, row.value_enc)
            found.setdefault(row.customer_id, []).append((row.kind, value))
    return found


def sees_contacts(actor: Actor) -> bool:
    """Whether `actor` sees contacts at all, be it their masks alone."""
    return policy_for(actor).column(ContactPoint.value_masked) is not Sight.HIDDEN


def list_contact_points(customer_id: uuid.UUID) -> Sequence[ContactPoint]:
    """The customer's contact points in their order, values sealed and masked."""
    return db.session.scalars(
        select(ContactPoint)
        .where(ContactPoint.customer_id == customer_id)
        .order_by(ContactPoint.position, ContactPoint.id)
    ).all()


def contact_rows(customer_ids: Sequence[uuid.UUID]) -> Sequence[Row]:
    """The contact points of these customers in their order, as masks: customer_id, id, kind, label, contact."""
    return db.session.execute(
        select(
            *(ContactPoint.customer_id, ContactPoint.id, ContactPoint.kind, ContactPoint.label),
            ContactPoint.value_masked,
        )
        .where(among(ContactPoint.customer_id, customer_ids))
        .order_by(ContactPoint.customer_id, ContactPoint.position, ContactPoint.id)
    ).all()
