"""What a deal comes to, what of it a lender pays, and who owes what of it now."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from app.core.db import db
from app.core.db.reads import kept
from app.core.guard.permissions import system_actor
from app.sales.models.applications import Application
from app.sales.models.deal import Deal
from app.sales.queries.payments import ledger_of
from app.sales.queries.sheets import desk_of
from app.sales.rules.financing import STANDS, ApplicationKind, ApplicationStatus
from app.sales.rules.receivables import ZERO, Balance, Row, balance
from app.sales.rules.sheet import total
from app.sales.rules.status import ENDED

_SYSTEM = system_actor("receivables")


@dataclass(frozen=True)
class Figures:
    """What a deal comes to: for its buyer before any payment, and for those who are paid off."""

    owed: Decimal
    payoff: Decimal


def figures_of(deal: Deal) -> Figures:
    """What the deal comes to for its buyer by its chosen worksheet, and what is to be paid off for his trade-ins."""
    totals = total(desk_of(_SYSTEM, deal).sheet)
    # `due` is less what was paid down, which here is a payment as any other.
    return Figures(owed=totals.due + totals.deposit, payoff=totals.payoff)


@kept
def financed_of(deal_id: uuid.UUID) -> Decimal:
    """What a lender has agreed to pay of the deal: what he who has paid agreed to, else who agreed last."""
    statement = (
        select(Application.decided_amount)
        .where(Application.deal_id == deal_id, Application.kind == ApplicationKind.LENDER.value)
        .where(Application.status.in_(sorted(STANDS)), Application.decided_amount.is_not(None))
        .order_by((Application.status == ApplicationStatus.FUNDED.value).desc(), Application.decided_at.desc())
        .limit(1)
    )
    return db.session.scalar(statement) or ZERO


def balance_of(deal: Deal, rows: Sequence[Row] | None = None) -> Balance:
    """Who owes what of the deal now; `rows` are those of its ledger, where they were read already."""
    figures = figures_of(deal)
    return balance(
        ledger_of(deal.id) if rows is None else rows,
        owed=figures.owed,
        financed=financed_of(deal.id),
        payoff=figures.payoff,
        ended=deal.status in ENDED,
    )
