"""Leases: level payments in advance from depreciation and rent charge. Formulas: domain facts §5.7.

The residual is percent of MSRP, never of the price. A money factor × 2400 is roughly a rate in percent a year.
Depreciation and rent charge are each rounded half-up to the minor unit, so that the two shown add up to the payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum

from app.core.money import round_amount
from app.sales.rules.payments import DIGITS
from app.sales.rules.taxes import HUNDRED, ZERO, TaxLine, TaxMethod, TaxRule, sales_lines

FACTOR_TO_PERCENT = Decimal(2400)


class LeaseTax(StrEnum):
    """What a state taxes of a lease. Which state does which changes: it is chosen with the scenario, not in code."""

    # Every payment as it falls due.
    PAYMENT = "payment"
    # All base payments together, at signing.
    TOTAL = "total"
    # The sale price as if the car were sold, at signing.
    PRICE = "price"


@dataclass(frozen=True)
class LeaseFigures:
    """A lease's payment and what it is made of."""

    residual: Decimal
    depreciation: Decimal  # a month
    rent_charge: Decimal  # a month
    base_payment: Decimal  # depreciation + rent charge


def residual_value(msrp: Decimal, percent: Decimal, mileage_adjustment: Decimal, currency: str) -> Decimal:
    """What the car is set to be worth at the end: MSRP × (percent + points for the mileage band), half-up."""
    return round_amount(round_amount(msrp, currency) * (percent + mileage_adjustment) / HUNDRED, currency)


def lease_figures(adjusted: Decimal, residual: Decimal, term: int, factor: Decimal, currency: str) -> LeaseFigures:
    """(adjusted − residual) / n and (adjusted + residual) × money factor, each half-up, and their sum."""
    with localcontext(prec=DIGITS):
        depreciation = round_amount((adjusted - residual) / term, currency)
        rent = round_amount((adjusted + residual) * factor, currency)
    return LeaseFigures(residual, depreciation, rent, depreciation + rent)


def lease_taxes(rule: TaxRule | None, base: Decimal, currency: str) -> tuple[TaxLine, ...]:
    """The taxes on top of `base` (a payment, all payments, or fees at signing); none where prices hold the tax."""
    if rule is None:
        return ()
    on_top = rule.method is TaxMethod.SALES or (rule.method is TaxMethod.VAT and not rule.included)
    return sales_lines(rule, max(base, ZERO), currency) if on_top else ()


def equivalent_rate(factor: Decimal) -> Decimal:
    """The rate in percent a year that a money factor is roughly worth."""
    return factor * FACTOR_TO_PERCENT
