"""What is asked when a number is looked for, and the payment's formula turned round; `solving` finds the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from enum import StrEnum

from app.core.money import round_amount
from app.sales.rules.leases import LeaseTax, lease_taxes, residual_value
from app.sales.rules.payments import DIGITS, Loan, exact_principal
from app.sales.rules.scenarios import Problem, Quote, Scenario, ScenarioKind, capital_costs, principal_of, quote
from app.sales.rules.sheet import Sheet, total
from app.sales.rules.taxes import HUNDRED, ZERO


class Unknown(StrEnum):
    """What is looked for."""

    PRICE = "price"
    DOWN = "down"
    TERM = "term"
    # The contract's rate in percent a year; of a lease, the money factor.
    RATE = "rate"
    PAYMENT = "payment"
    ALLOWANCE = "allowance"


class Reason(StrEnum):
    """Why there is no such value."""

    TARGET_TOO_LOW = "target_too_low"
    TARGET_TOO_HIGH = "target_too_high"
    # The payment would not even pay the interest.
    NEVER_REPAID = "never_repaid"
    TERM_TOO_LONG = "term_too_long"
    NO_TRADE = "no_trade"
    # This unknown does not change what is asked for: the term of a cash sale.
    WITHOUT_EFFECT = "without_effect"
    # The scenario itself is not complete: see `problem`.
    SCENARIO = "scenario"


@dataclass(frozen=True)
class Solved:
    """The value that comes nearest, the sheet and scenario with it in place, and their quote."""

    unknown: Unknown
    value: Decimal
    sheet: Sheet
    scenario: Scenario
    quote: Quote

    @property
    def payment(self) -> Decimal:
        """What is truly paid a month, or for cash in all."""
        return paid(self.quote)


@dataclass(frozen=True)
class Unsolvable:
    """There is no such value, and why; `problem` where the scenario is not complete."""

    unknown: Unknown
    reason: Reason
    problem: Problem | None = None


def paid(found: Quote) -> Decimal:
    """What a quote asks of the buyer: its payment a month, or for cash all that is due; zero with a problem."""
    return found.due_at_signing if found.kind is ScenarioKind.CASH else found.payment or ZERO


@dataclass(frozen=True)
class Question:
    """What is asked, and the sheet and scenario with any value in the place of the unknown."""

    sheet: Sheet
    scenario: Scenario
    unknown: Unknown
    target: Decimal
    trade: int

    def put(self, value: Decimal) -> tuple[Sheet, Scenario]:
        """Sheet and scenario with `value` as the unknown."""
        sheet, scenario = self.sheet, self.scenario
        if self.unknown is Unknown.PRICE:
            return replace(sheet, price=value), scenario
        if self.unknown is Unknown.ALLOWANCE:
            trades = list(sheet.trades)
            trades[self.trade] = replace(trades[self.trade], allowance=value)
            return replace(sheet, trades=tuple(trades)), scenario
        if self.unknown is Unknown.DOWN:
            return sheet, replace(scenario, down=value)
        if self.unknown is Unknown.TERM:
            return sheet, replace(scenario, term_months=int(value))
        if scenario.kind is ScenarioKind.LEASE:
            return sheet, replace(scenario, money_factor=value)
        return sheet, replace(scenario, apr=value)

    def current(self) -> Decimal:
        """The price, down payment or allowance as it is now."""
        if self.unknown is Unknown.PRICE:
            return self.sheet.price
        if self.unknown is Unknown.ALLOWANCE:
            return self.sheet.trades[self.trade].allowance
        return self.scenario.down

    def solved(self, value: Decimal) -> Solved:
        """The answer with `value`."""
        sheet, scenario = self.put(value)
        return Solved(self.unknown, value, sheet, scenario, quote(sheet, scenario))

    def problem(self) -> Problem | None:
        """What keeps the scenario from having a payment, the unknown apart."""
        example = {Unknown.TERM: Decimal(12), Unknown.RATE: ZERO}.get(self.unknown)
        sheet, scenario = (self.sheet, self.scenario) if example is None else self.put(example)
        found = quote(sheet, scenario).problem
        # An amount that is looked for may be what makes the rest possible.
        movable: tuple[Problem, ...] = (Problem.NOTHING_TO_FINANCE, Problem.TOO_SMALL)
        if self.unknown in (Unknown.PRICE, Unknown.DOWN, Unknown.ALLOWANCE):
            # A balloon or residual above what is financed now need not be above what will be.
            given = scenario.balloon is not None and scenario.balloon >= 0
            movable += (Problem.BALLOON,) if given else ()
            movable += (Problem.RESIDUAL,) if (scenario.residual_percent or -1) >= 0 else ()
            return None if found in movable else found
        return found


def financed(sheet: Sheet, scenario: Scenario) -> Decimal:
    """What payments are computed from: what is due, a loan's principal, or a lease's adjusted capitalised cost."""
    totals = total(sheet)
    if scenario.kind is ScenarioKind.CASH:
        return totals.due
    if scenario.kind is ScenarioKind.LEASE:
        gross, reduction = capital_costs(sheet, scenario, totals)
        return gross - reduction
    return principal_of(scenario, totals)


def needed(ask: Question) -> Decimal:
    """What may be financed at the target, before rounding."""
    scenario = ask.scenario
    if scenario.kind is ScenarioKind.CASH:
        return ask.target
    term = scenario.term_months or 1
    if scenario.kind is ScenarioKind.LEASE:
        factor = scenario.money_factor or ZERO
        residual = residual_of(ask)
        with localcontext(prec=DIGITS):
            # base = (A − R)/n + (A + R)·MF, turned round.
            base = base_payment(ask)
            return (base + residual / term - residual * factor) / (Decimal(1) / term + factor)
    balloon = round_amount(scenario.balloon or ZERO, ask.sheet.currency)
    if scenario.kind is not ScenarioKind.BALLOON:
        balloon = ZERO
    loan = Loan(ZERO, scenario.apr or ZERO, term, balloon, scenario.first_payment_days)
    return exact_principal(ask.target, loan)


def residual_of(ask: Question) -> Decimal:
    scenario = ask.scenario
    percent = scenario.residual_percent or ZERO
    return residual_value(scenario.msrp or ZERO, percent, scenario.mileage_adjustment, ask.sheet.currency)


def base_payment(ask: Question) -> Decimal:
    """The base payment of a lease that comes to the target with the tax on it."""
    if ask.scenario.tax_on is not LeaseTax.PAYMENT:
        return ask.target
    rates = sum((line.rate for line in lease_taxes(ask.sheet.tax, ask.target, ask.sheet.currency)), ZERO)
    return ask.target / (1 + rates / HUNDRED)
