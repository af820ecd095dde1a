"""Tasks of the guard: the chain over the audit."""

from __future__ import annotations

from app.core.guard import chain
from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task


@task("guard.seal_audit", queue=QueueName.AUDIT)
def seal_audit(payload: Payload) -> None:
    """Append what was committed to the chain; the relay asks for it."""
    chain.seal_new()
