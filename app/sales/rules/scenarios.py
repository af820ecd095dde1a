"""The ways to pay for a worksheet, side by side: cash, loan, balloon and lease, or why a way is not possible.

A quote never raises for what people type: `problem` names what is missing or impossible, and figures stay None.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.core.money import round_amount
from app.sales.rules.leases import (
    LeaseTax,
    equivalent_rate,
    lease_figures,
    lease_taxes,
    residual_value,
)
from app.sales.rules.payments import (
    HIGHEST_RATE,
    LONGEST_TERM,
    PERIOD_DAYS,
    Instalment,
    Loan,
    actuarial_rate,
    level_payment,
    schedule,
)
from app.sales.rules.sheet import LineKind, Sheet, Totals, is_taxed, total
from app.sales.rules.taxes import ZERO, TaxLine, TaxPlace

LONGEST_FIRST_PERIOD = 120
HIGHEST_FACTOR = Decimal(1)


class ScenarioKind(StrEnum):
    """A way to pay."""

    CASH = "cash"
    LOAN = "loan"
    # A loan whose last instalment carries a large rest: PCP with its guaranteed future value, 尾款.
    BALLOON = "balloon"
    LEASE = "lease"


class Problem(StrEnum):
    """Why a quote has no payment."""

    TERM = "term"  # missing, or not 1..600 months
    RATE = "rate"  # missing, below zero or above 1000 %
    FIRST_PAYMENT = "first_payment"  # not within 1..120 days
    BALLOON = "balloon"  # missing, below zero, or more than is financed
    MSRP = "msrp"  # missing or not above zero
    RESIDUAL = "residual"  # missing or below zero
    MONEY_FACTOR = "money_factor"  # missing, below zero or above 1
    NOTHING_TO_FINANCE = "nothing_to_finance"  # down payment and trade-in cover it all
    TOO_SMALL = "too_small"  # so little that rounding would repay it before its term


@dataclass(frozen=True)
class Scenario:
    """One way to pay, as typed. Which fields count depends on `kind`; the others are kept and ignored."""

    kind: ScenarioKind
    # Cash at signing, beside a deposit already paid.
    down: Decimal = ZERO
    term_months: int | None = None
    # The contract's rate, nominal percent a year.
    apr: Decimal | None = None
    balloon: Decimal | None = None
    # Prepaid finance charge (an origination fee): part of the principal, or paid at signing.
    finance_charge: Decimal = ZERO
    charge_financed: bool = True
    first_payment_days: int = PERIOD_DAYS
    msrp: Decimal | None = None
    # Percent of MSRP, and points to add to it for the mileage band.
    residual_percent: Decimal | None = None
    mileage_adjustment: Decimal = ZERO
    money_factor: Decimal | None = None
    tax_on: LeaseTax = LeaseTax.PAYMENT
    acquisition_fee: Decimal = ZERO
    acquisition_capitalised: bool = True
    security_deposit: Decimal = ZERO


@dataclass(frozen=True)
class Quote:
    """What a way to pay comes to; None where a figure has no meaning for its kind, or with a `problem`."""

    kind: ScenarioKind
    currency: str
    # Money at signing, the deposit already paid not counted again.
    due_at_signing: Decimal
    problem: Problem | None = None
    # Loans. The principal of the contract, and the amount financed of Regulation Z: less prepaid finance charges.
    principal: Decimal | None = None
    amount_financed: Decimal | None = None
    interest: Decimal | None = None
    # interest + prepaid finance charge
    finance_charge: Decimal | None = None
    # The actuarial rate on the amount financed, percent a year.
    apr: Decimal | None = None
    balloon: Decimal | None = None
    # What is paid each month, tax on it included, how often, and the last (a loan's absorbs rounding and any balloon).
    payment: Decimal | None = None
    payments: int = 0
    last_payment: Decimal | None = None
    total_of_payments: Decimal | None = None
    # Leases.
    gross_cap: Decimal | None = None
    cap_reduction: Decimal | None = None
    adjusted_cap: Decimal | None = None
    residual: Decimal | None = None
    depreciation: Decimal | None = None
    rent_charge: Decimal | None = None
    base_payment: Decimal | None = None
    payment_taxes: tuple[TaxLine, ...] = ()
    upfront_taxes: tuple[TaxLine, ...] = ()
    # Money factor × 2400, roughly percent a year.
    equivalent_rate: Decimal | None = None


def quote(sheet: Sheet, scenario: Scenario, totals: Totals | None = None) -> Quote:
    """What `scenario` comes to for `sheet`; `totals` where `total(sheet)` is at hand already."""
    totals = totals or total(sheet)
    if scenario.kind is ScenarioKind.CASH:
        return Quote(scenario.kind, sheet.currency, totals.due)
    if scenario.kind is ScenarioKind.LEASE:
        return _lease(sheet, scenario, totals)
    return _loan(scenario, totals)


def loan_of(scenario: Scenario, totals: Totals) -> Loan | Problem:
    """The loan that a loan or balloon scenario asks for, or what keeps it from being one."""
    if scenario.term_months is None or not 1 <= scenario.term_months <= LONGEST_TERM:
        return Problem.TERM
    if scenario.apr is None or not 0 <= scenario.apr <= HIGHEST_RATE:
        return Problem.RATE
    if not 1 <= scenario.first_payment_days <= LONGEST_FIRST_PERIOD:
        return Problem.FIRST_PAYMENT
    principal = principal_of(scenario, totals)
    balloon = ZERO
    if scenario.kind is ScenarioKind.BALLOON:
        if scenario.balloon is None or scenario.balloon < 0:
            return Problem.BALLOON
        balloon = round_amount(scenario.balloon, totals.currency)
    if principal <= 0:
        return Problem.NOTHING_TO_FINANCE
    if balloon > principal:
        return Problem.BALLOON
    return Loan(principal, scenario.apr, scenario.term_months, balloon, scenario.first_payment_days)


def principal_of(scenario: Scenario, totals: Totals) -> Decimal:
    """What a loan has to cover: what is due, less what is paid at signing, and a finance charge that is financed."""
    charge = round_amount(scenario.finance_charge, totals.currency) if scenario.charge_financed else ZERO
    return totals.due - totals.upfront - round_amount(scenario.down, totals.currency) + charge


def loan_schedule(sheet: Sheet, scenario: Scenario, totals: Totals | None = None) -> tuple[Instalment, ...]:
    """Every instalment of a loan or balloon scenario; none where it is not a loan, or not possible."""
    if scenario.kind not in (ScenarioKind.LOAN, ScenarioKind.BALLOON):
        return ()
    loan = loan_of(scenario, totals or total(sheet))
    return () if isinstance(loan, Problem) else schedule(loan, sheet.currency)


def _loan(scenario: Scenario, totals: Totals) -> Quote:
    currency = totals.currency
    charge = round_amount(scenario.finance_charge, currency)
    signing = totals.upfront + round_amount(scenario.down, currency) + (ZERO if scenario.charge_financed else charge)
    principal = principal_of(scenario, totals)
    loan = loan_of(scenario, totals)
    if isinstance(loan, Problem):
        return Quote(scenario.kind, currency, signing, loan, principal, principal - charge)
    instalments = schedule(loan, currency)
    last = instalments[-1].payment
    level = level_payment(loan, currency)
    if last <= 0 or level < 0 or not (level or loan.balloon):
        return Quote(scenario.kind, currency, signing, Problem.TOO_SMALL, principal, principal - charge)
    paid = tuple(instalment.payment for instalment in instalments)
    interest = sum((instalment.interest for instalment in instalments), ZERO)
    odd = loan.first_days != PERIOD_DAYS
    return Quote(
        scenario.kind,
        currency,
        signing,
        principal=principal,
        amount_financed=principal - charge,
        interest=interest,
        finance_charge=interest + charge,
        apr=actuarial_rate(principal - charge, paid, loan.first_days) if charge or odd else loan.rate,
        balloon=loan.balloon if scenario.kind is ScenarioKind.BALLOON else None,
        payment=level,
        payments=loan.term,
        last_payment=last,
        total_of_payments=sum(paid, ZERO),
    )


def _lease_problem(scenario: Scenario) -> Problem | None:
    if scenario.term_months is None or not 1 <= scenario.term_months <= LONGEST_TERM:
        return Problem.TERM
    if scenario.msrp is None or scenario.msrp <= 0:
        return Problem.MSRP
    if scenario.residual_percent is None or scenario.residual_percent + scenario.mileage_adjustment < 0:
        return Problem.RESIDUAL
    if scenario.money_factor is None or not 0 <= scenario.money_factor <= HIGHEST_FACTOR:
        return Problem.MONEY_FACTOR
    return None


def capital_costs(sheet: Sheet, scenario: Scenario, totals: Totals) -> tuple[Decimal, Decimal]:
    """A lease's gross capitalised cost, and what lowers it: cash, rebates and equity."""

    def cents(amount: Decimal) -> Decimal:
        return round_amount(amount, sheet.currency)

    beside = totals.accessories + totals.fees + totals.products - totals.upfront
    acquisition = cents(scenario.acquisition_fee) if scenario.acquisition_capitalised else ZERO
    gross = totals.selling_price + beside + acquisition + totals.negative_equity
    return gross, cents(scenario.down) + totals.deposit + totals.rebates_applied + max(totals.net_trade, ZERO)


