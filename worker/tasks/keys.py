"""Tasks of keys: the steps of replacing them (queue `ops`, as an old key of a dealership is the owner's to destroy)."""

from __future__ import annotations

from uuid import UUID

from app.core.jobs import rotation
from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task


@task(rotation.STEP_TASK, queue=QueueName.OPS)
def rotate_step(payload: Payload) -> None:
    """A step of replacing keys."""
    rotation.rotate_step(UUID(payload["job_id"]))
