"""Floor plan interest by the day, and days supply."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.inventory.rules.floor_plan import Movement, Rate, days_supply, interest

START = date(2026, 1, 1)
ADVANCE = Movement(START, Decimal(20_000))
SIX = Rate(START, Decimal(6))


def days(count: int) -> date:
    return START + timedelta(days=count)


@pytest.mark.parametrize(("basis", "owed"), [(365, "98.63"), (360, "100.00")])
def test_thirty_days(basis, owed):
    found = interest([ADVANCE], [SIX], basis=basis, since=START, until=days(30), currency="USD")
    assert found == Decimal(owed)


def test_a_curtailment_lowers_the_principal_from_its_day():
    movements = [ADVANCE, Movement(days(60), Decimal(-2_000))]
    assert interest(movements, [SIX], basis=365, since=START, until=days(90), currency="USD") == Decimal("286.03")


def test_free_days_and_days_before_a_rate_bear_nothing():
    late = [Rate(days(10), Decimal(6))]
    free = interest([ADVANCE], [SIX], basis=360, since=START, until=days(30), currency="USD", free_days=10)
    assert free == interest([ADVANCE], late, basis=360, since=START, until=days(30), currency="USD") == Decimal("66.67")


def test_a_rate_that_steps():
    rates = [Rate(days(15), Decimal(9)), SIX]
    assert interest([ADVANCE], rates, basis=360, since=START, until=days(30), currency="USD") == Decimal("125.00")


def test_nothing_after_payoff_and_another_year_is_refused():
    movements = [ADVANCE, Movement(days(30), Decimal(-20_000))]
    assert interest(movements, [SIX], basis=360, since=START, until=days(90), currency="USD") == Decimal("100.00")
    with pytest.raises(ValueError):
        interest(movements, [SIX], basis=364, since=START, until=days(90), currency="USD")


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(-2_000, 5_000)), max_size=6), st.integers(1, 90))
def test_the_sum_of_days_is_the_span(changes, count):
    movements = [ADVANCE, *(Movement(days(day), Decimal(amount)) for day, amount in changes)]

    def of(since: date, until: date) -> Decimal:
        # A currency of three digits and a basis that divides evenly keep every day exact.
        return interest(movements, [Rate(START, Decimal(36))], basis=360, since=since, until=until, currency="KWD")

    assert sum(of(days(day), days(day + 1)) for day in range(count)) == of(START, days(count))


@pytest.mark.parametrize(("units", "sold", "supply"), [(60, 45, 40), (100, 25, 120), (5, 0, None)])
def test_days_supply(units, sold, supply):
    assert days_supply(units, sold) == supply
