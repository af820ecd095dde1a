"""Tasks of imports."""

from __future__ import annotations

from uuid import UUID

from app.core.jobs.imports import operations, steps
from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task


@task(operations.CHECK_TASK, queue=QueueName.IMPORTS)
def check_rows(payload: Payload) -> None:
    """A step of a dry run."""
    steps.check_rows(UUID(payload["job_id"]))


@task(operations.RUN_TASK, queue=QueueName.IMPORTS)
def run_rows(payload: Payload) -> None:
    """A step of a run."""
    steps.run_rows(UUID(payload["job_id"]))


@task(operations.UNDO_TASK, queue=QueueName.IMPORTS)
def undo_rows(payload: Payload) -> None:
    """A step of taking an import back."""
    steps.undo_rows(UUID(payload["job_id"]))
