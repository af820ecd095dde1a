"""Leads, next steps, test drives and appraisals of the demonstration, made by the operations people make them by."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.core.guard.permissions import Actor
from app.crm.operations import follow_ups, leads, past_drives, pipeline, test_drives
from app.crm.queries.leads import get_lead
from app.crm.rules.leads import LeadStatus
from app.inventory.operations import appraisals
from worker.demo.stories import Brought, Buyer, Drive

As = Callable[[str], Actor]
Who = Callable[[str | None], uuid.UUID | None]


@dataclass
class Met:
    """A customer of a story, with the lead and the car of his own once they are told."""

    buyer: Buyer
    id: uuid.UUID
    lead_id: uuid.UUID | None = None
    vehicle_id: uuid.UUID | None = None


def open_lead(actor: Actor, who: Who, one: Met, unit_id: uuid.UUID | None) -> None:
    """The enquiry as it came; what was said with the customer is logged after it, and sets its clocks."""
    enquiry = one.buyer.enquiry
    if enquiry is not None:
        one.lead_id = leads.create_lead(
            actor=actor, customer_id=one.id, channel=enquiry.channel, source=enquiry.source,
            source_detail=enquiry.detail, stock_unit_id=unit_id, wanted=enquiry.wanted,
            assignee_id=who(enquiry.assignee), received_at=enquiry.at,
        ).id  # fmt: skip


def follow_lead(actor: Actor, as_post: As, who: Who, one: Met) -> None:
    """How far the lead came by what was done, and what is to be done next."""
    enquiry = one.buyer.enquiry
    if enquiry is None or one.lead_id is None:
        return
    if enquiry.reached:
        lead = get_lead(actor, one.lead_id, lock=True)
        if lead.first_attempt_at is not None:
            pipeline.advance(actor, lead, LeadStatus(enquiry.reached))
    for step in one.buyer.steps:
        planned = follow_ups.plan_follow_up(
            actor=actor, customer_id=one.id, kind=step.kind, due_at=step.due, note=step.note, lead_id=one.lead_id,
            assignee_id=who(step.by),
        )  # fmt: skip
        if step.outcome is not None:
            follow_ups.finish_follow_up(actor=as_post(step.by), follow_up_id=planned.id, outcome=step.outcome)


def lose_lead(actor: Actor, one: Met) -> None:
    """It came to nothing, if so; after the deal that was lost, which had brought it far."""
    enquiry = one.buyer.enquiry
    if enquiry is not None and one.lead_id is not None and enquiry.lost_reason:
        pipeline.lose_lead(actor=actor, lead_id=one.lead_id, version=None, reason=enquiry.lost_reason)


def tell_drive(actor: Actor, who: Who, drive: Drive, one: Met, unit_id: uuid.UUID) -> None:
    """A drive that is over, or one that is booked."""
    known: dict[str, Any] = {
        "actor": actor, "customer_id": one.id, "stock_unit_id": unit_id, "lead_id": one.lead_id,
        "salesperson_id": who(drive.by), "note": drive.note,
    }  # fmt: skip
    if drive.back is None:
        test_drives.plan_test_drive(planned_at=drive.at, **known)
        return
    until = drive.at.date() + timedelta(days=400 + drive.at.minute * 30)
    past_drives.log_test_drive(out_at=drive.at, back_at=drive.back, licence_valid_until=until, **known)


def appraise(
    as_post: As, brought: Brought, vehicle_id: uuid.UUID, store_id: uuid.UUID, unit: str, manager: str
) -> None:
    """What the store says the car is worth: named by whoever looked at it, agreed to by the manager."""
    reading = brought.car.readings[-1].reading
    found = appraisals.create_appraisal(
        actor=as_post(brought.by), vehicle_id=vehicle_id, store_id=store_id, odometer=reading, odometer_unit=unit,
        condition=brought.grid, comparables=brought.comparables, recon_estimate=brought.repairs, acv=brought.worth,
        note=brought.note,
    )  # fmt: skip
    if brought.status == "draft":
        return
    appraisals.submit_appraisal(actor=as_post(brought.by), appraisal_id=found.id, version=found.version)
    if brought.status == "approved":
        appraisals.approve_appraisal(actor=as_post(manager), appraisal_id=found.id, version=found.version)
    elif brought.status == "declined":
        appraisals.decline_appraisal(
            actor=as_post(manager), appraisal_id=found.id, version=found.version, reason=brought.declined
        )
