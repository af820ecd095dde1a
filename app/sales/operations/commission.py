"""Pay: keeping what is known of each deal, setting plans, saying whose a deal is, and closing periods."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import Date, cast, func, select
from sqlalchemy.exc import IntegrityError

from app.core.db import current_tenant, db
from app.core.db.columns import new_id
from app.core.db.violations import violated
from app.core.errors import N_, FieldError, Invalid, PermissionDenied
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.core.guard.policy import policy_for
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName
from app.inventory.events import UnitCostChanged
from app.sales import errors, queries
from app.sales.events import DealsRecorded
from app.sales.models import PERIOD_CLOSED, CommissionEntry, CommissionPlan, CommissionStatement, Deal
from app.sales.operations.grossing import DealEvent
from app.sales.queries import pay
from app.sales.rules.bodies import to_body
from app.sales.rules.pay_entries import month_after, month_of, next_entries
from app.sales.rules.plans import Plan
from app.sales.rules.status import AGREED
from app.tenants import queries as tenants

COUNT_TASK = "sales.count_pay"
MONTH_TASK = "sales.count_pay_of_month"
SHARES_DO_NOT_ADD_UP = N_("The parts must be above zero and add up to one, each person named once.")
CLOSED_FROM_THEN = N_("A period from then on is closed already. Choose a later month.")
PERIOD_CLOSED_BEFORE = N_("This month, or a later one, is closed already.")
PERIOD_NOT_OVER = N_("The month is not over at this store. It can be closed on the first of the next one.")
EARLIER_PERIOD_OPEN = N_("An earlier month of this person is still open. Close that one first.")
NO_PLAN = N_("No plan pays this person at this store in that month.")


def note_deal(event: DealEvent) -> None:
    """Handler of every event after which a deal may pay something else."""
    owe_count(event.deal_id)


def note_cost(event: UnitCostChanged) -> None:
    """Handler of UnitCostChanged: what the deal of the unit pays may be another."""
    asked = select(Deal.id).where(Deal.stock_unit_id == event.unit_id, Deal.status.in_(sorted(AGREED)))
    for deal_id in db.session.scalars(asked):
        owe_count(deal_id)


def note_deals(event: DealsRecorded) -> None:
    """Handler of DealsRecorded: months for which there are plans are looked at as a whole."""
    first = db.session.scalar(select(func.min(CommissionPlan.valid_from)))
    if first is None:
        return
    month = cast(func.date_trunc("month", Deal.delivered_on), Date)
    asked = select(month).where(Deal.id.in_(event.deal_ids), Deal.delivered_on >= first).distinct()
    for period in db.session.scalars(asked):
        _owe_month(period)


def _owe_month(period: date) -> None:
    payload = {"month": period.isoformat()}
    enqueue(MONTH_TASK, queue=QueueName.METRICS, payload=payload, dedupe=f"{MONTH_TASK}:{period}")


def owe_count(deal_id: uuid.UUID) -> None:
    """Owe the task that looks at a deal's pay, where anybody is paid by a plan."""
    if pay.has_plans():
        payload = {"deal_id": str(deal_id)}
        enqueue(COUNT_TASK, queue=QueueName.METRICS, payload=payload, dedupe=f"{COUNT_TASK}:{deal_id}")


def count_month(period: date) -> None:
    """Look at every deal delivered in a month again; what is known already adds nothing."""
    asked = select(Deal.id).where(Deal.delivered_on >= period, Deal.delivered_on < month_after(period))
    for deal_id in db.session.scalars(asked.order_by(Deal.id)).all():
        count_pay(deal_id)


def count_pay(deal_id: uuid.UUID) -> int:
    """Add what has become known of a deal's pay, and say how many entries that were: none the second time."""
    store_id = db.session.scalar(select(Deal.store_id).where(Deal.id == deal_id))
    if store_id is None:
        return 0
    _lock(store_id)
    # Read under the lock, so that of two tasks the second sees what the first has added, and the deal as it is now.
    deal = db.session.get_one(Deal, deal_id, populate_existing=True)
    sold = pay.sold_by(deal)
    known = select(CommissionEntry.user_id).where(CommissionEntry.deal_id == deal_id).distinct()
    made = 0
    for user_id in sorted({*sold, *db.session.scalars(known)}):
        rows = pay.entries_of_deal(deal_id, user_id)
        entries = [pay.read_entry(row) for row in rows]
        mine = sold.get(user_id)
        periods = {entry.period for entry in entries} | ({month_of(mine.day)} if mine else set())
        added = next_entries(
            mine,
            entries,
            current=pay.current_period(deal.store_id),
            closed=pay.closed_periods(user_id, deal.store_id, sorted(periods)),
            late=deal.late_cost is not None,
        )
        for seq, entry in enumerate(added, len(rows) + 1):
            one = entry.sold
            base = None if one.front is None else one.front + one.back
            db.session.add(
                CommissionEntry(
                    id=new_id(), user_id=user_id, store_id=deal.store_id, deal_id=deal_id, seq=seq,
                    kind=entry.kind.value, period=entry.period, units=one.share, base_amount=base,
                    amount=entry.amount, body=to_body(one),
                )
            )  # fmt: skip
        made += len(added)
        db.session.flush()
    return made


