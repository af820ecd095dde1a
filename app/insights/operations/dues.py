"""Noting that a metric is behind, in the transaction of the change, and working the notes off afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Protocol

from sqlalchemy import Text, Uuid, bindparam, delete, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from app.core import clock
from app.core.db import current_tenant, db
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName
from app.insights import queries
from app.insights.models import Due, Freshness
from app.insights.rules import MetricName

REFRESH_TASK = "insights.refresh_metrics"
# So many changes go into one statement; beyond it the next task goes on, so that a step stays short.
BATCH = 20_000


class CustomerEvent(Protocol):
    """An event about an activity of a customer."""

    @property
    def customer_id(self) -> uuid.UUID:
        """Whose activity it is."""


class DealEvent(Protocol):
    """An event about a deal."""

    @property
    def deal_id(self) -> uuid.UUID:
        """Which deal it is."""


def note_activity(event: CustomerEvent) -> None:
    """Handler of ActivityLogged, ActivityChanged and ActivityDeleted."""
    note(MetricName.CUSTOMER_ACTIVITY, [event.customer_id])


def note_deal(event: DealEvent) -> None:
    """Handler of every event after which a deal may count differently, its deletion included."""
    note(MetricName.AVERAGE_SELLING_PRICE, [event.deal_id])


class DealsEvent(Protocol):
    """An event about many deals."""

    @property
    def deal_ids(self) -> tuple[uuid.UUID, ...]:
        """Which deals they are."""


def note_deals(event: DealsEvent) -> None:
    """Handler of DealsRecorded and DealsTakenBack."""
    note(MetricName.AVERAGE_SELLING_PRICE, event.deal_ids)


class VehicleEvent(Protocol):
    """An event about a vehicle."""

    @property
    def vehicle_id(self) -> uuid.UUID:
        """Which vehicle it is."""


def note_vehicle(event: VehicleEvent) -> None:
    """Handler of VehicleChanged: its sales may count for another model now."""
    note(MetricName.AVERAGE_SELLING_PRICE, queries.list_deal_ids_of_vehicle(event.vehicle_id))


def note(metric: MetricName, subject_ids: Collection[uuid.UUID]) -> None:
    """Note that `metric` must look at these customers or deals again, and owe the task that does."""
    if not subject_ids:
        return
    subjects = func.unnest(bindparam("subjects", list(subject_ids), type_=ARRAY(Uuid)))
    noted = select(literal(metric.value, Text), subjects)
    db.session.execute(insert(Due).from_select(["metric", "subject_id"], noted))
    # A task that has not started stands for this one too: a busy minute is one task, not a thousand.
    enqueue(REFRESH_TASK, queue=QueueName.METRICS, dedupe=REFRESH_TASK)


def lock(metric: MetricName) -> None:
    """Wait for whoever else writes this metric; statements after it see what that one wrote."""
    key = f"{current_tenant().schema}:insights:{metric.value}"
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def take_dues(metric: MetricName, most: int) -> set[uuid.UUID]:
    """Take away at most `most` notes and return their subjects.

    A note is seen once its change is committed, and the metric is computed by a later statement, which therefore
    sees the change too. Notes that come meanwhile stay for the next run.
    """
    oldest = select(Due.id).where(Due.metric == metric.value).order_by(Due.id).limit(most).subquery()
    last = select(func.max(oldest.c.id)).scalar_subquery()
    taken = delete(Due).where(Due.metric == metric.value, Due.id <= last).returning(Due.subject_id)
    return set(db.session.scalars(taken))


def count_dues(metric: MetricName, most: int = BATCH + 1) -> int:
    """How many notes wait, counting no further than `most`."""
    some = select(Due.id).where(Due.metric == metric.value).limit(most).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def drop_dues(metric: MetricName) -> None:
    """Take away every visible note, because everything is about to be computed anew."""
    db.session.execute(delete(Due).where(Due.metric == metric.value))


def stamp(metric: MetricName, *, full: bool, corrected: int = 0) -> None:
    """Note that the metric is up to date as of now."""
    now = clock.now()
    values = {"refreshed_at": now, **({"recomputed_at": now, "corrected": corrected} if full else {})}
    db.session.execute(
        upsert(Freshness)
        .values(metric=metric.value, **values)
        .on_conflict_do_update(index_elements=["metric"], set_=values)
    )
