"""Tasks of leads and follow-ups: the look after the target, handing on, and what is due."""

from __future__ import annotations

from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.crm.operations import follow_ups, handing, pipeline


@task(handing.REMIND, queue=QueueName.NOTIFY)
def remind_of_lead(payload: Payload) -> None:
    """Say that nobody has answered in time."""
    pipeline.remind_of_lead(payload)


@task(handing.HAND_ON, queue=QueueName.DEFAULT)
def hand_lead_on(payload: Payload) -> None:
    """Give it to the next in turn."""
    pipeline.hand_lead_on(payload)


@task(follow_ups.REMIND, queue=QueueName.NOTIFY)
def remind_of_follow_up(payload: Payload) -> None:
    """Say that a step is due."""
    follow_ups.remind_of_follow_up(payload)
