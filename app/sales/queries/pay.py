"""What can be asked of pay: the plan of somebody in a period, what is known of his deals, and his statements.

Everything here tells pay; whoever shows it asks whose it is, or the field policy.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select

from app.core import clock
from app.core.db import current_tenant, db
from app.core.errors import NotFound
from app.core.guard.permissions import Actor, covers, scope_clause
from app.core.guard.policy import Sight, policy_for
from app.inventory import queries as inventory
from app.sales.models import CommissionEntry, CommissionPlan, CommissionStatement, Deal, Payment
from app.sales.queries.grossing import count_gross
from app.sales.queries.receivables import balance_of
from app.sales.rules.bodies import from_body
from app.sales.rules.commission import Sold, Statement, compute, split
from app.sales.rules.pay_entries import Entry, EntryKind, inputs_of, month_of
from app.sales.rules.plans import ZERO, PaidOn, Plan
from app.sales.rules.scenarios import ScenarioKind
from app.sales.rules.status import AGREED
from app.tenants import queries as tenants


@dataclass(frozen=True)
class OpenPeriod:
    """A period that is not closed: its plan, and the statement as it stands."""

    user_id: uuid.UUID
    store_id: uuid.UUID
    period: date
    plan: CommissionPlan
    statement: Statement


def has_plans() -> bool:
    """Whether the dealership pays by plans at all, or is about to."""
    soon = clock.today(current_tenant().timezone) + timedelta(days=1)
    return db.session.scalar(select(CommissionPlan.id).where(CommissionPlan.valid_from <= soon).limit(1)) is not None


def plan_for(user_id: uuid.UUID, store_id: uuid.UUID, period: date) -> CommissionPlan | None:
    """The version by which somebody is paid at a store in a period.

    Of each plan the last version valid then counts; one that names him goes before one for everybody, one of the
    store before one of all stores, and of two alike the younger.
    """
    rows = db.session.scalars(
        select(CommissionPlan)
        .where(
            CommissionPlan.valid_from <= period,
            or_(CommissionPlan.store_id.is_(None), CommissionPlan.store_id == store_id),
        )
        .order_by(CommissionPlan.valid_from, CommissionPlan.number, CommissionPlan.id)
    )
    last = {(row.store_id, row.name): row for row in rows}
    found = [row for row in last.values() if not row.people or str(user_id) in row.people]
    order = {id(row): place for place, row in enumerate(last.values())}
    return max(found, key=lambda row: (bool(row.people), row.store_id is not None, order[id(row)]), default=None)


def plan_of(row: CommissionPlan) -> Plan:
    """The plan as the rules have it."""
    return from_body(Plan, row.body)


def shares_of(deal: Deal) -> dict[uuid.UUID, Decimal]:
    """Whose the deal is and in which parts: the salesperson's alone unless something else was said."""
    people = (deal.shares or {}).get("people")
    if people:
        return {uuid.UUID(user): Decimal(share) for user, share in people}
    return {deal.salesperson_id: Decimal(1)} if deal.salesperson_id else {}


def sold_by(deal: Deal) -> dict[uuid.UUID, Sold]:
    """The deal as the pay of each of its people sees it; nobody's where it pays nothing (now, or yet)."""
    if deal.status not in AGREED or deal.delivered_on is None:
        return {}
    shares = shares_of(deal)
    plans = {user: plan_for(user, deal.store_id, month_of(deal.delivered_on)) for user in shares}
    if not any(plans.values()):
        return {}
    counted = count_gross(deal)
    way = counted.desk.way
    lends = way is not None and way.scenario.kind is not ScenarioKind.CASH
    units = inventory.unit_facts()
    condition = db.session.scalar(select(units.c.condition).where(units.c.unit_id == deal.stock_unit_id)) or ""
    currency, values = deal.currency, list(shares.values())
    front, back = counted.gross.commissionable_front, counted.gross.commissionable_back
    fronts = [None] * len(values) if front is None else split(front, values, currency)
    found = {}
    for (user, share), own, rest in zip(shares.items(), fronts, split(back, values, currency), strict=True):
        plan = plans[user]
        day = _day(deal, plan_of(plan).paid_on, lends=lends) if plan else None
        if day is not None and plan_for(user, deal.store_id, month_of(day)) is not None:
            house = bool((deal.shares or {}).get("house"))
            found[user] = Sold(
                str(deal.id), deal.deal_number, day, share, own, rest, house, condition, counted.products
            )  # fmt: skip
    return found


def _day(deal: Deal, paid_on: PaidOn, *, lends: bool) -> date | None:
    """The day by which a deal is paid, None while that has not come; never before the delivery."""
    delivered = deal.delivered_on
    if delivered is None or paid_on is PaidOn.DELIVERED:
        return delivered
    if paid_on is PaidOn.FUNDED:
        # Without a lender there is nothing to wait for.
        return max(delivered, deal.funded_on) if deal.funded_on else (None if lends else delivered)
    if not balance_of(deal).is_settled:
        return None
    last = db.session.scalar(select(func.max(Payment.received_on)).where(Payment.deal_id == deal.id))
    return max(delivered, last or delivered)


