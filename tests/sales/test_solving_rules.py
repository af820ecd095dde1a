"""Looking for a number from a payment: what is found, quoted again, gives that payment to the cent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.sales.rules.scenarios import Problem, Scenario, ScenarioKind, quote
from app.sales.rules.sheet import Line, LineKind, Sheet, Trade
from app.sales.rules.solving import Reason, Solved, Unknown, Unsolvable, solve
from app.sales.rules.tax_examples import CN_NEW, UK_VAT, US_CREDIT, US_NO_CREDIT


def D(text: str) -> Decimal:
    return Decimal(text)


SHEET = Sheet("USD", D("32000"), lines=(Line(LineKind.FEE, "Doc", D("499"), taxed=True),),
              trades=(Trade(D("12000"), D("9000")),), tax=US_CREDIT)  # fmt: skip
LOAN = Scenario(ScenarioKind.LOAN, down=D("2000"), term_months=72, apr=D("6.9"))
BALLOON = replace(LOAN, kind=ScenarioKind.BALLOON, term_months=36, balloon=D("9000"), first_payment_days=45)
LEASE = Scenario(
    ScenarioKind.LEASE, D("1000"), 36, msrp=D("34000"), residual_percent=D("50"), money_factor=D("0.00125")
)
CASH = Scenario(ScenarioKind.CASH)
AMOUNTS = (Unknown.PRICE, Unknown.DOWN, Unknown.ALLOWANCE)


def found(sheet, scenario, unknown, target) -> Solved:
    answer = solve(sheet, scenario, unknown, target)
    assert isinstance(answer, Solved), answer
    assert answer.quote == quote(answer.sheet, answer.scenario)
    return answer


@pytest.mark.parametrize("scenario", [LOAN, BALLOON, LEASE], ids=lambda one: one.kind.value)
@pytest.mark.parametrize("unknown", [*AMOUNTS, Unknown.TERM, Unknown.RATE])
def test_the_present_payment_finds_the_present_number(scenario, unknown):
    now = {
        Unknown.PRICE: SHEET.price,
        Unknown.DOWN: scenario.down,
        Unknown.ALLOWANCE: D("12000"),
        Unknown.TERM: scenario.term_months,
        Unknown.RATE: scenario.money_factor if scenario is LEASE else scenario.apr,
    }
    payment = quote(SHEET, scenario).payment
    answer = found(SHEET, scenario, unknown, payment)
    assert (answer.value, answer.payment) == (now[unknown], payment)


@given(
    st.decimals(min_value=150, max_value=1500, places=2),
    st.sampled_from([LOAN, BALLOON]),
    st.sampled_from(AMOUNTS),
    st.sampled_from([None, US_CREDIT, US_NO_CREDIT, CN_NEW, UK_VAT, replace(US_CREDIT, trade_credit_cap=D("5000"))]),
)
def test_an_amount_gives_the_payment_to_the_cent(target, scenario, unknown, rule):
    answer = solve(replace(SHEET, tax=rule), scenario, unknown, target)
    # A down payment or allowance cannot raise the payment above what it is without any.
    assume(isinstance(answer, Solved))
    assert answer.payment == target
    assert answer.value >= 0


@given(st.decimals(min_value=250, max_value=1500, places=2), st.sampled_from([None, US_NO_CREDIT, CN_NEW]))
def test_a_lease_comes_within_a_cent(target, rule):
    # With tax on each payment not every amount is one: 7 % of a cent more skips a cent now and then.
    answer = found(replace(SHEET, tax=rule), LEASE, Unknown.PRICE, target)
    assert abs(answer.payment - target) <= (D("0.01") if rule is US_NO_CREDIT else 0)


@given(st.decimals(min_value=0, max_value=40, places=2), st.integers(6, 96), st.sampled_from([LOAN, BALLOON]))
def test_a_rate_is_found_again_as_it_was_said(rate, term, scenario):
    said = replace(scenario, apr=rate, term_months=term)
    assert found(SHEET, said, Unknown.RATE, quote(SHEET, said).payment).value == rate


@given(st.decimals(min_value=330, max_value=3000, places=2))
def test_the_term_is_the_shortest_that_the_payment_allows(target):
    answer = found(SHEET, LOAN, Unknown.TERM, target)
    assert answer.payment <= target
    shorter = quote(SHEET, replace(LOAN, term_months=int(answer.value) - 1))
    assert shorter.problem or shorter.payment > target


@given(st.decimals(min_value=300, max_value=1400, places=2), st.decimals(min_value=1, max_value=100, places=2))
def test_a_lower_payment_needs_a_lower_price_and_more_down(target, less):
    assert found(SHEET, LOAN, Unknown.PRICE, target - less).value < found(SHEET, LOAN, Unknown.PRICE, target).value
    small = found(SHEET, LOAN, Unknown.DOWN, D("300") - less)
    assert small.value > found(SHEET, LOAN, Unknown.DOWN, D("300")).value


def test_cash_looks_for_what_is_due():
    assert found(SHEET, CASH, Unknown.PRICE, D("25000")).payment == D("25000")
    assert found(SHEET, CASH, Unknown.ALLOWANCE, D("25000")).payment == D("25000")
    assert found(SHEET, CASH, Unknown.PAYMENT, None).value == quote(SHEET, CASH).due_at_signing


@pytest.mark.parametrize(
    ("scenario", "unknown", "target", "reason"),
    [
        (LOAN, Unknown.RATE, "300", Reason.TARGET_TOO_LOW),
        (LOAN, Unknown.RATE, "99999999", Reason.TARGET_TOO_HIGH),
        (LOAN, Unknown.TERM, "100", Reason.NEVER_REPAID),
        (LOAN, Unknown.DOWN, "9000", Reason.TARGET_TOO_HIGH),
        (LOAN, Unknown.ALLOWANCE, "9000", Reason.TARGET_TOO_HIGH),
        (LOAN, Unknown.PRICE, "0", Reason.TARGET_TOO_LOW),
        (LOAN, Unknown.PRICE, "-5", Reason.TARGET_TOO_LOW),
        (LEASE, Unknown.RATE, "100", Reason.TARGET_TOO_LOW),
        (LEASE, Unknown.TERM, "40", Reason.NEVER_REPAID),
        (CASH, Unknown.PRICE, "-90000", Reason.TARGET_TOO_LOW),
        (CASH, Unknown.TERM, "500", Reason.WITHOUT_EFFECT),
        (CASH, Unknown.RATE, "500", Reason.WITHOUT_EFFECT),
        (CASH, Unknown.DOWN, "500", Reason.WITHOUT_EFFECT),
    ],
)
def test_there_is_not_always_a_value(scenario, unknown, target, reason):
    assert solve(SHEET, scenario, unknown, D(target)) == Unsolvable(unknown, reason)


def test_a_term_beyond_all_is_refused():
    barely = quote(SHEET, replace(LOAN, term_months=600)).payment - D("0.02")
    assert solve(SHEET, LOAN, Unknown.TERM, barely) == Unsolvable(Unknown.TERM, Reason.TERM_TOO_LONG)


def test_an_allowance_needs_a_trade_in():
    bare = replace(SHEET, trades=())
    assert solve(bare, LOAN, Unknown.ALLOWANCE, D("500")) == Unsolvable(Unknown.ALLOWANCE, Reason.NO_TRADE)
    two = replace(SHEET, trades=(Trade(D("4000")), Trade(D("5000"))))
    answer = solve(two, LOAN, Unknown.ALLOWANCE, D("400"), trade=1)
    assert (answer.sheet.trades[0], answer.payment) == (two.trades[0], D("400"))


@pytest.mark.parametrize(
    ("changes", "unknown", "problem"),
    [({"apr": None}, Unknown.PRICE, Problem.RATE), ({"term_months": None}, Unknown.DOWN, Problem.TERM),
     ({"term_months": None}, Unknown.RATE, Problem.TERM), ({"apr": None}, Unknown.PAYMENT, Problem.RATE)],
)  # fmt: skip
def test_what_the_scenario_lacks_is_told(changes, unknown, problem):
    answer = solve(SHEET, replace(LOAN, **changes), unknown, D("500"))
    assert answer == Unsolvable(unknown, Reason.SCENARIO, problem)


def test_what_is_looked_for_need_not_be_there():
    assert found(SHEET, replace(LOAN, term_months=None), Unknown.TERM, D("500")).payment <= 500
    assert found(SHEET, replace(LOAN, apr=None), Unknown.RATE, D("500")).payment == 500
    assert found(replace(SHEET, price=D("0")), LOAN, Unknown.PRICE, D("500")).payment == 500
    # Too much down for any loan is what a down payment is looked for from.
    assert found(SHEET, replace(LOAN, down=D("90000")), Unknown.DOWN, D("300")).payment == 300
