"""What a store's policy of gross says beyond the counting itself: the dealer's part of what a lender earns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from app.sales.rules.bodies import BodyError, from_body
from app.sales.rules.gross import GrossPolicy, reserve
from app.sales.rules.payments import Loan
from app.sales.rules.scenarios import Scenario, ScenarioKind, quote
from app.sales.rules.sheet import Sheet
from app.sales.rules.taxes import HUNDRED, ZERO


@dataclass(frozen=True)
class GrossTerms:
    """The policy, the share of the lender's spread that is the store's in percent, and the most points that earn it."""

    policy: GrossPolicy = field(default_factory=GrossPolicy)
    reserve_share: Decimal = ZERO
    highest_spread: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        if not 0 <= self.reserve_share <= HUNDRED:
            raise BodyError("reserve_share", "not_a_share")


def gross_terms(body: Mapping[str, Any] | None, number: int = 0) -> GrossTerms:
    """What version `number` of the policy says; 0 and no body is what holds where a store has said nothing."""
    found = GrossTerms() if body is None else from_body(GrossTerms, body)
    return replace(found, policy=replace(found.policy, version=number))


def reserve_of(sheet: Sheet, scenario: Scenario | None, buy_rate: Decimal | None, terms: GrossTerms) -> Decimal:
    """The store's reserve for the chosen way to pay; nothing without a loan, or where a rate is not known."""
    loans = (ScenarioKind.LOAN, ScenarioKind.BALLOON)
    if scenario is None or scenario.kind not in loans or buy_rate is None or not terms.reserve_share:
        return ZERO
    found = quote(sheet, scenario)
    if found.problem is not None or found.principal is None or scenario.apr is None or scenario.term_months is None:
        return ZERO
    balloon = (scenario.balloon or ZERO) if scenario.kind is ScenarioKind.BALLOON else ZERO
    loan = Loan(found.principal, scenario.apr, scenario.term_months, balloon, scenario.first_payment_days)
    return reserve(loan, buy_rate, terms.reserve_share, sheet.currency, terms.highest_spread)
