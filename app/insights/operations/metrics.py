"""Bringing the metrics up to date: after changes, and in full; both lead to the same rows exactly."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import NamedTuple

from app.core.guard.permissions import Actor, check
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName
from app.core.logging import get_logger
from app.crm.operations.summaries import recompute_summaries, refresh_summaries
from app.insights.errors import MetricUnknown
from app.insights.operations import dues
from app.insights.operations.sales import recompute_averages, refresh_averages
from app.insights.rules import METRICS, MetricName

log = get_logger(__name__)


class _Way(NamedTuple):
    refresh: Callable[[set[uuid.UUID]], int]
    recompute: Callable[[], int]


_WAYS = {
    MetricName.CUSTOMER_ACTIVITY: _Way(refresh_summaries, recompute_summaries),
    MetricName.AVERAGE_SELLING_PRICE: _Way(refresh_averages, recompute_averages),
}


def refresh_metric(metric: MetricName) -> int:
    """Take in the changes noted so far, a batch at most; returns how many subjects were looked at."""
    dues.lock(metric)
    subjects = dues.take_dues(metric, dues.BATCH)
    if subjects:
        _WAYS[metric].refresh(subjects)
        dues.stamp(metric, full=False)
    return len(subjects)


def refresh_metrics() -> None:
    """Take in the changes of every metric; owes itself again while more are waiting."""
    for metric in MetricName:
        refresh_metric(metric)
    if any(dues.count_dues(metric, 1) for metric in MetricName):
        enqueue(dues.REFRESH_TASK, queue=QueueName.METRICS, dedupe=dues.REFRESH_TASK)


def recompute_metric(metric: MetricName) -> int:
    """Compute the metric of the whole dealership anew; returns how many stored rows had been wrong.

    Changes noted before are taken in first, so that anything but zero means that an update was missed.
    """
    dues.lock(metric)
    missed = dues.count_dues(metric) > dues.BATCH
    if missed:
        dues.drop_dues(metric)
    else:
        _WAYS[metric].refresh(dues.take_dues(metric, dues.BATCH))
    changed = _WAYS[metric].recompute()
    corrected = 0 if missed else changed
    if corrected:
        log.warning("metric_corrected", metric=metric.value, rows=corrected)
    dues.stamp(metric, full=True, corrected=corrected)
    return corrected


def recompute_all() -> dict[str, int]:
    """Compute every metric anew (nightly); returns the rows corrected by metric."""
    return {metric.value: recompute_metric(metric) for metric in MetricName}


def check_recompute(actor: Actor, metric: str) -> MetricName:
    """The metric called `metric`, if `actor` may have it recomputed; raises MetricUnknown and PermissionDenied."""
    check(actor, "metric.recompute")
    if metric not in METRICS:
        raise MetricUnknown
    return MetricName(metric)
