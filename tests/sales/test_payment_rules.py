"""Schedules to the cent, balloons, odd days, the actuarial rate, and leases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sales.rules.leases import LeaseTax
from app.sales.rules.payments import Loan, actuarial_rate, level_payment, schedule
from app.sales.rules.scenarios import Problem, Scenario, ScenarioKind, loan_schedule, quote
from app.sales.rules.sheet import Line, LineKind, Sheet, Trade
from app.sales.rules.tax_examples import CN_NEW, UK_VAT, US_NO_CREDIT


def D(text: str) -> Decimal:
    return Decimal(text)


PRINCIPALS = st.decimals(min_value=1_000, max_value=500_000, places=2)
RATES = st.one_of(st.just(Decimal(0)), st.decimals(min_value=0, max_value=36, places=3))
TERMS = st.integers(1, 96)
DAYS = st.integers(10, 75)


@given(PRINCIPALS, RATES, TERMS, DAYS, st.decimals(min_value=0, max_value=1, places=2))
def test_a_schedule_ends_at_nothing_and_adds_up(principal, rate, term, days, share):
    balloon = (principal * share).quantize(D("0.01"))
    loan = Loan(principal, rate, term, balloon, days)
    found = schedule(loan, "USD")
    level = level_payment(loan, "USD")
    assert len(found) == term
    assert [one.payment for one in found[:-1]] == [level] * (term - 1)
    assert found[-1].balance == 0
    # payment × n + rounding = total: principal and interest, and nothing else.
    interest = sum(one.interest for one in found)
    assert level * (term - 1) + found[-1].payment == principal + interest
    assert all(one.payment == one.interest + one.principal and one.interest >= 0 for one in found)
    # The last absorbs at most what rounding left: half a cent of the payment and of the interest of every month, grown.
    grown = sum((1 + rate / 1200) ** number for number in range(term)) + term
    assert abs(found[-1].payment - level - balloon) <= D("0.01") * grown + D("0.01")


@given(PRINCIPALS, st.decimals(min_value=0, max_value=35, places=2), st.integers(2, 96))
def test_dearer_rates_and_shorter_terms_ask_for_more(principal, rate, term):
    loan = Loan(principal, rate, term)
    assert level_payment(replace(loan, rate=rate + 1), "USD") >= level_payment(loan, "USD")
    assert level_payment(replace(loan, term=term - 1), "USD") >= level_payment(loan, "USD")
    assert level_payment(replace(loan, principal=principal + 10_000), "USD") > level_payment(loan, "USD")
    assert level_payment(replace(loan, first_days=60), "USD") >= level_payment(loan, "USD")


def test_without_interest_the_principal_is_divided():
    found = schedule(Loan(D("10000"), D("0"), 36), "USD")
    assert [one.payment for one in found] == [D("277.78")] * 35 + [D("277.70")]
    assert sum(one.interest for one in found) == 0


def test_odd_days_bear_interest_in_proportion():
    loan = Loan(D("30000"), D("6"), 60, first_days=45)
    found = schedule(loan, "USD")
    assert found[0].interest == D("225.00")
    assert found[0].payment == level_payment(loan, "USD") == D("581.43")


def test_half_a_cent_of_interest_is_rounded_up_whatever_the_rate():
    # 1,200 × 7.1 % / 12 = 7.10 exactly, and 90 × 7 % / 12 = 0.525.
    assert schedule(Loan(D("1200"), D("7.1"), 12), "USD")[0].interest == D("7.10")
    assert schedule(Loan(D("90"), D("7"), 12), "USD")[0].interest == D("0.53")


def test_the_last_instalment_carries_the_balloon():
    loan = Loan(D("30000"), D("6"), 36, balloon=D("12000"))
    found = schedule(loan, "USD")
    # (30,000 − 12,000·v^36)·i / (1 − v^36) = 607.5949.
    assert level_payment(loan, "USD") == D("607.59")
    assert D("12607") < found[-1].payment < D("12608")
    assert found[-1].balance == 0


def test_the_actuarial_rate_is_the_contracts_without_charges():
    paid = tuple(one.payment for one in schedule(Loan(D("30000"), D("6"), 60), "USD"))
    assert actuarial_rate(D("30000"), paid) == D("6.0000")
    assert actuarial_rate(D("29500"), paid) == D("6.7011")


@pytest.mark.parametrize(
    ("advanced", "payment", "count", "first_days", "percent"),
    [("5000", "230", 24, 30, "9.69"), ("6000", "200", 36, 49, "11.82")],
)
def test_the_examples_of_regulation_z(advanced, payment, count, first_days, percent):
    # Appendix J (c)(1): monthly payments with a regular first period, and with one of a month and 19 days.
    found = actuarial_rate(D(advanced), (D(payment),) * count, first_days)
    assert found.quantize(D("0.01"), rounding="ROUND_HALF_UP") == D(percent)


@pytest.mark.parametrize(("advanced", "paid"), [("0", ("1",)), ("100", ()), ("100", ("99",)), ("1", ("999999",))])
def test_there_is_not_always_a_rate(advanced, paid):
    assert actuarial_rate(D(advanced), tuple(D(one) for one in paid)) is None


SHEET = Sheet("USD", D("30000"))
LOAN = Scenario(ScenarioKind.LOAN, term_months=60, apr=D("6"))
LEASE = Scenario(ScenarioKind.LEASE, term_months=36, msrp=D("34000"), residual_percent=D("57"), money_factor=D("0.002"))


def test_a_finance_charge_raises_the_rate_whether_it_is_lent_or_paid():
    lent = quote(SHEET, replace(LOAN, finance_charge=D("500")))
    assert (lent.principal, lent.amount_financed, lent.due_at_signing) == (D("30500"), D("30000"), D("0"))
    assert lent.finance_charge == lent.interest + 500
    paid = quote(SHEET, replace(LOAN, finance_charge=D("500"), charge_financed=False))
    assert (paid.principal, paid.amount_financed, paid.due_at_signing) == (D("30000"), D("29500"), D("500"))
    assert lent.apr > 6
    assert paid.apr == D("6.7011")


def test_what_is_not_financed_is_paid_at_signing():
    lines = (Line(LineKind.FEE, "Plates", D("120"), capitalised=False), Line(LineKind.PRODUCT, "GAP", D("800")))
    found = quote(replace(SHEET, lines=lines, deposit=D("200")), replace(LOAN, down=D("1000")))
    assert (found.principal, found.due_at_signing) == (D("29600"), D("1120"))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"term_months": None}, Problem.TERM), ({"term_months": 601}, Problem.TERM), ({"apr": None}, Problem.RATE),
        ({"apr": D("-1")}, Problem.RATE), ({"first_payment_days": 0}, Problem.FIRST_PAYMENT),
        ({"down": D("30000")}, Problem.NOTHING_TO_FINANCE), ({"down": D("29999.80")}, Problem.TOO_SMALL),
        ({"kind": ScenarioKind.BALLOON}, Problem.BALLOON),
        ({"kind": ScenarioKind.BALLOON, "balloon": D("30001")}, Problem.BALLOON),
    ],
)  # fmt: skip
def test_a_loan_says_why_it_is_not_possible(changes, problem):
    found = quote(SHEET, replace(LOAN, **changes))
    assert (found.problem, found.payment) == (problem, None)
    if problem is not Problem.TOO_SMALL:
        assert loan_schedule(SHEET, replace(LOAN, **changes)) == ()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"term_months": 0}, Problem.TERM), ({"msrp": None}, Problem.MSRP),
        ({"residual_percent": None}, Problem.RESIDUAL),
        ({"money_factor": None}, Problem.MONEY_FACTOR), ({"down": D("30000")}, Problem.NOTHING_TO_FINANCE),
        ({"residual_percent": D("120")}, Problem.RESIDUAL),
    ],
)  # fmt: skip
def test_a_lease_says_why_it_is_not_possible(changes, problem):
    found = quote(SHEET, replace(LEASE, **changes))
    assert (found.problem, found.payment) == (problem, None)


def test_capital_costs_of_a_lease():
    lines = (
        Line(LineKind.FEE, "Plates", D("120"), capitalised=False),
        Line(LineKind.PRODUCT, "GAP", D("800")),
        Line(LineKind.REBATE, "Maker", D("1000")),
    )
    scenario = replace(LEASE, down=D("1500"), acquisition_fee=D("895"), security_deposit=D("400"))
    owing = quote(replace(SHEET, lines=lines, trades=(Trade(D("9000"), D("9700")),)), scenario)
    assert (owing.gross_cap, owing.cap_reduction) == (D("32395"), D("2500"))
    equity = quote(replace(SHEET, lines=lines, trades=(Trade(D("9000"), D("8000")),)), scenario)
    assert (equity.gross_cap, equity.cap_reduction, equity.adjusted_cap) == (D("31695"), D("3500"), D("28195"))
    # First payment, cash, plates and deposit; the acquisition fee is in the cap, the deposit never touches it.
    assert equity.due_at_signing == equity.payment + D("1500") + D("120") + D("400")
    paid = quote(SHEET, replace(scenario, acquisition_capitalised=False))
    assert paid.due_at_signing == paid.payment + D("1500") + D("895") + D("400")


def test_the_residual_follows_the_sticker_and_the_mileage():
    assert quote(SHEET, LEASE).residual == D("19380.00")
    assert quote(replace(SHEET, price=D("28000")), LEASE).residual == D("19380.00")
    assert quote(SHEET, replace(LEASE, mileage_adjustment=D("-2"))).residual == D("18700.00")


def test_three_ways_to_tax_a_lease():
    sheet = replace(SHEET, tax=US_NO_CREDIT)
    plain = quote(SHEET, LEASE)
    each = quote(sheet, LEASE)
    assert each.payment == plain.payment + (plain.payment * D("0.07")).quantize(D("0.01"))
    assert each.due_at_signing == each.payment
    at_once = quote(sheet, replace(LEASE, tax_on=LeaseTax.TOTAL))
    assert (at_once.payment, sum(line.amount for line in at_once.upfront_taxes)) == (
        plain.payment,
        (plain.payment * 36 * D("0.07")).quantize(D("0.01")),
    )
    whole = quote(sheet, replace(LEASE, tax_on=LeaseTax.PRICE))
    assert (whole.payment, whole.due_at_signing) == (plain.payment, plain.payment + D("2100"))


def test_prices_that_hold_their_tax_are_not_taxed_again_on_a_lease():
    assert quote(replace(SHEET, tax=UK_VAT), LEASE).payment == quote(SHEET, LEASE).payment
    chinese = quote(replace(SHEET, tax=CN_NEW), LEASE)
    assert chinese.due_at_signing == chinese.payment + D("2654.87")


def test_cash_is_what_is_due():
    found = quote(replace(SHEET, deposit=D("500")), Scenario(ScenarioKind.CASH, down=D("1000")))
    assert (found.due_at_signing, found.payment, found.problem) == (D("29500"), None, None)
