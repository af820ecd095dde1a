"""A lead on its way: taken, assigned, moved, lost and won; and what activities do to its clocks."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.guard import undo
from app.core.guard.permissions import Actor, covers, system_actor
from app.core.jobs.events import publish
from app.core.jobs.registry import Payload
from app.crm.errors import (
    LeadIsEnded,
    LeadMoveNotAllowed,
    LeadNeedsPerson,
    LeadNotAttempted,
    LeadTaken,
    NobodyInTurn,
)
from app.crm.events import LeadAnswered, LeadLost, LeadUnanswered, LeadWon
from app.crm.models import Activity, Lead
from app.crm.operations import handing
from app.crm.operations.leads import load_lead, note_change, state_of
from app.crm.queries import leads as lead_queries
from app.crm.rules.leads import ENDED, OPEN, WAITING_CHANNELS, LeadStatus, LostReason, advanced, moves_from
from app.crm.rules.waiting import clocks_of
from app.tenants import queries as tenants

_STANDING = ("status", "status_at", "lost_reason", "lost_note", "ended_at", "assignee_id", "assigned_at")
SYSTEM = "pipeline"


def take_lead(*, actor: Actor, lead_id: uuid.UUID, version: int | None = None) -> Lead:
    """Make the lead one's own; it stays unanswered until something is logged. Raises LeadTaken naming who was first,
    LeadIsEnded, LeadNeedsPerson and Stale; publishes LeadAssigned."""
    lead = load_lead(actor, lead_id, version, "lead.take")
    if actor.user_id is None:
        raise LeadNeedsPerson
    if lead.status in ENDED:
        raise LeadIsEnded
    if lead.assignee_id == actor.user_id:
        return lead
    if lead.assignee_id is not None and not covers(
        actor, "lead.assign", owner_id=lead.assignee_id, store_id=lead.store_id
    ):
        raise LeadTaken(name=tenants.get_user_name(lead.assignee_id))
    return _hand(actor, lead, actor.user_id, "lead.take")


def assign_lead(*, actor: Actor, lead_id: uuid.UUID, version: int | None, assignee_id: uuid.UUID | None) -> Lead:
    """Give the lead to somebody of its store; to whoever is in turn where nobody is named.

    Raises LeadIsEnded, NobodyInTurn, Invalid and Stale; publishes LeadAssigned.
    """
    lead = load_lead(actor, lead_id, version, "lead.assign")
    if lead.status in ENDED:
        raise LeadIsEnded
    if assignee_id is None:
        assignee_id = handing.turn_of(lead, lead_queries.answering_of(lead.store_id), but=lead.assignee_id)
        if assignee_id is None:
            raise NobodyInTurn
    else:
        handing.check_assignee(actor, lead, assignee_id)
    return lead if lead.assignee_id == assignee_id else _hand(actor, lead, assignee_id, "lead.assign")


def move_lead(*, actor: Actor, lead_id: uuid.UUID, version: int | None, status: str) -> Lead:
    """Bring the lead to another open status, a lost one too; raises LeadNotAttempted, LeadMoveNotAllowed and Stale."""
    lead = load_lead(actor, lead_id, version, "lead.edit")
    before, target = state_of(lead), LeadStatus(status)
    if target is LeadStatus(lead.status):
        return lead
    kept = _standing(lead)
    attempted = lead.first_attempt_at is not None
    if target not in moves_from(LeadStatus(lead.status), attempted=attempted):
        if not attempted and lead.status == LeadStatus.NEW and target in OPEN:
            raise LeadNotAttempted
        raise LeadMoveNotAllowed(field="status", before=lead.status, after=target.value)
    _stand(lead, target, clock.now())
    return _moved(actor, "lead.move", lead, before, kept)


def lose_lead(
    *, actor: Actor, lead_id: uuid.UUID, version: int | None, reason: str, note: str = ""
) -> Lead:  # fmt: skip
    """The enquiry came to nothing, for this reason; raises LeadIsEnded and Stale, publishes LeadLost."""
    lead = load_lead(actor, lead_id, version, "lead.edit")
    if lead.status in ENDED:
        raise LeadIsEnded
    before, kept = state_of(lead), _standing(lead)
    _stand(lead, LeadStatus.LOST, clock.now())
    lead.lost_reason, lead.lost_note = LostReason(reason).value, note.strip()
    _moved(actor, "lead.lose", lead, before, kept)
    publish(LeadLost(lead.id, lead.lost_reason))
    publish(LeadAnswered(lead.id))
    return lead


def put_back(*, actor: Actor, lead_id: uuid.UUID, version: int, before: Mapping[str, Any]) -> Lead:
    """Let the lead stand again where it stood before the actor's last change; raises Stale."""
    lead = load_lead(actor, lead_id, version, "lead.edit")
    now_is = state_of(lead)
    for name in _STANDING:
        setattr(lead, name, before[name])
    note_change(actor, "lead.put_back", lead, now_is)
    return lead


class OfDeal(Protocol):
    """What is told of a deal that may have begun with a lead."""

    @property
    def lead_id(self) -> uuid.UUID | None:
        """The deal's lead."""


def win(event: OfDeal) -> None:
    """A deal of the lead was delivered: the lead is won, even one that was given up. Publishes LeadWon."""
    lead = _locked(event.lead_id)
    if lead is None or lead.status == LeadStatus.WON:
        return
    before = state_of(lead)
    _stand(lead, LeadStatus.WON, clock.now())
    note_change(system_actor(SYSTEM), "lead.win", lead, before)
    publish(LeadWon(lead.id))
    publish(LeadAnswered(lead.id))


