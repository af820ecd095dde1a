"""Taking enquiries in, correcting and deleting them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id, values_of
from app.core.db.violations import is_reference
from app.core.errors import FieldError, Invalid, NotFound, Stale
from app.core.guard import audit, undo
from app.core.guard.permissions import Actor, check
from app.core.jobs.events import publish
from app.core.lists import search
from app.crm import errors, queries
from app.crm.errors import LeadReferredTo
from app.crm.events import LeadReceived
from app.crm.models import Customer, Lead
from app.crm.operations import handing
from app.crm.queries import leads as lead_queries
from app.crm.rules.customers import is_too_late
from app.crm.rules.leads import WAITING_CHANNELS, LeadChannel, LeadSource, status_on_arrival
from app.inventory import queries as inventory
from app.tenants import queries as tenants

_PLAIN = (
    "customer_id", "store_id", "assignee_id", "channel", "source", "stock_unit_id", "vehicle_id",
    "status", "lost_reason", "received_at", "first_auto_reply_at", "first_attempt_at", "first_contact_at",
    "first_appointment_at", "ended_at",
)  # fmt: skip
_PERSONAL = ("source_detail", "wanted", "lost_note")
_EDITED = ("channel", "source", "source_detail", "stock_unit_id", "vehicle_id", "wanted")


def create_lead(
    *,
    actor: Actor,
    customer_id: uuid.UUID,
    channel: str,
    source: str = LeadSource.OTHER.value,
    source_detail: str = "",
    store_id: uuid.UUID | None = None,
    stock_unit_id: uuid.UUID | None = None,
    vehicle_id: uuid.UUID | None = None,
    wanted: str = "",
    assignee_id: uuid.UUID | None = None,
    received_at: datetime | None = None,
    first_auto_reply_at: datetime | None = None,
) -> Lead:
    """Take an enquiry in, at the customer's store unless another is named; the rotation says whose it is where
    nobody is named. Raises Invalid; publishes LeadReceived and LeadAssigned, and owes the reminder of the store.

    Who called or walked in is answered by that; everybody else waits until a person of ours tries to reach him.
    """
    customer = queries.get_customer(actor, customer_id)
    store = tenants.get_store(store_id or customer.store_id)
    check(actor, "lead.create", owner_id=assignee_id or actor.user_id, store_id=store.id)
    now = clock.now()
    received_at = received_at or now
    lead = Lead(
        id=new_id(), customer_id=customer.id, store_id=store.id, received_at=received_at,
        first_auto_reply_at=first_auto_reply_at, wanted=wanted.strip(), source_detail=source_detail.strip(),
        channel=LeadChannel(channel).value, source=LeadSource(source).value,
    )  # fmt: skip
    for name, at in (("received_at", received_at), ("first_auto_reply_at", first_auto_reply_at)):
        if at is not None and is_too_late(at, now):
            raise Invalid([FieldError(name, "in_future", errors.IN_FUTURE)])
    _interest(actor, lead, stock_unit_id, vehicle_id)
    lead.status, lead.status_at = status_on_arrival(LeadChannel(channel)).value, received_at
    if lead.channel not in WAITING_CHANNELS:
        lead.first_attempt_at = lead.first_contact_at = received_at
    if assignee_id is not None and assignee_id != actor.user_id:
        handing.check_assignee(actor, lead, assignee_id)
    rules = lead_queries.answering_of(store.id)
    by_rotation = assignee_id is None
    lead.assignee_id = handing.turn_of(lead, rules) if by_rotation else assignee_id
    lead.assigned_at = now if lead.assignee_id else None
    db.session.add(lead)
    _keep_findable(lead, new=True)
    _audit(actor, "lead.create", lead, {}, state_of(lead))
    publish(LeadReceived(lead.id, store.id, received_at))
    handing.note_assignment(actor, lead, None, rules, by_rotation=by_rotation)
    handing.owe_reminder(lead, rules)
    return lead


def edit_lead(
    *,
    actor: Actor,
    lead_id: uuid.UUID,
    version: int,
    channel: str,
    source: str,
    source_detail: str = "",
    stock_unit_id: uuid.UUID | None = None,
    vehicle_id: uuid.UUID | None = None,
    wanted: str = "",
) -> Lead:
    """Correct what an enquiry is about and where it came from; raises Stale and Invalid."""
    lead = load_lead(actor, lead_id, version, "lead.edit")
    before = state_of(lead)
    lead.channel, lead.source = LeadChannel(channel).value, LeadSource(source).value
    lead.source_detail, lead.wanted = source_detail.strip(), wanted.strip()
    if (stock_unit_id, vehicle_id) != (lead.stock_unit_id, lead.vehicle_id):
        _interest(actor, lead, stock_unit_id, vehicle_id)
    after = state_of(lead)
    if before != after:
        db.session.flush()
        _audit(actor, "lead.edit", lead, before, after)
        kept = {name: before[name] for name in _EDITED}
        undo.offer(actor, "lead.edit", {"id": lead.id, "version": lead.version, "name": "", "before": kept})
    return lead


def delete_lead(*, actor: Actor, lead_id: uuid.UUID, version: int | None = None) -> None:
    """Delete a lead taken in by mistake; raises LeadReferredTo and Stale."""
    lead = load_lead(actor, lead_id, version, "lead.delete")
    before, kept = state_of(lead), {"name": "", "row": values_of(lead)}
    customer_id = lead.customer_id
    db.session.delete(lead)
    try:
        db.session.flush()
    except IntegrityError as error:
        if is_reference(error):
            raise LeadReferredTo from error
        raise
    changes, personal = _differences(before, {})
    audit.record(actor, "lead.delete", "lead", lead_id, changes, personal, subject_id=customer_id)
    undo.offer(actor, "lead.delete", kept)
    search.refresh("lead", [lead_id])


def restore_lead(*, actor: Actor, row: Mapping[str, Any]) -> Lead:
    """Bring a deleted lead back as it was, for whoever may delete it; raises Stale where something of it is gone."""
    check(actor, "lead.delete", owner_id=row["assignee_id"], store_id=row["store_id"])
    if db.session.get(Lead, row["id"]) is not None:
        raise Stale
    lead = Lead(**row)
    db.session.add(lead)
    try:
        db.session.flush()
    except IntegrityError as error:
        if is_reference(error):
            raise Stale from error
        raise
    _keep_findable(lead, new=False)
    _audit(actor, "lead.restore", lead, {}, state_of(lead))
    return lead


def load_lead(actor: Actor, lead_id: uuid.UUID, version: int | None, permission: str) -> Lead:
    """The lead, locked, for whoever holds `permission` over it; raises NotFound, PermissionDenied and Stale."""
    lead = lead_queries.get_lead(actor, lead_id, lock=True)
    check(actor, permission, owner_id=lead.assignee_id, store_id=lead.store_id)
    if version is not None and lead.version != version:
        raise Stale
    return lead


def state_of(lead: Lead) -> dict[str, Any]:
    """The lead's fields as the audit tells of them."""
    return {name: getattr(lead, name) for name in (*_PLAIN, *_PERSONAL)}


