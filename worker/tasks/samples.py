"""Tasks of sample data."""

from __future__ import annotations

from uuid import UUID

from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.tenants.operations.samples import LOAD, REMOVE
from worker.demo import samples


@task(LOAD, queue=QueueName.IMPORTS)
def load_samples(payload: Payload) -> None:
    """A step of loading sample data."""
    samples.load_step(UUID(payload["job_id"]))


@task(REMOVE, queue=QueueName.IMPORTS)
def remove_samples(payload: Payload) -> None:
    """A step of taking sample data away."""
    samples.remove_step(UUID(payload["job_id"]))
