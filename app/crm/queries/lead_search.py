"""Leads as the box finds them: by whoever asks, his name and how he is reached."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, select, true

from app.core.db import db
from app.core.guard.permissions import Actor, scope_clause
from app.core.lists.search import Entry, Word, among
from app.core.lists.search.models import SearchEntry
from app.crm import queries
from app.crm.models import Customer, Lead
from app.crm.rules.leads import LEAD_STATUS_LABELS, SOURCE_LABELS
from app.inventory import queries as inventory
from app.tenants import queries as tenants


def lead_entries(lead_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Entry]:
    """How these leads are found."""
    rows = db.session.execute(
        select(Lead.id, Lead.customer_id, Lead.store_id, Lead.assignee_id, Customer.name)
        .join(Customer, Customer.id == Lead.customer_id)
        .where(among(Lead.id, lead_ids))
    ).all()
    contacts = queries.contacts_in_the_clear(sorted({row.customer_id for row in rows})) if rows else {}
    return {
        row.id: Entry(
            row.name, names=row.name, secrets=contacts.get(row.customer_id, ()), store_id=row.store_id,
            owner_id=row.assignee_id,
        )
        for row in rows
    }  # fmt: skip


def leads_of(customer_ids: Sequence[uuid.UUID]) -> Sequence[uuid.UUID]:
    """The leads of these customers, whose names and contacts they are found by."""
    return db.session.scalars(select(Lead.id).where(among(Lead.customer_id, customer_ids))).all()


def found_by(actor: Actor) -> ColumnElement[bool]:
    """The entries of leads that `actor` may see, with their customers: whom he may not see he finds by no lead."""
    lead = scope_clause(actor, "lead.see", owner=SearchEntry.owner_id, store=SearchEntry.store_id)
    customer = scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id)
    if customer is true():
        return lead
    # A value and no EXISTS: so it is asked of the few rows found, and never for all leads beforehand.
    sees = (
        select(customer)
        .select_from(Lead)
        .join(Customer, Customer.id == Lead.customer_id)
        .where(Lead.id == SearchEntry.record_id)
        .correlate(SearchEntry)
        .scalar_subquery()
    )
    return and_(lead, sees)


def describe_leads(_actor: Actor, lead_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[str]]:
    """The second line of leads found: what is asked for, else how it came; where it stands; the store."""
    vehicles, stores = inventory.vehicle_facts(), tenants.store_facts()
    rows = db.session.execute(
        select(
            Lead.id, Lead.status, Lead.source, stores.c.store_name, vehicles.c.model_year, vehicles.c.make,
            vehicles.c.model,
        )
        .select_from(Lead)
        .join(stores, stores.c.store_id == Lead.store_id)
        .outerjoin(vehicles, vehicles.c.vehicle_id == Lead.vehicle_id)
        .where(among(Lead.id, lead_ids))
    )  # fmt: skip
    found = {}
    for row in rows:
        vehicle = " ".join(str(part) for part in (row.model_year, row.make, row.model) if part)
        asked = vehicle or Word(SOURCE_LABELS[row.source])
        found[row.id] = [asked, Word(LEAD_STATUS_LABELS[row.status]), row.store_name]
    return found
