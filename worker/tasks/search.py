"""Tasks of the box that finds."""

from __future__ import annotations

from uuid import UUID

from app.core.guard.permissions import system_actor
from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.core.lists.search import rebuilding


@task(rebuilding.BEGIN_TASK, queue=QueueName.DEFAULT)
def begin_rebuild(payload: Payload) -> None:
    """Start making all entries anew, as a migration asks for."""
    rebuilding.begin_rebuild(system_actor("search"))


@task(rebuilding.STEP_TASK, queue=QueueName.IMPORTS)
def rebuild_entries(payload: Payload) -> None:
    """A step of making all entries anew."""
    rebuilding.rebuild_step(UUID(payload["job_id"]))
