"""Tasks of leads: the look after the target, and handing on what nobody has answered."""

from __future__ import annotations

from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.crm.operations import handing, pipeline


@task(handing.REMIND, queue=QueueName.NOTIFY)
def remind_of_lead(payload: Payload) -> None:
    """Say that nobody has answered in time."""
    pipeline.remind_of_lead(payload)


@task(handing.HAND_ON, queue=QueueName.DEFAULT)
def hand_lead_on(payload: Payload) -> None:
    """Give it to the next in turn."""
    pipeline.hand_lead_on(payload)