def entries_of_deal(deal_id: uuid.UUID, user_id: uuid.UUID) -> list[CommissionEntry]:
    """What is known of one person's part of a deal, in the order in which it became known."""
    asked = select(CommissionEntry).where(CommissionEntry.deal_id == deal_id, CommissionEntry.user_id == user_id)
    return list(db.session.scalars(asked.order_by(CommissionEntry.seq)))


def read_entry(row: CommissionEntry) -> Entry:
    """A stored entry as the rules have it."""
    return Entry(row.period, EntryKind(row.kind), from_body(Sold, row.body), row.amount)


def closed_periods(user_id: uuid.UUID, store_id: uuid.UUID, periods: Sequence[date]) -> dict[date, Statement]:
    """Those of the periods that are closed, with their statements."""
    asked = select(CommissionStatement.period, CommissionStatement.body).where(
        CommissionStatement.user_id == user_id,
        CommissionStatement.store_id == store_id,
        CommissionStatement.period.in_(periods),
    )
    return {row.period: from_body(Statement, row.body) for row in db.session.execute(asked)}


def last_closed(user_id: uuid.UUID, store_id: uuid.UUID) -> CommissionStatement | None:
    """The statement of the last period that was closed."""
    asked = select(CommissionStatement).where(
        CommissionStatement.user_id == user_id, CommissionStatement.store_id == store_id
    )
    return db.session.scalar(asked.order_by(CommissionStatement.period.desc()).limit(1))


def open_period(user_id: uuid.UUID, store_id: uuid.UUID, period: date) -> OpenPeriod | None:
    """The statement of an open period as it stands, made of its entries; None without a plan."""
    plan = plan_for(user_id, store_id, period)
    if plan is None:
        return None
    rows = db.session.scalars(
        select(CommissionEntry)
        .where(
            CommissionEntry.user_id == user_id,
            CommissionEntry.store_id == store_id,
            CommissionEntry.period == period,
        )
        .order_by(CommissionEntry.deal_id, CommissionEntry.seq)
    )
    before = last_closed(user_id, store_id)
    carried = before.carried if before and before.period < period else ZERO
    inputs = inputs_of([read_entry(row) for row in rows], current_tenant().currency, carried)
    return OpenPeriod(user_id, store_id, period, plan, compute(plan_of(plan), inputs))


def open_periods(actor: Actor) -> list[OpenPeriod]:
    """Everybody's open periods that `actor` may see, the oldest first; of a period without an entry nothing."""
    entry = CommissionEntry
    closed = (
        select(CommissionStatement.id)
        .where(
            CommissionStatement.user_id == entry.user_id,
            CommissionStatement.store_id == entry.store_id,
            CommissionStatement.period == entry.period,
        )
        .exists()
    )
    visible = scope_clause(actor, "commission.see", owner=entry.user_id, store=entry.store_id)
    asked = select(entry.period, entry.store_id, entry.user_id).where(visible, ~closed).distinct()
    rows = db.session.execute(asked.order_by(entry.period, entry.store_id, entry.user_id).limit(500)).all()
    found = (open_period(row.user_id, row.store_id, row.period) for row in rows)
    return [one for one in found if one is not None]


def get_statement(actor: Actor, statement_id: uuid.UUID) -> CommissionStatement:
    """A closed statement, if `actor` may see it; raises NotFound."""
    visible = scope_clause(
        actor, "commission.see", owner=CommissionStatement.user_id, store=CommissionStatement.store_id
    )
    row = db.session.scalar(select(CommissionStatement).where(CommissionStatement.id == statement_id, visible))
    if row is None:
        raise NotFound
    return row


def sees_pay(actor: Actor, user_id: uuid.UUID) -> bool:
    """Whether the amounts of somebody's pay are for this actor: one's own always, others' as the field policy says."""
    own = actor.user_id is not None and actor.user_id == user_id
    return own or policy_for(actor).field("commission_statement", "total") is Sight.VISIBLE


def may_approve(actor: Actor, user_id: uuid.UUID, store_id: uuid.UUID) -> bool:
    """Whether the actor may close a period of this person there: never his own, and only with his pay in sight."""
    return (
        actor.user_id != user_id
        and covers(actor, "commission.approve", owner_id=user_id, store_id=store_id)
        and sees_pay(actor, user_id)
    )


def replays(row: CommissionStatement) -> bool:
    """Whether what is stored comes to the same cents when it is computed again, and is what was stored."""
    stored = from_body(Statement, row.body)
    again = compute(stored.plan, stored.inputs)
    return again == stored and again.total == row.total and digest(row.body) == row.sha256


def digest(body: Mapping[str, Any]) -> bytes:
    """The SHA-256 of a statement's body, in the one form it is written in."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def current_period(store_id: uuid.UUID) -> date:
    """The month it is at the store."""
    return month_of(clock.today(tenants.get_store(store_id).timezone))
