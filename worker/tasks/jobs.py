"""Tasks of the machinery itself: watching jobs, clearing away what is done."""

from __future__ import annotations

from uuid import UUID

from app.core.db import transaction
from app.core.jobs import dead_letters, jobs
from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.core.jobs.uploads import operations as uploads


@task(jobs.WATCH_TASK, queue=QueueName.DEFAULT)
def watch_job(payload: Payload) -> None:
    """Mark a job that has fallen silent."""
    jobs.watch_job(UUID(payload["job"]))


@task(uploads.TEND_TASK, queue=QueueName.DEFAULT)
def tend_uploads(payload: Payload) -> None:
    """Delete uploads whose day is over."""
    uploads.forget_uploads()


@task("jobs.clean_up", queue=QueueName.DEFAULT, own_transactions=True)
def clean_up(payload: Payload) -> None:
    """Delete outbox rows done a week ago and old ticks, some thousands to a transaction."""
    gone = dead_letters.PRUNED_AT_ONCE
    while gone >= dead_letters.PRUNED_AT_ONCE:
        with transaction():
            gone = dead_letters.prune()
