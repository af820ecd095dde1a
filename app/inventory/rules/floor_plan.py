"""Floor plan interest, accrued a day at a time from events; and days supply. Domain facts §4.

Rates are percent a year, the basis is the days the contract counts in a year (360 or 365). Interest is exact per day
and rounded half-up once, for the span asked about, so that the sum over days never drifts from the span.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext

from app.core.money import round_amount

ZERO = Decimal(0)
BASES = (360, 365)
_DIGITS = 50


@dataclass(frozen=True)
class Rate:
    """The lender's rate from a day on: prime or SOFR with its margin, percent a year."""

    since: date
    percent: Decimal


@dataclass(frozen=True)
class Movement:
    """A change of the principal that counts from its day on: positive advances, negative curtailments and payoff."""

    on: date
    amount: Decimal


def principal_on(movements: Sequence[Movement], on: date) -> Decimal:
    """What is owed during the day `on`."""
    return sum((movement.amount for movement in movements if movement.on <= on), ZERO)


def interest(
    movements: Sequence[Movement],
    rates: Sequence[Rate],
    *,
    basis: int,
    since: date,
    until: date,
    currency: str,
    free_days: int = 0,
) -> Decimal:
    """Interest of the days from `since` to the day before `until`, half-up to the minor unit.

    Each day bears principal × rate / basis by what holds on that day. The first `free_days` from the first advance
    bear nothing; nor does a day before the first rate.
    """
    if basis not in BASES:
        raise ValueError("The basis is 360 or 365 days a year.")
    begun = min((movement.on for movement in movements if movement.amount > 0), default=until)
    first = max(since, begun + timedelta(days=free_days))
    ordered = sorted(rates, key=lambda rate: rate.since)
    changes = {movement.on for movement in movements} | {rate.since for rate in ordered} | {first}
    days = [day for day in sorted(changes) if first <= day < until]
    with localcontext(prec=_DIGITS):
        owed = ZERO
        for day, after in zip(days, [*days[1:], until], strict=True):
            percent = next((rate.percent for rate in reversed(ordered) if rate.since <= day), ZERO)
            owed += principal_on(movements, day) * percent * (after - day).days
        return round_amount(owed / 100 / basis, currency)


def days_supply(units: int, retailed: int, days: int = 30) -> Decimal | None:
    """How many days `units` available last at the pace of `retailed` in the last `days`; None without a sale."""
    if retailed <= 0 or days <= 0:
        return None
    with localcontext(prec=_DIGITS):
        return Decimal(units) * days / retailed
