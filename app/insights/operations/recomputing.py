"""Full recomputation on demand, as a job people can watch."""

from __future__ import annotations

import uuid

from app.core.guard.permissions import Actor
from app.core.jobs.jobs import begin_step, finish_job, report, start_job
from app.core.jobs.models import Job, JobState
from app.core.jobs.queues import QueueName
from app.insights.operations import metrics
from app.insights.rules import MetricName

RECOMPUTE_TASK = "insights.recompute_metric"
JOB_KIND = "insights.recompute"


def start_recompute(*, actor: Actor, metric: str) -> Job:
    """Start the job that computes `metric` anew; raises MetricUnknown and PermissionDenied."""
    name = metrics.check_recompute(actor, metric)
    return start_job(actor, JOB_KIND, {"metric": name.value}, RECOMPUTE_TASK, QueueName.METRICS)


def run_recompute(job_id: uuid.UUID) -> None:
    """The job's only step: one statement or two, however much there is."""
    job = begin_step(job_id)
    if job is None:
        return
    corrected = metrics.recompute_metric(MetricName(job.params["metric"]))
    report(job, done=1, total=1)
    finish_job(job, JobState.SUCCEEDED, {"corrected": corrected})
