"""What a deal earns: its chosen worksheet, what the car cost, and the store's policy of gross, counted by the rules.

Costs are among the values; whoever shows them asks the field policy.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from app.core.db import db
from app.core.db.reads import kept
from app.core.guard.permissions import system_actor
from app.inventory.queries.trading import cost_of
from app.sales.models import Application, Deal, SalesPolicy
from app.sales.queries import policies
from app.sales.queries.sheets import Desk, desk_of
from app.sales.rules.gross import Costs, Gross, gross
from app.sales.rules.gross_terms import GrossTerms, gross_terms, reserve_of
from app.sales.rules.policies import PolicyKind
from app.sales.rules.sheet import LineKind, Totals, total

_SYSTEM = system_actor("gross")


@dataclass(frozen=True)
class Counted:
    """The gross of a deal, and what it was counted with."""

    gross: Gross
    cost: Decimal | None
    policy_id: uuid.UUID | None
    desk: Desk

    @property
    def products(self) -> tuple[str, ...]:
        """The names of the products sold with the car."""
        return tuple(line.label for line in self.desk.sheet.lines if line.kind is LineKind.PRODUCT)


def count_gross(deal: Deal) -> Counted:
    """The deal's gross as its worksheet and the car's cost are now.

    An agreed deal keeps the policy it was counted under at first; another is counted under the one of today.
    """
    policy_id, terms = _terms(deal)
    desk, cost = desk_of(_SYSTEM, deal), cost_of(deal.stock_unit_id)
    way = desk.way
    rate = _buy_rate(deal) if way is not None else None
    reserve = reserve_of(
        desk.sheet, way.scenario if way else None, rate if rate is not None else way.buy_rate if way else None, terms
    )
    return Counted(gross(desk.sheet, Costs(cost, reserve=reserve), terms.policy), cost, policy_id, desk)


def measure(deal: Deal) -> tuple[Totals, Gross]:
    """What the deal's worksheet comes to as it stands, and its gross before any reserve: what limits are compared
    with, for the front has nothing of a lender."""
    sheet = desk_of(_SYSTEM, deal).sheet
    totals = total(sheet)
    return totals, gross(sheet, Costs(cost_of(deal.stock_unit_id)), _terms(deal)[1].policy, totals)


def terms_on(store_id: uuid.UUID, deal: Deal | None = None) -> tuple[uuid.UUID | None, GrossTerms]:
    """The policy of gross that holds at a store, on the day a deal was agreed or today."""
    found = policies.in_force(store_id, PolicyKind.GROSS, deal.sold_on if deal else None)
    return (found.id, gross_terms(found.body, found.number)) if found else (None, gross_terms(None))


def _terms(deal: Deal) -> tuple[uuid.UUID | None, GrossTerms]:
    if deal.back_gross is None:
        return terms_on(deal.store_id, deal)
    if deal.gross_policy_id is None:
        return None, gross_terms(None)
    return deal.gross_policy_id, _terms_of(deal.gross_policy_id)


@kept
def _terms_of(policy_id: uuid.UUID) -> GrossTerms:
    row = db.session.execute(select(SalesPolicy.body, SalesPolicy.number).where(SalesPolicy.id == policy_id)).one()
    return gross_terms(row.body, row.number)


def _buy_rate(deal: Deal) -> Decimal | None:
    """The rate at which the lender who paid bought the contract, where one has."""
    return db.session.scalar(
        select(Application.buy_rate).where(Application.deal_id == deal.id, Application.status == "funded").limit(1)
    )
