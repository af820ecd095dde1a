"""How changes of the CRM are taken back, by the operations people use."""

from __future__ import annotations

from typing import Any

from app.core.guard.permissions import Actor
from app.core.guard.undo import Payload, declare_undo
from app.crm.operations import activities, contacts, customers, follow_ups, leads, pipeline


def _customer_edit(actor: Actor, payload: Payload) -> None:
    before: dict[str, Any] = {name: "" if value is None else value for name, value in payload["before"].items()}
    before["owner_id"] = payload["before"]["owner_id"]
    customers.edit_customer(actor=actor, customer_id=payload["id"], version=payload["version"], **before)


def _customer_delete(actor: Actor, payload: Payload) -> None:
    customers.restore_customer(actor=actor, row=payload["row"], points=payload["points"])


def _contact_removal(actor: Actor, payload: Payload) -> None:
    contacts.restore_contact_point(actor=actor, row=payload["row"])


def _activity_edit(actor: Actor, payload: Payload) -> None:
    activities.edit_activity(actor=actor, activity_id=payload["id"], version=payload["version"], **payload["before"])


def _activity_delete(actor: Actor, payload: Payload) -> None:
    activities.restore_activity(actor=actor, row=payload["row"])


def _lead_edit(actor: Actor, payload: Payload) -> None:
    leads.edit_lead(actor=actor, lead_id=payload["id"], version=payload["version"], **payload["before"])


def _lead_standing(actor: Actor, payload: Payload) -> None:
    pipeline.put_back(actor=actor, lead_id=payload["id"], version=payload["version"], before=payload["before"])


def _lead_delete(actor: Actor, payload: Payload) -> None:
    leads.restore_lead(actor=actor, row=payload["row"])


def _step_edit(actor: Actor, payload: Payload) -> None:
    follow_ups.edit_follow_up(
        actor=actor, follow_up_id=payload["id"], version=payload["version"], **payload["before"]
    )


def _step_done(actor: Actor, payload: Payload) -> None:
    follow_ups.reopen_follow_up(actor=actor, follow_up_id=payload["id"], version=payload["version"])


def _step_delete(actor: Actor, payload: Payload) -> None:
    follow_ups.restore_follow_up(actor=actor, row=payload["row"])


declare_undo("customer.edit", _customer_edit)
declare_undo("customer.delete", _customer_delete)
declare_undo("customer.remove_contact", _contact_removal)
declare_undo("activity.edit", _activity_edit)
declare_undo("activity.delete", _activity_delete)
declare_undo("lead.edit", _lead_edit)
declare_undo("lead.standing", _lead_standing)
declare_undo("lead.delete", _lead_delete)
declare_undo("follow_up.edit", _step_edit)
declare_undo("follow_up.done", _step_done)
declare_undo("follow_up.delete", _step_delete)