def note_change(actor: Actor, action: str, lead: Lead, before: Mapping[str, Any]) -> None:
    """Write down what an operation has made of the lead; nothing where it made nothing."""
    if any(before[name] != getattr(lead, name) for name in before):
        db.session.flush()
        _audit(actor, action, lead, before, state_of(lead))
        if before["assignee_id"] != lead.assignee_id:
            search.refresh("lead", [lead.id])


def _keep_findable(lead: Lead, *, new: bool) -> None:
    """Enter a lead that nobody else sees yet into the search.

    Its customer is held: whoever renames him meanwhile could not know that this lead is called by his name.
    """
    db.session.execute(select(Customer.id).where(Customer.id == lead.customer_id).with_for_update(read=True))
    search.refresh("lead", [lead.id], new=new)


def _audit(actor: Actor, action: str, lead: Lead, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    changes, personal = _differences(before, after)
    audit.record(actor, action, "lead", lead.id, changes, personal, subject_id=lead.customer_id)


Changes = dict[str, tuple[object, object]]


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Changes, Changes]:
    plain, personal = (
        {
            name: (before.get(name), after.get(name))
            for name in names
            if (before.get(name) or None) != (after.get(name) or None)
        }
        for names in (_PLAIN, _PERSONAL)
    )
    return plain, personal


def _interest(actor: Actor, lead: Lead, stock_unit_id: uuid.UUID | None, vehicle_id: uuid.UUID | None) -> None:
    """The car that is asked for: a unit in stock says which vehicle it is."""
    try:
        if stock_unit_id is not None:
            vehicle_id = inventory.unit_info(actor, stock_unit_id).vehicle_id
        elif vehicle_id is not None:
            inventory.get_vehicle(actor, vehicle_id)
    except NotFound as error:
        field = "stock_unit_id" if stock_unit_id is not None else "vehicle_id"
        raise Invalid([FieldError(field, "unknown_choice", errors.UNKNOWN_CHOICE)]) from error
    lead.stock_unit_id, lead.vehicle_id = stock_unit_id, vehicle_id