def _lease(sheet: Sheet, scenario: Scenario, totals: Totals) -> Quote:
    currency = sheet.currency

    def cents(amount: Decimal) -> Decimal:
        return round_amount(amount, currency)

    gross, reduction = capital_costs(sheet, scenario, totals)
    adjusted = gross - reduction
    uncapped = ZERO if scenario.acquisition_capitalised else cents(scenario.acquisition_fee)
    signing = cents(scenario.down) + totals.upfront + uncapped + cents(scenario.security_deposit)
    problem = _lease_problem(scenario) or (Problem.NOTHING_TO_FINANCE if adjusted <= 0 else None)
    if problem or not (scenario.term_months and scenario.msrp) or scenario.money_factor is None:
        return Quote(scenario.kind, currency, signing, problem, gross_cap=gross, cap_reduction=reduction)
    percent = scenario.residual_percent or ZERO
    residual = residual_value(scenario.msrp, percent, scenario.mileage_adjustment, currency)
    months = scenario.term_months
    figures = lease_figures(adjusted, residual, months, scenario.money_factor, currency)
    if figures.base_payment <= 0:
        problem = Problem.RESIDUAL if adjusted < residual else Problem.TOO_SMALL
        return Quote(scenario.kind, currency, signing, problem, gross_cap=gross, cap_reduction=reduction)
    on_payment = scenario.tax_on is LeaseTax.PAYMENT
    monthly = lease_taxes(sheet.tax, figures.base_payment, currency) if on_payment else ()
    payment = figures.base_payment + sum((line.amount for line in monthly), ZERO)
    upfront = _upfront_taxes(sheet, scenario, totals, figures.base_payment)
    return Quote(
        scenario.kind,
        currency,
        signing + payment + sum((line.amount for line in upfront if line.place is TaxPlace.ADDED), ZERO),
        payment=payment,
        payments=months,
        last_payment=payment,
        total_of_payments=payment * months,
        gross_cap=gross,
        cap_reduction=reduction,
        adjusted_cap=adjusted,
        residual=residual,
        depreciation=figures.depreciation,
        rent_charge=figures.rent_charge,
        base_payment=figures.base_payment,
        payment_taxes=monthly,
        upfront_taxes=upfront,
        equivalent_rate=equivalent_rate(scenario.money_factor),
    )


def _upfront_taxes(sheet: Sheet, scenario: Scenario, totals: Totals, base: Decimal) -> tuple[TaxLine, ...]:
    """The taxes of a lease at signing: by the state's way, and those on what is paid then and taxed."""
    if scenario.tax_on is LeaseTax.PRICE or not lease_taxes(sheet.tax, base, sheet.currency):
        return tuple(line for line in totals.taxes if line.place is TaxPlace.ADDED)
    fees = [line for line in sheet.lines if line.kind is not LineKind.REBATE and not line.capitalised]
    taxed = sum((round_amount(line.amount, sheet.currency) for line in fees if is_taxed(line, sheet.tax)), ZERO)
    if scenario.tax_on is LeaseTax.TOTAL and scenario.term_months:
        taxed += base * scenario.term_months
    return lease_taxes(sheet.tax, taxed, sheet.currency)