def win_back(event: OfDeal) -> None:
    """The lead's deal was unwound: they negotiate again."""
    lead = _locked(event.lead_id)
    if lead is None or lead.status != LeadStatus.WON:
        return
    before = state_of(lead)
    _stand(lead, LeadStatus.NEGOTIATING, clock.now())
    note_change(system_actor(SYSTEM), "lead.reopen", lead, before)


def negotiate(actor: Actor, lead_id: uuid.UUID) -> None:
    """A deal was begun over the lead: they negotiate, if they have not come as far already."""
    lead = _locked(lead_id)
    if lead is not None:
        advance(actor, lead, LeadStatus.NEGOTIATING)


def note_visit(actor: Actor, lead_id: uuid.UUID) -> None:
    """Whoever asked has been here, as after a test drive."""
    lead = _locked(lead_id)
    if lead is not None:
        advance(actor, lead, LeadStatus.VISITED)


def advance(actor: Actor, lead: Lead, reached: LeadStatus) -> None:
    """Bring an open lead at least as far as what has happened."""
    before, target = state_of(lead), advanced(LeadStatus(lead.status), reached)
    if target != lead.status:
        _stand(lead, target, clock.now())
        note_change(actor, "lead.move", lead, before)


def follow_activities(actor: Actor, customer_id: uuid.UUID, logged: Activity | None = None) -> None:
    """Set the clocks of the customer's leads by what was done with him; `logged` may bring an open lead further.

    An automaton's reply is no activity of a person and stops nothing. Publishes LeadAnswered at the first attempt.
    """
    # After the row of the activity, and before it is read back.
    found = db.session.scalars(
        select(Lead).where(Lead.customer_id == customer_id).order_by(Lead.id).with_for_update()
        .execution_options(populate_existing=True)
    ).all()  # fmt: skip
    if not found:
        return
    deeds = lead_queries.deeds_since(customer_id, min(lead.received_at for lead in found))
    for lead in found:
        clocks = clocks_of(lead.received_at, (d for d in deeds if lead.ended_at is None or d.at <= lead.ended_at))
        attempt, contact = clocks.attempt_at, clocks.contact_at
        if lead.channel not in WAITING_CHANNELS:
            attempt = contact = lead.received_at
        before = state_of(lead)
        answered, spoke = lead.first_attempt_at is None and attempt, lead.first_contact_at is None and contact
        lead.first_attempt_at, lead.first_contact_at = attempt, contact
        if logged is not None and lead.status in OPEN and logged.at >= lead.received_at:
            reached = LeadStatus.CONTACTED if spoke else LeadStatus.NEW
            if logged.type in ("visit", "test_drive") and logged.user_id is not None:
                reached = LeadStatus.VISITED
            target = advanced(LeadStatus(lead.status), reached)
            if target != lead.status:
                _stand(lead, target, clock.now())
        note_change(actor, "lead.clock", lead, before)
        if answered:
            publish(LeadAnswered(lead.id))


def remind_of_lead(payload: Payload) -> None:
    """Say that nobody has tried to answer within the store's target, if so. Publishes LeadUnanswered."""
    lead = db.session.get(Lead, uuid.UUID(payload["lead"]))
    if lead is not None and handing.is_waiting(lead):
        publish(LeadUnanswered(lead.id, lead.store_id, lead.assignee_id))


def hand_lead_on(payload: Payload) -> None:
    """Give the lead to the next in turn when whoever got it has not tried; he keeps it where there is nobody."""
    lead = _locked(uuid.UUID(payload["lead"]))
    if lead is None or not handing.is_waiting(lead) or lead.assigned_at is None:
        return
    if lead.assigned_at != datetime.fromisoformat(payload["assigned"]):
        return  # It became somebody else's meanwhile, or the same one's again.
    following = handing.turn_of(lead, lead_queries.answering_of(lead.store_id), but=lead.assignee_id)
    if following is not None:
        _hand(system_actor(SYSTEM), lead, following, "lead.hand_on", by_rotation=True)


def _hand(actor: Actor, lead: Lead, user_id: uuid.UUID, action: str, *, by_rotation: bool = False) -> Lead:
    before, kept, before_id = state_of(lead), _standing(lead), lead.assignee_id
    lead.assignee_id, lead.assigned_at = user_id, clock.now()
    _moved(actor, action, lead, before, kept)
    rules = lead_queries.answering_of(lead.store_id)
    handing.note_assignment(actor, lead, before_id, rules, by_rotation=by_rotation)
    return lead


def _moved(actor: Actor, action: str, lead: Lead, before: Mapping[str, Any], kept: Mapping[str, Any]) -> Lead:
    note_change(actor, action, lead, before)
    undo.offer(actor, "lead.standing", {"id": lead.id, "version": lead.version, "name": "", "before": kept})
    return lead


def _stand(lead: Lead, status: LeadStatus, now: datetime) -> None:
    lead.status, lead.status_at = status.value, now
    lead.ended_at = now if status in ENDED else None
    if status is not LeadStatus.LOST:
        lead.lost_reason, lead.lost_note = None, ""
    if status is LeadStatus.APPOINTMENT_SET:
        lead.first_appointment_at = lead.first_appointment_at or now


def _standing(lead: Lead) -> dict[str, Any]:
    return {name: getattr(lead, name) for name in _STANDING}


def _locked(lead_id: uuid.UUID | None) -> Lead | None:
    if lead_id is None:
        return None
    return db.session.get(Lead, lead_id, with_for_update=True, populate_existing=True)


