"""Keeping the activity summaries: of some customers, or of all in one pass; both give the same rows exactly.

The work is set-based: one statement each, however many customers. Insights decides when (see docs/decisions).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.db import db
from app.crm.models import Activity, ActivitySummary

_COLUMNS = ("activities", "last_at", "previous_at")
_IDS = bindparam("customer_ids", type_=ARRAY(Uuid))


def _fresh(activities: ColumnElement[bool]) -> Select:
    """What the summaries of the customers with these activities should be."""
    totals = (
        select(Activity.customer_id, func.count().label("activities"), func.max(Activity.at).label("last_at"))
        .where(activities)
        .group_by(Activity.customer_id)
        .subquery("totals")
    )
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


def _store(activities: ColumnElement[bool], within: ColumnElement[bool]) -> Select:
    """Write what differs, of the rows `within`, and nothing else: an unchanged row costs no new row version."""
    fresh = _fresh(activities).cte("fresh").prefix_with("MATERIALIZED", dialect="postgresql")
    table = ActivitySummary.__table__
    absent = ~select(1).where(fresh.c.customer_id == table.c.customer_id).exists()
    removed = delete(table).where(absent, within).returning(table.c.customer_id).cte("removed")
    changed = (
        update(table)
        .where(table.c.customer_id == fresh.c.customer_id, within)
        .where(
            tuple_(*(table.c[name] for name in _COLUMNS)).is_distinct_from(
                tuple_(*(fresh.c[name] for name in _COLUMNS))
            )
        )
        .values({name: fresh.c[name] for name in _COLUMNS})
        .returning(table.c.customer_id)
        .cte("changed")
    )
    known = select(1).where(table.c.customer_id == fresh.c.customer_id, within).exists()
    added = (
        insert(table)
        .from_select(("customer_id", *_COLUMNS), select(fresh).where(~known))
        .returning(table.c.customer_id)
        .cte("added")
    )
    counts = [select(func.count()).select_from(part).scalar_subquery() for part in (removed, changed, added)]
    return select(counts[0] + counts[1] + counts[2])


# Put together once: that costs as much as running it for a handful of customers.
_REFRESH = _store(Activity.customer_id == func.any(_IDS), ActivitySummary.customer_id == func.any(_IDS))
_RECOMPUTE = _store(true(), true())


def refresh_summaries(customer_ids: Collection[uuid.UUID]) -> int:
    """Bring the summaries of these customers up to date; returns how many rows changed."""
    if not customer_ids:
        return 0
    return db.session.scalar(_REFRESH, {_IDS.key: sorted(set(customer_ids))}) or 0


def recompute_summaries() -> int:
    """Bring every summary up to date in one pass; returns how many rows changed (none, when all was well)."""
    return db.session.scalar(_RECOMPUTE) or 0
