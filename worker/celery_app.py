"""The Celery application: two generic tasks, which run outbox rows and fire due ticks."""

from __future__ import annotations

from typing import Any

from celery import Celery

from app.core.jobs.wire import RUN_TASK, TICK_TASK
from worker import process, settings

celery = Celery("forecourt")
celery.config_from_object(settings.load())
process.connect_signals()


@celery.task(name=RUN_TASK, bind=True)
def run_row(self: Any, tenant_id: str, outbox_id: str) -> str:
    """Run the outbox row `outbox_id` of `tenant_id`."""
    return process.run_row(tenant_id, outbox_id, (self.request.delivery_info or {}).get("routing_key"))


@celery.task(name=TICK_TASK)
def fire_ticks() -> int:
    """Fire every slot of the beat table that is due and not closed."""
    return process.fire_ticks()
