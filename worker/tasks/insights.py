"""Tasks of the metrics: taking in what changed, and computing everything anew."""

from __future__ import annotations

from uuid import UUID

from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.insights.operations import dues, metrics, recomputing


@task(dues.REFRESH_TASK, queue=QueueName.METRICS)
def refresh_metrics(payload: Payload) -> None:
    """Take in the changes noted since the last run."""
    metrics.refresh_metrics()


@task("insights.recompute_metrics", queue=QueueName.METRICS)
def recompute_metrics(payload: Payload) -> None:
    """Compute every metric of the dealership anew."""
    metrics.recompute_all()


@task(recomputing.RECOMPUTE_TASK, queue=QueueName.METRICS)
def recompute_metric(payload: Payload) -> None:
    """Compute one metric anew, as a job."""
    recomputing.run_recompute(UUID(payload["job_id"]))
