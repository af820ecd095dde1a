"""Tasks of the guard: the chain over the audit."""

from __future__ import annotations

from app.core.guard import chain, heads
from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task


@task("guard.seal_audit", queue=QueueName.AUDIT)
def seal_audit(payload: Payload) -> None:
    """Append what was committed to the chain; the relay asks for it."""
    chain.seal_new()


@task("guard.thin_heads", queue=QueueName.OPS, own_transactions=True)
def thin_heads(payload: Payload) -> None:
    """Keep one head of each day that is over."""
    heads.thin_heads()
