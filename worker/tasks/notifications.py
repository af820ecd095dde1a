"""Tasks of notifications: telling many, mails, reminders, and forgetting what was done long ago."""

from __future__ import annotations

from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.notifications.operations import reactions, telling


@task(telling.FAN_OUT, queue=QueueName.NOTIFY)
def fan_out(payload: Payload) -> None:
    """Tell the next of an audience."""
    telling.fan_out(payload)


@task(telling.SEND, queue=QueueName.NOTIFY)
def send_mail(payload: Payload) -> None:
    """Mail one notification to one person."""
    telling.send_notification(payload)


@task(reactions.REMIND, queue=QueueName.NOTIFY)
def remind_of_import(payload: Payload) -> None:
    """Tell who uploaded a file that it still waits."""
    reactions.remind_of_import(payload)


@task("notifications.clean_up", queue=QueueName.DEFAULT)
def clean_up(payload: Payload) -> None:
    """Delete what was done long ago."""
    telling.forget_old()
