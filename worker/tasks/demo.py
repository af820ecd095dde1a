"""Tasks of the demonstration."""

from __future__ import annotations

from uuid import UUID

from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from worker.demo import history


@task(history.TASK, queue=QueueName.IMPORTS)
def load_history(payload: Payload) -> None:
    """A step of loading a dealership's invented history."""
    history.load_step(UUID(payload["job_id"]))
