"""What can be asked of a deal's money."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.core.db import db
from app.core.db.reads import kept
from app.core.errors import NotFound
from app.core.guard.permissions import Actor, scope_clause
from app.sales.models.deal import Deal
from app.sales.models.payments import Payment
from app.sales.rules.receivables import ZERO, PaymentKind, Row


@kept
def deposits_of(deal_id: uuid.UUID) -> Decimal:
    """What was paid down on the deal before its figures were settled: its deposits, less what of them went back."""
    taken_back = aliased(Payment)
    went_back = (
        select(func.coalesce(func.sum(taken_back.amount), 0))
        .where(taken_back.reverses_id == Payment.id)
        .correlate(Payment)
        .scalar_subquery()
    )
    statement = select(func.sum(Payment.amount - went_back)).where(
        Payment.deal_id == deal_id, Payment.kind == PaymentKind.DEPOSIT.value
    )
    return db.session.scalar(statement) or ZERO


@kept
def ledger_of(deal_id: uuid.UUID) -> list[Row]:
    """The rows of a deal's ledger, as its sums need them."""
    columns = (Payment.kind, Payment.direction, Payment.party, Payment.amount)
    return [Row(*row) for row in db.session.execute(select(*columns).where(Payment.deal_id == deal_id))]


def list_payments(deal_id: uuid.UUID) -> Sequence[Payment]:
    """A deal's ledger in the order in which it was written."""
    return db.session.scalars(
        select(Payment).where(Payment.deal_id == deal_id).order_by(Payment.received_at, Payment.id)
    ).all()


def get_payment(actor: Actor, payment_id: uuid.UUID) -> Payment:
    """The payment, if `actor` may see it; raises NotFound otherwise."""
    visible = scope_clause(actor, "payment.see", owner=Deal.salesperson_id, store=Payment.store_id)
    statement = select(Payment).join(Deal, Deal.id == Payment.deal_id).where(Payment.id == payment_id).where(visible)
    payment = db.session.scalar(statement)
    if payment is None:
        raise NotFound
    return payment


def taken_back_of(payment_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Decimal]:
    """How much of each of these payments was taken back; one of which nothing was is left out."""
    rows = db.session.execute(
        select(Payment.reverses_id, func.sum(Payment.amount))
        .where(Payment.reverses_id.in_(payment_ids))
        .group_by(Payment.reverses_id)
    )
    return {row[0]: row[1] for row in rows if row[0] is not None}
