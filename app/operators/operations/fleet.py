"""What an operator orders about dealerships: written down here, carried out by the ops worker, which alone may."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select

from app.core.db import db
from app.core.errors import NotFound
from app.core.jobs import claims, dead_letters
from app.core.jobs.outbox import enqueue_platform
from app.core.jobs.queues import QueueName
from app.operators import rules
from app.operators.errors import NameDoesNotMatch
from app.operators.models import tenants
from app.operators.operations import auditing
from app.operators.operations.actor import OperatorActor
from app.tenants.errors import TenantNotReady
from app.tenants.operations.provisioning import TenantRequest, request_tenant
from app.tenants.rules.slugs import check_host

CHANGE_TENANT = "operators.change_tenant"
REPLAY_DEAD = "operators.replay_dead"
COUNT_USAGE = "operators.count_usage"
LOOK_AT_QUEUES = "operators.look_at_queues"
MIGRATE_FLEET = "operators.migrate_fleet"
# So many tries are enough for what somebody waits for; he reads about the failure on the same page.
TRIES = 3


def create_dealership(actor: OperatorActor, request: TenantRequest) -> str:
    """Ask for a new dealership; the ops worker makes it. Its id. Raises Invalid, SlugTaken."""
    tenant_id = request_tenant(request)
    plain = asdict(request)
    details = {name: str(plain[name]) for name in ("slug", "name", "country", "locale", "currency", "timezone")}
    auditing.record(actor, "tenant.create", tenant_id=tenant_id, details=details)
    return tenant_id


def order(actor: OperatorActor, tenant_id: str, action: str, *, name: str | None = None) -> None:
    """Have a dealership suspended, resumed or deleted; the last asks for its name as proof.

    Raises NotFound, TenantNotReady where its state does not allow that, NameDoesNotMatch.
    """
    query = select(tenants.c.state, tenants.c.name).where(tenants.c.id == rules.known_id(tenant_id))
    found = db.session.execute(query).one_or_none()
    if found is None or found.state == "deleted":
        raise NotFound
    if action not in rules.ORDERS.get(found.state, ()):
        raise TenantNotReady(state=found.state)
    if action == "delete" and name != found.name:
        raise NameDoesNotMatch(field="name")
    _owe_change(tenant_id=tenant_id, action=action)
    auditing.record(actor, f"tenant.{action}", tenant_id=tenant_id)


def change_host(actor: OperatorActor, tenant_id: str, host: str, *, remove: bool = False) -> None:
    """Have a dealership answer at `host` too, or no more. Raises Invalid, NotFound."""
    wanted = check_host(host)
    state = select(tenants.c.state).where(tenants.c.id == rules.known_id(tenant_id))
    if db.session.scalar(state) not in ("active", "suspended"):
        raise NotFound
    action = "remove_host" if remove else "add_host"
    _owe_change(tenant_id=tenant_id, action=action, host=wanted)
    auditing.record(actor, f"tenant.{action}", tenant_id=tenant_id, details={"host": wanted})


def replay_dead(actor: OperatorActor, tenant_id: str | None, outbox_id: uuid.UUID) -> None:
    """Give a row that has died another try: the platform's now, a dealership's by the ops worker. Raises NotFound."""
    details = {"outbox_id": str(outbox_id)}
    if tenant_id is None:
        dead_letters.replay_dead(outbox_id)
    else:
        payload = {"tenant_id": rules.known_id(tenant_id), "outbox_id": str(outbox_id)}
        enqueue_platform(REPLAY_DEAD, queue=QueueName.OPS, payload=payload, max_attempts=TRIES)
    auditing.record(actor, "outbox.replay", tenant_id=tenant_id, details=details)


def look_at_queues(actor: OperatorActor) -> None:
    """Have the ops worker look into every outbox now."""
    enqueue_platform(LOOK_AT_QUEUES, queue=QueueName.OPS, max_attempts=TRIES)
    auditing.record(actor, "fleet.look_at_queues")


def count_usage(actor: OperatorActor) -> None:
    """Have the ops worker count usage now."""
    enqueue_platform(COUNT_USAGE, queue=QueueName.OPS, max_attempts=TRIES)
    auditing.record(actor, "fleet.count_usage")


def migrate_fleet(actor: OperatorActor) -> None:
    """Have the ops worker bring every dealership to this release."""
    enqueue_platform(MIGRATE_FLEET, queue=QueueName.OPS, max_attempts=TRIES)
    auditing.record(actor, "fleet.migrate_fleet")


def pending_orders(tenant_id: str) -> list[tuple[str, bool]]:
    """What is ordered for a dealership and not done yet: each action, and whether it has failed for good."""
    from_payload = claims.current_table()
    rows: Any = db.session.execute(
        select(from_payload.c.payload["action"].astext, from_payload.c.dead_at.is_not(None))
        .where(from_payload.c.done_at.is_(None), from_payload.c.task == CHANGE_TENANT)
        .where(from_payload.c.payload["tenant_id"].astext == tenant_id)
        .where(from_payload.c.created_at > func.now() - func.make_interval(0, 0, 0, 7))
        .order_by(from_payload.c.created_at)
    )
    return [(action, dead) for action, dead in rows]


def _owe_change(**payload: str) -> None:
    enqueue_platform(CHANGE_TENANT, queue=QueueName.OPS, payload=payload, max_attempts=TRIES)
