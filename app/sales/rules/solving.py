"""From the payment somebody wants to the number that gives it: price, down payment, term, rate or trade-in allowance.

Everything but the rate is the payment's formula turned round; where taxes step in (price, allowance) what is due
follows them in a few corrections of the same formula. The rate is found by bisection. Whatever is found is quoted
again, and the value nearest to the target is answered: `payment` of the answer says what it truly comes to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal, localcontext

from app.core.money import minor_digits, round_amount
from app.sales.rules.payments import (
    DIGITS,
    HIGHEST_RATE,
    LONGEST_TERM,
    PER_PERIOD,
    Loan,
    first_factor,
    level_payment,
)
from app.sales.rules.questions import (
    Question,
    Reason,
    Solved,
    Unknown,
    Unsolvable,
    base_payment,
    financed,
    needed,
    paid,
    residual_of,
)
from app.sales.rules.scenarios import HIGHEST_FACTOR, Scenario, ScenarioKind, loan_of, quote
from app.sales.rules.sheet import Sheet, Totals, total
from app.sales.rules.taxes import HUNDRED, ZERO

__all__ = ["Reason", "Solved", "Unknown", "Unsolvable", "solve"]

HIGHEST_AMOUNT = Decimal(10) ** 12
# Corrections at most while an amount is followed, and how many cents beside it are looked at.
_STEPS = 60
_NEAR = 3


def solve(
    sheet: Sheet, scenario: Scenario, unknown: Unknown, target: Decimal | None = None, trade: int = 0
) -> Solved | Unsolvable:
    """The `unknown` at which `scenario` asks for `target` (a payment a month; of cash, all that is due).

    `trade` is the number of the trade-in whose allowance is looked for. PAYMENT needs no target: it is the quote.
    """
    if unknown is Unknown.PAYMENT or target is None:
        found = quote(sheet, scenario)
        if found.problem:
            return Unsolvable(unknown, Reason.SCENARIO, found.problem)
        return Solved(unknown, paid(found), sheet, scenario, found)
    target = round_amount(target, sheet.currency)
    if target <= 0 and scenario.kind is not ScenarioKind.CASH:
        return Unsolvable(unknown, Reason.TARGET_TOO_LOW)
    if scenario.kind is ScenarioKind.CASH and unknown in (Unknown.DOWN, Unknown.TERM, Unknown.RATE):
        return Unsolvable(unknown, Reason.WITHOUT_EFFECT)
    if unknown is Unknown.ALLOWANCE and not 0 <= trade < len(sheet.trades):
        return Unsolvable(unknown, Reason.NO_TRADE)
    ask = Question(sheet, scenario, unknown, target, trade)
    problem = ask.problem()
    if problem:
        return Unsolvable(unknown, Reason.SCENARIO, problem)
    if unknown is Unknown.RATE:
        return _rate(ask)
    if unknown is Unknown.TERM:
        return _term(ask)
    return _amount(ask)


def _amount(ask: Question) -> Solved | Unsolvable:
    """A price, a down payment or an allowance: the present one where it does, else what the target lets be financed."""
    cent = Decimal(1).scaleb(-minor_digits(ask.sheet.currency))
    kept = ask.solved(ask.current())
    if kept.payment == ask.target and not kept.quote.problem:
        return kept
    wanted = needed(ask)
    rising = ask.unknown is Unknown.PRICE
    steepest = ZERO if ask.sheet.tax is None or ask.unknown is Unknown.DOWN else ask.sheet.tax.steepest
    slope = (1 + steepest / HUNDRED) * (1 if rising else -1)
    value = ZERO
    # What is financed moves by 1 to `slope` a unit, so each step takes away all but a small share of what is missing.
    for _ in range(_STEPS):
        sheet, scenario = ask.put(value)
        step = round_amount((wanted - financed(sheet, scenario)) / slope, ask.sheet.currency)
        if not step:
            break
        value += step
    lowest = ask.sheet.discount if rising else ZERO
    beside = [value + cent * near for near in range(-_NEAR, _NEAR + 1)]
    found = min(
        (ask.solved(one) for one in beside if one >= lowest),
        key=lambda one: (one.quote.problem is not None, abs(one.payment - ask.target), abs(one.value - value)),
        default=None,
    )
    if found is None:
        return Unsolvable(ask.unknown, Reason.TARGET_TOO_LOW if rising else Reason.TARGET_TOO_HIGH)
    if found.quote.problem or value > HIGHEST_AMOUNT:
        return Unsolvable(ask.unknown, Reason.TARGET_TOO_HIGH if value > HIGHEST_AMOUNT else Reason.TARGET_TOO_LOW)
    return found


def _term(ask: Question) -> Solved | Unsolvable:
    """The shortest term whose payment is at most the target."""
    scenario = ask.scenario
    lease = scenario.kind is ScenarioKind.LEASE
    with localcontext(prec=DIGITS):
        lent = financed(ask.sheet, scenario)
        if lease:
            residual = residual_of(ask)
            left = base_payment(ask) - (lent + residual) * (scenario.money_factor or ZERO)
            months = (lent - residual) / left if left > 0 else None
        else:
            months = _months(ask, lent)
    if months is None:
        return Unsolvable(ask.unknown, Reason.NEVER_REPAID)
    guess = max(int(months.to_integral_value(ROUND_CEILING)), 1)
    # Rounding may let one month less do, or ask for one more.
    for term in range(max(guess - 1, 1), min(guess + 2, LONGEST_TERM) + 1):
        found = ask.solved(Decimal(term))
        if found.quote.problem is None and found.payment <= ask.target:
            return found
    return Unsolvable(ask.unknown, Reason.TERM_TOO_LONG)


def _months(ask: Question, principal: Decimal) -> Decimal | None:
    """How many level payments of the target repay `principal`: v^n = (p/i − L) / (p/i − balloon), v = 1/(1 + i)."""
    rate = ask.scenario.apr or ZERO
    balloon = (ask.scenario.balloon or ZERO) if ask.scenario.kind is ScenarioKind.BALLOON else ZERO
    if not rate:
        return (principal - balloon) / ask.target
    i = rate / PER_PERIOD
    lent = principal * first_factor(rate, ask.scenario.first_payment_days)
    over, under = ask.target / i - lent, ask.target / i - balloon
    if over <= 0 or under <= 0:
        return None
    return -(over / under).ln() / (1 + i).ln()


def _rate(ask: Question) -> Solved | Unsolvable:
    """The shortest rate (to 0.000001 percent; of a lease, money factor to 0.00000001) that comes nearest to the target.

    The payment rises with the rate, which each step of the bisection asserts.
    """
    lease = ask.scenario.kind is ScenarioKind.LEASE
    digits = 8 if lease else 6
    unit = Decimal(1).scaleb(-digits)

    loan = None if lease else loan_of(*_with_totals(ask))

    def payment(steps: int) -> Decimal:
        if isinstance(loan, Loan):
            return level_payment(replace(loan, rate=steps * unit), ask.sheet.currency)
        return ask.solved(steps * unit).payment

    low, high = 0, int((HIGHEST_FACTOR if lease else HIGHEST_RATE) / unit)
    if ask.target < payment(low):
        return Unsolvable(ask.unknown, Reason.TARGET_TOO_LOW)
    if ask.target > payment(high):
        return Unsolvable(ask.unknown, Reason.TARGET_TOO_HIGH)
    first = _first(payment, low, high, ask.target)
    reached = payment(first)
    if reached > ask.target and first > low:
        below = payment(first - 1)
        if ask.target - below <= reached - ask.target:
            first, reached = _first(payment, low, first - 1, below), below
    # All rates that give this payment lie beside one another: the one with the fewest digits is what was meant.
    last = _first(payment, first, high, reached + Decimal(1).scaleb(-minor_digits(ask.sheet.currency)))
    last = last if payment(last) == reached else last - 1
    for place in range(digits, -1, -1):
        size = 10**place
        rounded = -(-first // size) * size
        if rounded <= last:
            found = ask.solved((rounded * unit).quantize(Decimal(1).scaleb(place - digits)))
            problem = found.quote.problem
            return Unsolvable(ask.unknown, Reason.SCENARIO, problem) if problem else found
    raise AssertionError("Every number of steps is a multiple of one.")


def _with_totals(ask: Question) -> tuple[Scenario, Totals]:
    sheet, scenario = ask.put(ZERO)
    return scenario, total(sheet)


def _first(payment: Callable[[int], Decimal], low: int, high: int, target: Decimal) -> int:
    """The least number of steps up to `high` whose payment is at least `target`; `high` where none is."""
    floor, ceiling = payment(low), payment(high)
    while low < high:
        middle = (low + high) // 2
        found = payment(middle)
        if not floor <= found <= ceiling:
            raise AssertionError("A payment must not fall while the rate rises.")
        if found >= target:
            high, ceiling = middle, found
        else:
            low, floor = middle + 1, found
    return low
