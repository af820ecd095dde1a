"""What can be asked of the metrics: figures within the actor's stores, their freshness, and the sales they count."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, Subquery, func, select, true

from app.core import clock
from app.core.db import current_tenant, db
from app.core.guard.permissions import Actor, Scope, scope_clause, scope_of, stores_of
from app.insights.models import Due, Freshness, SalesAverage
from app.insights.rules import METRICS, average_price
from app.inventory import queries as inventory
from app.sales import queries as sales

MOST_MODELS = 200


def sales_population() -> Subquery:
    """The deals that count, with what each adds: delivered, not unwound, in the dealership's currency."""
    deals = sales.deal_facts()
    return (
        select(
            deals.c.deal_id,
            deals.c.make_key,
            deals.c.model_key,
            func.date_trunc("month", deals.c.delivered_on).cast(Date).label("month"),
            deals.c.deal_type,
            deals.c.store_id,
            deals.c.net_amount.label("amount"),
        )
        .where(deals.c.delivered_on.is_not(None), deals.c.unwound_on.is_(None))
        .where(deals.c.currency == current_tenant().currency)
        .subquery("sales_population")
    )


def list_deal_ids_of_vehicle(vehicle_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """The deals in which this vehicle was sold."""
    deals = sales.deal_facts()
    return db.session.scalars(select(deals.c.deal_id).where(deals.c.vehicle_id == vehicle_id)).all()


@dataclass(frozen=True)
class Figure:
    """A number of sales and their total; `key` says of what (a month, or make and model)."""

    key: Any
    label: str
    sales: int
    total: Decimal

    @property
    def average(self) -> Decimal | None:
        """The average selling price; undefined without sales."""
        return average_price(self.total, self.sales)


@dataclass(frozen=True)
class SalesQuestion:
    """Which sales: of one deal type and, where given, in these months (ends included), of one model, at one store."""

    deal_type: str
    first: date | None = None
    last: date | None = None
    make_key: str | None = None
    model_key: str | None = None
    store_id: uuid.UUID | None = None

    def clauses(self) -> list[ColumnElement[bool]]:
        """The question as conditions on the stored averages."""
        found = [SalesAverage.deal_type == self.deal_type]
        if self.first is not None:
            found.append(SalesAverage.month >= self.first)
        if self.last is not None:
            found.append(SalesAverage.month <= self.last)
        for column, value in (
            (SalesAverage.make_key, self.make_key),
            (SalesAverage.model_key, self.model_key),
            (SalesAverage.store_id, self.store_id),
        ):
            if value is not None:
                found.append(column == value)
        return found


def _averages(actor: Actor, question: SalesQuestion, *columns: Any) -> Select:
    return (
        select(*columns, func.sum(SalesAverage.sales).label("sales"), func.sum(SalesAverage.total).label("total"))
        .where(*question.clauses())
        .where(scope_clause(actor, "metric.see", store=SalesAverage.store_id))
    )


def list_prices_by_month(actor: Actor, question: SalesQuestion) -> list[Figure]:
    """Sales and their total per month, oldest first; months without sales are not among them."""
    rows = db.session.execute(
        _averages(actor, question, SalesAverage.month).group_by(SalesAverage.month).order_by(SalesAverage.month)
    )
    return [Figure(row.month, f"{row.month:%Y-%m}", int(row.sales), row.total) for row in rows]


def list_prices_by_model(actor: Actor, question: SalesQuestion, limit: int = MOST_MODELS) -> list[Figure]:
    """Sales and their total per model, the most sold first."""
    key = (SalesAverage.make_key, SalesAverage.model_key)
    top = (
        _averages(actor, question, *key).group_by(*key).order_by(func.sum(SalesAverage.sales).desc(), *key).limit(limit)
    ).subquery("top")
    vehicles = inventory.vehicle_facts()
    # Spellings of one model count together; the vehicle met first gives the name.
    named = (
        select(vehicles.c.make, vehicles.c.model)
        .where(vehicles.c.make_key == top.c.make_key, vehicles.c.model_key == top.c.model_key)
        .order_by(vehicles.c.vehicle_id)
        .limit(1)
        .lateral("named")
    )
    rows = db.session.execute(
        select(top, named.c.make, named.c.model)
        .select_from(top.outerjoin(named, true()))
        .order_by(top.c.sales.desc(), top.c.make_key, top.c.model_key)
    )
    return [
        Figure(
            (row.make_key, row.model_key),
            f"{row.make or row.make_key} {row.model or row.model_key}".strip(),
            int(row.sales),
            row.total,
        )
        for row in rows
    ]


def get_price(actor: Actor, question: SalesQuestion) -> Figure:
    """Sales and their total over everything the question asks for."""
    row = db.session.execute(_averages(actor, question)).one()
    return Figure(None, "", int(row.sales or 0), row.total or Decimal(0))


def find_latest_month(actor: Actor, question: SalesQuestion) -> date | None:
    """The latest month with sales that the question asks for, or None."""
    return db.session.scalar(
        select(func.max(SalesAverage.month))
        .where(*question.clauses())
        .where(scope_clause(actor, "metric.see", store=SalesAverage.store_id))
    )


def rows_are_open(actor: Actor, store_id: uuid.UUID | None) -> bool:
    """Whether the actor's list of deals holds every deal behind a figure: else the figure has no link to rows."""
    rows, figures = scope_of(actor, "deal.see"), scope_of(actor, "metric.see")
    if rows is Scope.ALL:
        return True
    shown = stores_of(actor, "deal.see")
    if store_id is not None:
        return store_id in shown
    return figures is not Scope.ALL and bool(shown) and stores_of(actor, "metric.see") <= shown


def list_freshness() -> dict[str, Freshness]:
    """How fresh each metric is, by its name; one never computed is missing."""
    return {row.metric: row for row in db.session.scalars(select(Freshness))}


def list_waiting(most: int = 10_000) -> dict[str, int]:
    """How many changes each metric has not taken in yet, counting no further than `most` in all."""
    some = select(Due.metric).limit(most).subquery()
    rows = db.session.execute(select(some.c.metric, func.count().label("waiting")).group_by(some.c.metric))
    return {row.metric: row.waiting for row in rows}


@dataclass(frozen=True)
class Fresh:
    """As of when a metric is right, its last full computation, and how many changes wait."""

    as_of: datetime | None
    recomputed_at: datetime | None
    waiting: int


def how_fresh() -> dict[str, Fresh]:
    """How fresh each registered metric is."""
    stored, waiting, now = list_freshness(), list_waiting(), clock.now()
    found = {}
    for name in METRICS:
        row, count = stored.get(name), waiting.get(name, 0)
        # With nothing waiting the figures hold as of this moment, whenever the last change was.
        as_of = (row.refreshed_at if row else None) if count else now
        found[name] = Fresh(as_of, row.recomputed_at if row else None, count)
    return found
