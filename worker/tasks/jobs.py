"""Tasks of the machinery itself: watching jobs, clearing away what is done."""

from __future__ import annotations

from uuid import UUID

from app.core.jobs import dead_letters, jobs
from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task


@task(jobs.WATCH_TASK, queue=QueueName.DEFAULT)
def watch_job(payload: Payload) -> None:
    """Mark a job that has fallen silent."""
    jobs.watch_job(UUID(payload["job"]))


@task("jobs.clean_up", queue=QueueName.DEFAULT)
def clean_up(payload: Payload) -> None:
    """Delete outbox rows done a week ago and old ticks."""
    dead_letters.prune()
