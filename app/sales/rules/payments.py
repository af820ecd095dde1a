"""Loans to the cent: the level payment, the schedule by simple interest, and the actuarial rate of a loan with charges.

Rates are nominal percent a year (`Decimal("6")` is 6 %), a period is a month of 30 days and a rate of year/12, as US
retail instalment contracts and Regulation Z count. A first period of other length bears interest in proportion of its
days to 30 (odd days). Formula: pmt = L·i / (1 − (1+i)^−n), domain facts §5.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext

from app.core.money import round_amount

ZERO = Decimal(0)
PERIOD_DAYS = 30
LONGEST_TERM = 600
HIGHEST_RATE = Decimal(1000)
# Digits carried while powers are taken: far more than any rounding to the cent can see.
DIGITS = 50
PER_PERIOD = Decimal(1200)


@dataclass(frozen=True)
class Loan:
    """What is lent: `principal` at `rate` percent a year over `term` monthly instalments, the last with `balloon`."""

    principal: Decimal
    rate: Decimal
    term: int
    balloon: Decimal = ZERO
    # Days from signing to the first instalment; more than 30 are odd days.
    first_days: int = PERIOD_DAYS


@dataclass(frozen=True)
class Instalment:
    """One payment of a schedule: `payment = interest + principal`, `balance` is what is owed after it."""

    number: int
    payment: Decimal
    interest: Decimal
    principal: Decimal
    balance: Decimal


def first_factor(rate: Decimal, first_days: int) -> Decimal:
    """(1 + i·d/30) / (1 + i): a principal times this is an ordinary loan as costly as the one with odd days.

    1 where the first period has 30 days, above it where the first instalment waits longer.
    """
    with localcontext(prec=DIGITS):
        i = rate / PER_PERIOD
        return (1 + i * first_days / PERIOD_DAYS) / (1 + i)


def exact_payment(loan: Loan) -> Decimal:
    """The level payment before rounding, at which the loan ends with its balloon."""
    with localcontext(prec=DIGITS):
        if not loan.rate:
            return (loan.principal - loan.balloon) / loan.term
        i = loan.rate / PER_PERIOD
        shrunk = (1 + i) ** -loan.term
        lent = loan.principal * first_factor(loan.rate, loan.first_days)
        return (lent - loan.balloon * shrunk) * i / (1 - shrunk)


def exact_principal(payment: Decimal, loan: Loan) -> Decimal:
    """The principal that `payment` repays on the terms of `loan`, before rounding; `loan.principal` is not read."""
    with localcontext(prec=DIGITS):
        if not loan.rate:
            return payment * loan.term + loan.balloon
        i = loan.rate / PER_PERIOD
        shrunk = (1 + i) ** -loan.term
        lent = payment * (1 - shrunk) / i + loan.balloon * shrunk
        return lent / first_factor(loan.rate, loan.first_days)


def level_payment(loan: Loan, currency: str) -> Decimal:
    """The instalment to pay, half-up to the minor unit; the last one absorbs what rounding leaves."""
    return round_amount(exact_payment(loan), currency)


def schedule(loan: Loan, currency: str) -> tuple[Instalment, ...]:
    """Every instalment to the minor unit: interest of a period is rounded half-up, the last pays all that is left.

    The last holds the balloon too. Where amounts are so small that rounding would repay a loan early, the last may
    not be positive: `scenarios.quote` refuses those.
    """
    level = level_payment(loan, currency)
    balance = loan.principal
    found = []
    with localcontext(prec=DIGITS):
        for number in range(1, loan.term + 1):
            days = loan.first_days if number == 1 else PERIOD_DAYS
            # Divided last: a rate of 7.1 % has no finite monthly rate, and half a cent must stay half a cent.
            interest = round_amount(balance * loan.rate * days / (PER_PERIOD * PERIOD_DAYS), currency)
            payment = balance + interest if number == loan.term else level
            balance = balance + interest - payment
            found.append(Instalment(number, payment, interest, payment - interest, balance))
    return tuple(found)


def actuarial_rate(advanced: Decimal, payments: tuple[Decimal, ...], first_days: int = PERIOD_DAYS) -> Decimal | None:
    """The annual percentage rate: the rate at which `payments` are worth `advanced`, to 0.0001 percent, half-up.

    Regulation Z, appendix J, with monthly unit periods: payment j lies (j − 1) periods after the first, which lies t
    whole periods and a fraction f of one (days / 30) after the advance; advanced = Σ p_j / ((1 + f·i)(1 + i)^(t+j−1)).
    Bisection: what payments are worth falls strictly as the rate rises. None where no rate from 0 to 1000 does it.
    """
    if advanced <= 0 or not payments or sum(payments, ZERO) < advanced:
        return None
    whole, odd = divmod(first_days, PERIOD_DAYS)
    with localcontext(prec=DIGITS):
        fraction = Decimal(odd) / PERIOD_DAYS

        def worth(rate: Decimal) -> Decimal:
            i = rate / PER_PERIOD
            shrink = 1 / (1 + i)
            value = ZERO
            for payment in reversed(payments):
                value = value * shrink + payment
            return value * shrink**whole / (1 + fraction * i)

        low, high = ZERO, HIGHEST_RATE
        if worth(high) > advanced:
            return None
        while high - low > Decimal("0.0000001"):
            middle = (low + high) / 2
            low, high = (middle, high) if worth(middle) > advanced else (low, middle)
        return ((low + high) / 2).quantize(Decimal("0.0001"), rounding="ROUND_HALF_UP")
