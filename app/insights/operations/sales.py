"""The averages of sales: of some deals, or of all in one pass; set-based, and equal to the last digit.

Each deal of the population has an entry that says to which average it adds what. A change replaces the entries of
the changed deals and sums the touched averages again; nothing is added to or taken from a total, so nothing drifts.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import CTE, Date, Select, Subquery, Text, Uuid, bindparam, delete, func, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.db import db
from app.insights import queries
from app.insights.models import SaleEntry, SalesAverage

_KEY: dict[str, Any] = {
    "make_key": Text(),
    "model_key": Text(),
    "month": Date(),
    "deal_type": Text(),
    "store_id": Uuid(),
}
_ENTRY = ("deal_id", *_KEY, "amount")
_VALUES = ("sales", "total")
_entries: Any = SaleEntry.__table__
_averages: Any = SalesAverage.__table__


def refresh_averages(deal_ids: Collection[uuid.UUID]) -> int:
    """Bring the averages up to date in which these deals count or counted; returns how many rows changed."""
    if not deal_ids:
        return 0
    due = bindparam("deal_ids", sorted(set(deal_ids)), type_=ARRAY(Uuid))
    key = [_entries.c[name] for name in _KEY]
    before = db.session.execute(delete(_entries).where(_entries.c.deal_id == func.any(due)).returning(*key)).all()
    population = queries.sales_population()
    after = db.session.execute(
        insert(_entries)
        .from_select(
            _ENTRY, select(*(population.c[name] for name in _ENTRY)).where(population.c.deal_id == func.any(due))
        )
        .returning(*key)
    ).all()
    return _sum_again({tuple(row) for row in (*before, *after)})


def recompute_averages() -> int:
    """Bring every entry and every average up to date in one pass; returns how many averages changed."""
    population = queries.sales_population()
    same = select(1).where(*(population.c[name] == _entries.c[name] for name in _ENTRY)).exists()
    db.session.execute(delete(_entries).where(~same))
    known = select(1).where(_entries.c.deal_id == population.c.deal_id).exists()
    db.session.execute(
        insert(_entries).from_select(_ENTRY, select(*(population.c[name] for name in _ENTRY)).where(~known))
    )
    # From the deals themselves, not from the entries: the full way shares nothing with the incremental one.
    return _store(_summed(population), only=None)


def _sum_again(keys: set[tuple[Any, ...]]) -> int:
    if not keys:
        return 0
    columns = list(zip(*sorted(keys, key=repr), strict=True))
    arrays = [
        func.unnest(bindparam(f"key_{name}", list(values), type_=ARRAY(kind))).label(name)
        for (name, kind), values in zip(_KEY.items(), columns, strict=True)
    ]
    touched = select(*arrays).cte("touched")
    rows = (
        select(*(_entries.c[name] for name in _ENTRY))
        .join(touched, tuple_(*(_entries.c[name] for name in _KEY)) == tuple_(*(touched.c[name] for name in _KEY)))
        .subquery("rows")
    )
    return _store(_summed(rows), only=touched)


def _summed(rows: Subquery) -> Select:
    key = [rows.c[name] for name in _KEY]
    return select(
        *key,
        func.count().label("sales"),
        func.sum(rows.c.amount).label("total"),
    ).group_by(*key)


def _store(query: Select, only: CTE | None) -> int:
    """Write what differs and nothing else."""
    fresh = query.cte("fresh").prefix_with("MATERIALIZED", dialect="postgresql")

    def key(table: Any) -> Any:
        return tuple_(*(table.c[name] for name in _KEY))

    matching = key(fresh) == key(_averages)
    gone = delete(_averages).where(~select(1).select_from(fresh).where(matching).exists())
    if only is not None:
        gone = gone.where(key(_averages).in_(select(*(only.c[name] for name in _KEY))))
    removed = gone.returning(_averages.c.make_key).cte("removed")
    changed = (
        update(_averages)
        .where(matching)
        .where(
            tuple_(*(_averages.c[name] for name in _VALUES)).is_distinct_from(
                tuple_(*(fresh.c[name] for name in _VALUES))
            )
        )
        .values({name: fresh.c[name] for name in _VALUES})
        .returning(_averages.c.make_key)
        .cte("changed")
    )
    known = select(1).select_from(_averages).where(matching).exists()
    added = (
        insert(_averages)
        .from_select((*_KEY, *_VALUES), select(*(fresh.c[name] for name in (*_KEY, *_VALUES))).where(~known))
        .returning(_averages.c.make_key)
        .cte("added")
    )
    counts = [select(func.count()).select_from(part).scalar_subquery() for part in (removed, changed, added)]
    return db.session.scalar(select(counts[0] + counts[1] + counts[2])) or 0