def set_plan(
    *, actor: Actor, name: str, plan: Plan, valid_from: date, store_id: uuid.UUID | None = None,
    people: Sequence[uuid.UUID] = (),
) -> CommissionPlan:
    """Set the next version of a plan, from a month on that nobody has closed yet; raises Invalid and FieldClosed."""
    check(actor, "commission.edit", owner_id=None, store_id=store_id)
    policy_for(actor).check_write("commission_plan", "body", field="body")
    problems = []
    if not name.strip():
        problems.append(FieldError("name", "required", errors.REQUIRED))
    period = month_of(valid_from)
    closed = select(CommissionStatement.id).where(CommissionStatement.period >= period)
    if store_id is not None:
        closed = closed.where(CommissionStatement.store_id == store_id)
    if db.session.scalar(closed.limit(1)) is not None:
        problems.append(FieldError("valid_from", "period_closed", CLOSED_FROM_THEN))
    if problems:
        raise Invalid(problems)
    same = CommissionPlan.name == name.strip(), CommissionPlan.store_id.is_not_distinct_from(store_id)
    number = (db.session.scalar(select(func.max(CommissionPlan.number)).where(*same)) or 0) + 1
    row = CommissionPlan(
        id=new_id(), name=name.strip(), number=number, store_id=store_id, valid_from=period,
        people=[str(user) for user in people], body=to_body(plan), made_by=actor.user_id,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    told = {"name": row.name, "number": number, "store_id": store_id, "valid_from": period, "body": row.body}
    changes = {key: (None, item) for key, item in told.items()}
    audit.record(actor, "commission.plan", "commission_plan", row.id, changes=changes)
    _owe_month(period)
    return row


def share_deal(
    *, actor: Actor, deal_id: uuid.UUID, people: Sequence[tuple[uuid.UUID, Decimal]], house: bool = False
) -> Deal:
    """Say whose a deal is and in which parts, or that it is the house's; the parts add up to one. Raises Invalid."""
    deal = queries.get_deal(actor, deal_id, lock=True)
    check(actor, "commission.edit", owner_id=None, store_id=deal.store_id)
    parts = [share for _, share in people]
    possible = all(share > 0 and share == round(share, 4) for share in parts) and (not parts or sum(parts) == 1)
    if not possible or len({user for user, _ in people}) != len(people):
        raise Invalid([FieldError("shares", "shares_do_not_add_up", SHARES_DO_NOT_ADD_UP)])
    for user, _ in people:
        tenants.get_user_name(user)
    before = deal.shares
    told = [[str(user), f"{share.normalize():f}"] for user, share in people]
    deal.shares = {"house": house, "people": told} if told or house else None
    db.session.flush()
    audit.record(actor, "deal.share", "deal", deal.id, changes={"shares": (before, deal.shares)})
    owe_count(deal.id)
    return deal


def close_period(*, actor: Actor, user_id: uuid.UUID, store_id: uuid.UUID, period: date) -> CommissionStatement:
    """Close a person's period at a store: its statement is stored with its plan and all its inputs, for good.

    Raises Invalid for a month that is not over, is closed, comes after an open one or has no plan, and
    PermissionDenied for one's own pay.
    """
    if not pay.may_approve(actor, user_id, store_id):
        raise PermissionDenied("commission.approve")
    period = month_of(period)
    if pay.current_period(store_id) <= period:
        raise _refusal("period_not_over", PERIOD_NOT_OVER)
    _lock(store_id)
    mine = CommissionEntry.user_id == user_id, CommissionEntry.store_id == store_id
    deals = select(CommissionEntry.deal_id).where(*mine, CommissionEntry.period == period).distinct()
    delivered = select(Deal.id).where(
        Deal.store_id == store_id, Deal.delivered_on >= period, Deal.delivered_on < month_after(period)
    )
    # What a task has still to look at is looked at now, so that nothing of the period is left behind.
    for deal_id in sorted({*db.session.scalars(deals), *db.session.scalars(delivered)}):
        count_pay(deal_id)
    last = pay.last_closed(user_id, store_id)
    if last is not None and last.period >= period:
        raise _refusal("period_closed", PERIOD_CLOSED_BEFORE)
    earlier = select(CommissionEntry.id).where(*mine, CommissionEntry.period < period)
    if last is not None:
        earlier = earlier.where(CommissionEntry.period > last.period)
    if db.session.scalar(earlier.limit(1)) is not None:
        raise _refusal("earlier_period_open", EARLIER_PERIOD_OPEN)
    found = pay.open_period(user_id, store_id, period)
    if found is None:
        raise _refusal("no_plan", NO_PLAN)
    made, body = found.statement, to_body(found.statement)
    row = CommissionStatement(
        id=new_id(), user_id=user_id, store_id=store_id, period=period, plan_id=found.plan.id,
        currency=current_tenant().currency, units=made.units, earned=made.earned, total=made.total,
        carried=made.carried, body=body, sha256=pay.digest(body), frozen_by=actor.user_id,
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError as error:
        if violated(error) == PERIOD_CLOSED:
            raise _refusal("period_closed", PERIOD_CLOSED_BEFORE) from error
        raise
    told = {"user_id": user_id, "store_id": store_id, "period": period, "total": made.total}
    audit.record(
        actor, "commission.close", "commission_statement", row.id,
        changes={key: (None, item) for key, item in told.items()},
    )  # fmt: skip
    return row


def _refusal(code: str, message: str) -> Invalid:
    return Invalid([FieldError("period", code, message)])


def _lock(store_id: uuid.UUID) -> None:
    """One at a time looks at pay at a store, so that no entry lands in a period that is being closed."""
    key = f"{current_tenant().schema}:pay:{store_id}"
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
