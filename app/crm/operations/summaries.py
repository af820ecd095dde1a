"""Keeping the activity summaries: of some customers, or of all in one pass; both give the same rows exactly.

The work is set-based: one statement each, however many customers. Insights decides when (see docs/decisions).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import CTE, Select, Uuid, bindparam, delete, func, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.db import db
from app.crm.models import Activity, ActivitySummary

_COLUMNS = ("activities", "last_at", "previous_at")


def refresh_summaries(customer_ids: Collection[uuid.UUID]) -> int:
    """Bring the summaries of these customers up to date; returns how many rows changed."""
    if not customer_ids:
        return 0
    ids = bindparam("customer_ids", sorted(set(customer_ids)), type_=ARRAY(Uuid))
    due = select(func.unnest(ids).label("customer_id")).cte("due")
    counted = (
        select(func.count().label("activities"), func.max(Activity.at).label("last_at"))
        .where(Activity.customer_id == due.c.customer_id)
        .lateral("counted")
    )
    fresh = _with_previous(
        select(due.c.customer_id, counted.c.activities, counted.c.last_at)
        .where(counted.c.activities > 0)
        .subquery("totals")
    )
    return _store(fresh, only=due)


def recompute_summaries() -> int:
    """Bring every summary up to date in one pass; returns how many rows changed (none, when all was well)."""
    totals = (
        select(
            Activity.customer_id,
            func.count().label("activities"),
            func.max(Activity.at).label("last_at"),
        )
        .group_by(Activity.customer_id)
        .subquery("totals")
    )
    return _store(_with_previous(totals), only=None)


def _with_previous(totals: Any) -> Select:
    # The index (customer_id, at DESC) answers this with two entries per customer; sorting or
    # numbering all activities costs two to fifteen times as much (docs/benchmarks.md).
    previous = (
        select(Activity.at.label("previous_at"))
        .where(Activity.customer_id == totals.c.customer_id)
        .order_by(Activity.at.desc())
        .offset(1)
        .limit(1)
        .lateral("previous")
    )
    return select(totals.c.customer_id, totals.c.activities, totals.c.last_at, previous.c.previous_at).select_from(
        totals.outerjoin(previous, totals.c.activities > 1)
    )


def _store(query: Select, only: CTE | None) -> int:
    """Write what differs and nothing else: an unchanged row costs no new row version."""
    fresh = query.cte("fresh").prefix_with("MATERIALIZED", dialect="postgresql")
    table = ActivitySummary.__table__
    absent = ~select(1).where(fresh.c.customer_id == table.c.customer_id).exists()
    gone = delete(table).where(absent)
    if only is not None:
        gone = gone.where(table.c.customer_id.in_(select(only.c.customer_id)))
    removed = gone.returning(table.c.customer_id).cte("removed")
    changed = (
        update(table)
        .where(table.c.customer_id == fresh.c.customer_id)
        .where(
            tuple_(*(table.c[name] for name in _COLUMNS)).is_distinct_from(
                tuple_(*(fresh.c[name] for name in _COLUMNS))
            )
        )
        .values({name: fresh.c[name] for name in _COLUMNS})
        .returning(table.c.customer_id)
        .cte("changed")
    )
    known = select(1).where(table.c.customer_id == fresh.c.customer_id).exists()
    added = (
        insert(table)
        .from_select(("customer_id", *_COLUMNS), select(fresh).where(~known))
        .returning(table.c.customer_id)
        .cte("added")
    )
    counts = [select(func.count()).select_from(part).scalar_subquery() for part in (removed, changed, added)]
    return db.session.scalar(select(counts[0] + counts[1] + counts[2])) or 0
