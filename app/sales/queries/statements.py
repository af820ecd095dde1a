"""Lists of pay for pages: closed statements, plans, and what a month was made of for whoever tries a plan."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import select

from app.core import clock
from app.core.db import current_tenant, db
from app.core.errors import NotFound
from app.core.guard.permissions import Actor, covers, scope_clause
from app.sales.models import CommissionEntry, CommissionPlan, CommissionStatement
from app.sales.queries import pay
from app.sales.rules.commission import Inputs, Statement

_MOST = 300


def today() -> date:
    """The day it is where the dealership has its seat."""
    return clock.today(current_tenant().timezone)


def closed_of(user_id: uuid.UUID) -> Sequence[CommissionStatement]:
    """Somebody's closed statements, the last on top."""
    row = CommissionStatement
    asked = select(row).where(row.user_id == user_id).order_by(row.period.desc(), row.id.desc()).limit(_MOST)
    return db.session.scalars(asked).all()


def get_plan(actor: Actor, plan_id: uuid.UUID) -> CommissionPlan:
    """One version of a plan; raises NotFound."""
    row = db.session.get(CommissionPlan, plan_id)
    if row is None or not covers(actor, "commission.edit", owner_id=None, store_id=row.store_id):
        raise NotFound
    return row


def month_inputs(
    actor: Actor, period: date, store_id: uuid.UUID | None, user_id: uuid.UUID | None
) -> Iterator[tuple[tuple[uuid.UUID, Inputs], Statement]]:
    """(whose, what his month was made of) and its statement as it stands or was closed, of those the actor may see."""
    entry = CommissionEntry
    visible = scope_clause(actor, "commission.see", owner=entry.user_id, store=entry.store_id)
    asked = select(entry.user_id, entry.store_id).where(entry.period == period, visible).distinct()
    if store_id is not None:
        asked = asked.where(entry.store_id == store_id)
    if user_id is not None:
        asked = asked.where(entry.user_id == user_id)
    for row in db.session.execute(asked.order_by(entry.user_id, entry.store_id).limit(_MOST)).all():
        if not pay.sees_pay(actor, row.user_id):
            continue
        statement = pay.closed_periods(row.user_id, row.store_id, [period]).get(period)
        if statement is None:
            found = pay.open_period(row.user_id, row.store_id, period)
            statement = found.statement if found else None
        if statement is not None:
            yield (row.user_id, statement.inputs), statement
