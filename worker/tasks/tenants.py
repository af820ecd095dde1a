"""Tasks of tenancy: making and ending dealerships (queue `ops` alone may run DDL), clearing what has expired."""

from __future__ import annotations

from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.tenants.operations import provisioning


@task("tenants.provision", queue=QueueName.OPS, own_transactions=True)
def provision(payload: Payload) -> None:
    """Take a requested dealership to its first sign-in; a repeat goes on where the last one stopped."""
    provisioning.provision(payload["tenant_id"])
