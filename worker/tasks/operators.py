"""Tasks of the console: what operators order about dealerships, and what is counted for them (queue `ops`)."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from app.core.db import operators, tenant, transaction
from app.core.errors import NotFound
from app.core.jobs import dead_letters
from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.operators.operations import auditing, consents, fleet, looking
from app.operators.operations.actor import OperatorActor
from app.tenants.operations import admitting, lifecycle, migrating

OPS_WORKER = OperatorActor(None, "ops worker")


@task(fleet.CHANGE_TENANT, queue=QueueName.OPS, own_transactions=True)
def change_tenant(payload: Payload) -> None:
    """Suspend, resume or delete a dealership, or change its hosts; done already, nothing happens."""
    tenant_id, action = payload["tenant_id"], payload["action"]
    if action == "suspend":
        lifecycle.suspend_tenant(tenant_id)
    elif action == "resume":
        lifecycle.resume_tenant(tenant_id)
    elif action == "delete":
        with suppress(NotFound):
            lifecycle.delete_tenant(tenant_id, lifecycle.find_by_slug(tenant_id)["name"])
    elif action == "add_host":
        lifecycle.add_host(tenant_id, payload["host"])
    elif action == "remove_host":
        lifecycle.remove_host(tenant_id, payload["host"])
    else:
        raise ValueError(f"nothing is known of {action!r}")


@task(fleet.REPLAY_DEAD, queue=QueueName.OPS, own_transactions=True)
def replay_dead(payload: Payload) -> None:
    """Give a dealership's dead row another try, and look at the queues again."""
    with tenant(payload["tenant_id"]), transaction():
        dead_letters.replay_dead(UUID(payload["outbox_id"]))
    looking.look_at_queues(payload["tenant_id"])


@task(fleet.LOOK_AT_QUEUES, queue=QueueName.OPS, own_transactions=True)
def look_at_queues(payload: Payload) -> None:
    """Write down how full every outbox is, and what has died."""
    looking.look_at_queues()


@task(fleet.COUNT_USAGE, queue=QueueName.OPS, own_transactions=True)
def count_usage(payload: Payload) -> None:
    """Write down how much each dealership holds."""
    looking.count_usage()


@task(fleet.MIGRATE_FLEET, queue=QueueName.OPS, own_transactions=True)
def migrate_fleet(payload: Payload) -> None:
    """Bring every dealership to this release, a canary first; what came of it stands in the console's audit."""
    report = migrating.migrate_tenants()
    counts = {"migrated": len(report.migrated), "failed": len(report.failed)}
    told: dict[str, str | int] = {"target": report.target, **counts}
    with operators(), transaction():
        auditing.record(OPS_WORKER, "fleet.migrated", details=told)


@task(admitting.TELL, queue=QueueName.DEFAULT, own_transactions=True)
def tell_consent(payload: Payload) -> None:
    """Tell the console what a dealership has agreed to, or has withdrawn."""
    consents.note(admitting.describe(UUID(payload["consent_id"])))
