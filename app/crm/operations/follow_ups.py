"""Planning, putting off and doing the next steps with a customer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id, values_of
from app.core.errors import FieldError, Invalid, Stale
from app.core.guard import audit, undo
from app.core.guard.permissions import Actor, check
from app.core.jobs.events import publish
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload
from app.crm import errors, queries
from app.crm.events import FollowUpDone, FollowUpDue
from app.crm.models import FollowUp
from app.crm.operations import pipeline
from app.crm.queries.follow_ups import get_follow_up
from app.crm.queries.leads import assignable, get_lead
from app.crm.rules.follow_ups import FollowUpKind
from app.crm.rules.leads import LeadStatus

REMIND = "crm.remind_of_follow_up"
_PLAIN = ("customer_id", "lead_id", "assignee_id", "kind", "due_at", "done_at", "done_by")
_PERSONAL = ("note", "outcome")
# What is written down long after it was due is history; nobody is reminded of it.
_STALE = timedelta(hours=12)


def plan_follow_up(
    *,
    actor: Actor,
    customer_id: uuid.UUID,
    kind: str,
    due_at: datetime,
    note: str = "",
    lead_id: uuid.UUID | None = None,
    assignee_id: uuid.UUID | None = None,
) -> FollowUp:
    """Plan a step with a customer, of the actor's unless somebody else of the store is named; owes the reminder.

    An appointment over a lead brings the lead on and sets its clock. Raises Invalid.
    """
    customer = queries.get_customer(actor, customer_id)
    assignee_id = assignee_id or actor.user_id
    check(actor, "follow_up.create", owner_id=assignee_id, store_id=customer.store_id)
    step = FollowUp(
        id=new_id(), customer_id=customer.id, store_id=customer.store_id, assignee_id=assignee_id, lead_id=lead_id,
        kind=FollowUpKind(kind).value, due_at=due_at, note=note.strip(),
    )  # fmt: skip
    _check(actor, step)
    db.session.add(step)
    db.session.flush()
    _audit(actor, "follow_up.create", step, {}, _state(step))
    _owe(step)
    if lead_id is not None and step.kind == FollowUpKind.APPOINTMENT:
        pipeline.advance(actor, get_lead(actor, lead_id, lock=True), LeadStatus.APPOINTMENT_SET)
    return step


def edit_follow_up(
    *,
    actor: Actor,
    follow_up_id: uuid.UUID,
    version: int,
    kind: str,
    due_at: datetime,
    note: str = "",
    assignee_id: uuid.UUID | None = None,
) -> FollowUp:
    """Correct a step, put it off or give it to somebody; raises Invalid and Stale."""
    step = _load(actor, follow_up_id, version, "follow_up.edit")
    before = _state(step)
    if assignee_id != step.assignee_id:
        check(actor, "follow_up.edit", owner_id=assignee_id, store_id=step.store_id)
    step.kind, step.due_at, step.note = FollowUpKind(kind).value, due_at, note.strip()
    step.assignee_id = assignee_id
    _check(actor, step)
    if before != _state(step):
        db.session.flush()
        _audit(actor, "follow_up.edit", step, before, _state(step))
        kept = {name: before[name] for name in ("kind", "due_at", "note", "assignee_id")}
        undo.offer(actor, "follow_up.edit", {"id": step.id, "version": step.version, "name": "", "before": kept})
        publish(FollowUpDone(step.id))
        _owe(step)
    return step


def finish_follow_up(
    *, actor: Actor, follow_up_id: uuid.UUID, version: int | None = None, outcome: str = ""
) -> FollowUp:
    """It is done; done again, it stays as it was. Raises Stale."""
    step = _load(actor, follow_up_id, version, "follow_up.edit")
    if step.done_at is None:
        before = _state(step)
        step.done_at, step.done_by, step.outcome = clock.now(), actor.user_id, outcome.strip()
        db.session.flush()
        _audit(actor, "follow_up.done", step, before, _state(step))
        undo.offer(actor, "follow_up.done", {"id": step.id, "version": step.version, "name": ""})
        publish(FollowUpDone(step.id))
    return step


def reopen_follow_up(*, actor: Actor, follow_up_id: uuid.UUID, version: int) -> FollowUp:
    """It was not done after all; raises Stale."""
    step = _load(actor, follow_up_id, version, "follow_up.edit")
    before = _state(step)
    step.done_at, step.done_by, step.outcome = None, None, ""
    db.session.flush()
    _audit(actor, "follow_up.reopen", step, before, _state(step))
    _owe(step)
    return step


def delete_follow_up(*, actor: Actor, follow_up_id: uuid.UUID, version: int | None = None) -> None:
    """It is not to be done; raises Stale."""
    step = _load(actor, follow_up_id, version, "follow_up.delete")
    before, kept = _state(step), {"name": "", "row": values_of(step)}
    changes, personal = _differences(before, {})
    audit.record(actor, "follow_up.delete", "follow_up", step.id, changes, personal, subject_id=step.customer_id)
    db.session.delete(step)
    db.session.flush()
    publish(FollowUpDone(follow_up_id))
    undo.offer(actor, "follow_up.delete", kept)


def restore_follow_up(*, actor: Actor, row: Mapping[str, Any]) -> FollowUp:
    """Bring a deleted step back as it was; raises Stale where there is one of this id."""
    check(actor, "follow_up.delete", owner_id=row["assignee_id"], store_id=row["store_id"])
    if db.session.get(FollowUp, row["id"]) is not None:
        raise Stale
    step = FollowUp(**row)
    db.session.add(step)
    db.session.flush()
    _audit(actor, "follow_up.restore", step, {}, _state(step))
    return step


def remind_of_follow_up(payload: Payload) -> None:
    """Say that the moment has come, if the step is still to be taken then. Publishes FollowUpDue."""
    step = db.session.get(FollowUp, uuid.UUID(payload["follow_up"]))
    if step is None or step.done_at is not None or step.assignee_id is None:
        return
    if step.due_at == datetime.fromisoformat(payload["due"]):
        publish(FollowUpDue(step.id, step.assignee_id))


def _load(actor: Actor, follow_up_id: uuid.UUID, version: int | None, permission: str) -> FollowUp:
    step = get_follow_up(actor, follow_up_id, lock=True)
    check(actor, permission, owner_id=step.assignee_id, store_id=step.store_id)
    if version is not None and step.version != version:
        raise Stale
    return step


def _check(actor: Actor, step: FollowUp) -> None:
    """Whether the step can be so: its lead is the customer's, and whoever is to take it works at the store."""
    others = step.assignee_id not in (None, actor.user_id)
    if others and step.assignee_id not in {key for key, _ in assignable(step.store_id)}:
        raise Invalid([FieldError("assignee_id", "unknown_choice", errors.UNKNOWN_CHOICE)])
    if step.lead_id is not None and get_lead(actor, step.lead_id).customer_id != step.customer_id:
        raise Invalid([FieldError("lead_id", "unknown_choice", errors.UNKNOWN_CHOICE)])


def _owe(step: FollowUp) -> None:
    now = clock.now()
    if step.done_at is None and step.due_at > now - _STALE:
        payload = {"follow_up": str(step.id), "due": step.due_at.isoformat()}
        enqueue(REMIND, queue=QueueName.NOTIFY, payload=payload, at=max(step.due_at, now))


def _state(step: FollowUp) -> dict[str, Any]:
    return {name: getattr(step, name) for name in (*_PLAIN, *_PERSONAL)}


Changes = dict[str, tuple[object, object]]


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Changes, Changes]:
    plain, personal = (
        {n: (before.get(n), after.get(n)) for n in names if (before.get(n) or None) != (after.get(n) or None)}
        for names in (_PLAIN, _PERSONAL)
    )
    return plain, personal


def _audit(actor: Actor, action: str, step: FollowUp, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    changes, personal = _differences(before, after)
    audit.record(actor, action, "follow_up", step.id, changes, personal, subject_id=step.customer_id)
