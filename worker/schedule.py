"""The beat table: what runs in which slot. Data only; times are UTC."""

from __future__ import annotations

from datetime import timedelta

from app.core.jobs.queues import QueueName
from app.core.jobs.ticks import DAY, Entry

HOUR = timedelta(hours=1)
DEFAULT, METRICS, OPS = QueueName.DEFAULT, QueueName.METRICS, QueueName.OPS

TABLE: tuple[Entry, ...] = (
    Entry("insights.recompute", "insights.recompute_metrics", METRICS, every=DAY, at=2 * HOUR, spread=2 * HOUR),
    Entry("jobs.clean_up", "jobs.clean_up", DEFAULT, every=DAY, at=4 * HOUR, spread=HOUR),
    Entry("tenants.clean_up", "tenants.clean_up", DEFAULT, every=DAY, at=5 * HOUR, spread=HOUR),
    Entry(
        "lists.tend_exports", "lists.tend_exports", DEFAULT, every=HOUR, at=timedelta(minutes=2), spread=HOUR / 12,
    ),
    Entry("notifications.clean_up", "notifications.clean_up", DEFAULT, every=DAY, at=5 * HOUR, spread=HOUR),
    Entry("guard.thin_heads", "guard.thin_heads", OPS, every=HOUR, for_platform=True),
    Entry("tenants.delete_due", "tenants.delete_due", OPS, every=HOUR, for_platform=True),
    Entry("operators.count_usage", "operators.count_usage", OPS, every=DAY, at=HOUR, for_platform=True),
    Entry("operators.look_at_queues", "operators.look_at_queues", OPS, every=HOUR / 6, for_platform=True),
    Entry("jobs.clean_up_platform", "jobs.clean_up", DEFAULT, every=DAY, at=3 * HOUR, for_platform=True),
)
