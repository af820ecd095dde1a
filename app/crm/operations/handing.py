"""Whose a lead is: told to whom it became, watched until somebody answers, handed on when nobody does."""

from __future__ import annotations

import uuid
from datetime import timedelta

from app.core import clock
from app.core.errors import FieldError, Invalid
from app.core.guard.permissions import Actor, check
from app.core.jobs.events import publish
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName
from app.crm import errors
from app.crm.events import LeadAssigned
from app.crm.models import Lead
from app.crm.operations import rotating
from app.crm.queries.leads import Answering, assignable
from app.crm.rules.leads import OPEN

REMIND = "crm.remind_of_lead"
HAND_ON = "crm.hand_lead_on"
# What is written down later than this after it came is history; nobody is to be called about it.
_STALE = timedelta(hours=12)


def check_assignee(actor: Actor, lead: Lead, user_id: uuid.UUID) -> None:
    """Raise unless `actor` may give the lead to `user_id`, who works at its store."""
    check(actor, "lead.assign", owner_id=lead.assignee_id, store_id=lead.store_id)
    if user_id not in {key for key, _ in assignable(lead.store_id)}:
        raise Invalid([FieldError("assignee_id", "unknown_choice", errors.UNKNOWN_CHOICE)])


def turn_of(lead: Lead, rules: Answering, *, but: uuid.UUID | None = None) -> uuid.UUID | None:
    """Whom the rotation of the lead's store gives it to."""
    return rotating.next_in_turn(lead.store_id, rules.most_open, but=but)


def note_assignment(
    actor: Actor, lead: Lead, before_id: uuid.UUID | None, rules: Answering, *, by_rotation: bool = False
) -> None:
    """Tell whose the lead is now, and owe the look whether he does something about it."""
    if lead.assignee_id is None or lead.assigned_at is None:
        return
    publish(LeadAssigned(lead.id, lead.assignee_id, before_id, None if by_rotation else actor.user_id))
    if rules.reassign is not None and is_waiting(lead):
        # Ids and plain values alone: by the moment it became his it is known that it still is by the same act.
        payload = {"lead": str(lead.id), "assigned": lead.assigned_at.isoformat()}
        enqueue(HAND_ON, queue=QueueName.DEFAULT, payload=payload, at=lead.assigned_at + rules.reassign)


def owe_reminder(lead: Lead, rules: Answering) -> None:
    """Owe the look whether the lead was answered within the store's target."""
    due, now = lead.received_at + rules.target, clock.now()
    if is_waiting(lead) and due > now - _STALE:
        enqueue(REMIND, queue=QueueName.NOTIFY, payload={"lead": str(lead.id)}, at=max(due, now))


def is_waiting(lead: Lead) -> bool:
    """Whether the lead is open and nobody has tried to reach the person."""
    return lead.status in OPEN and lead.first_attempt_at is None
