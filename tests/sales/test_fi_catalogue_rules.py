"""For whom a product is, and what it puts on a worksheet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sales.rules.catalogue import (
    BuyRate,
    Case,
    Eligibility,
    Product,
    ProductKind,
    Reason,
    Term,
    line_of,
    reasons_against,
    term_problems,
    way_of,
)
from app.sales.rules.scenarios import ScenarioKind
from app.sales.rules.sheet import LineKind

DAY = date(2026, 11, 20)
CONTRACT = Product(ProductKind.SERVICE_CONTRACT, "Contract", DAY, price=Decimal(1800), cost=Decimal(900), taxed=False)
ASKED = Eligibility(("used",), 8, 120_000, Decimal(5_000), Decimal(60_000))
FITS = Case(DAY, "used", 2019, 80_000, Decimal(20_000))


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (FITS, ()),
        (replace(FITS, on=DAY - timedelta(days=1)), (Reason.NOT_YET,)),
        (replace(FITS, condition="new"), (Reason.CONDITION,)),
        (replace(FITS, condition=None), (Reason.CONDITION,)),
        (replace(FITS, model_year=2017), (Reason.AGE,)),
        (replace(FITS, model_year=None), (Reason.AGE,)),
        (replace(FITS, odometer=120_001), (Reason.ODOMETER,)),
        (replace(FITS, odometer=None), (Reason.ODOMETER,)),
        (replace(FITS, amount=Decimal("4999.99")), (Reason.TOO_LITTLE,)),
        (replace(FITS, amount=Decimal("60000.01")), (Reason.TOO_MUCH,)),
        (replace(FITS, amount=None), (Reason.TOO_LITTLE, Reason.TOO_MUCH)),
    ],
)
def test_every_limit_holds_to_its_edge_and_the_unknown_counts_against(case: Case, expected: tuple[Reason, ...]) -> None:
    assert reasons_against(replace(CONTRACT, eligibility=ASKED), case) == expected


def test_it_is_over_after_its_last_day() -> None:
    ends = replace(CONTRACT, until=DAY)
    assert reasons_against(ends, FITS) == ()
    assert reasons_against(ends, replace(FITS, on=DAY + timedelta(days=1))) == (Reason.NO_LONGER,)


def test_what_asks_nothing_is_for_everybody() -> None:
    assert reasons_against(CONTRACT, Case(DAY)) == ()


def test_a_contract_becomes_a_line_with_its_cost() -> None:
    line = line_of(CONTRACT)
    assert (line.kind, line.amount, line.cost, line.taxed) == (LineKind.PRODUCT, Decimal(1800), Decimal(900), False)


def _way(kind: ProductKind, months: int, *terms: Term):
    product = Product(kind, "Bank", DAY, terms=terms, buy_rates=(BuyRate(36, Decimal("3.9")),))
    return way_of(product, months, selling_price=Decimal("31950.55"), msrp=None, currency="USD", down=Decimal(500))


def test_a_term_becomes_a_way_to_pay() -> None:
    made = _way(ProductKind.LOAN, 36, Term(36, Decimal("4.49")))
    assert made is not None
    assert (made[0].kind, made[0].apr, made[0].down, made[1]) == (
        ScenarioKind.LOAN, Decimal("4.49"), Decimal(500), Decimal("3.9"),
    )  # fmt: skip
    balloon = _way(ProductKind.BALLOON, 48, Term(48, Decimal("5.1"), Decimal("40")))
    assert balloon is not None
    # 40 % of 31,950.55 is 12,780.22 exactly.
    assert (balloon[0].balloon, balloon[1]) == (Decimal("12780.22"), None)
    lease = _way(ProductKind.LEASE, 36, Term(36, Decimal("0.00125"), Decimal("57")))
    assert lease is not None
    assert (lease[0].money_factor, lease[0].residual_percent, lease[0].msrp) == (
        Decimal("0.00125"), Decimal("57"), Decimal("31950.55"),
    )  # fmt: skip
    assert _way(ProductKind.LOAN, 37, Term(36, Decimal("4.49"))) is None


@given(st.decimals(0, 100, places=2), st.decimals(0, 10**6, places=2))
def test_a_balloon_is_never_more_than_the_price(rest: Decimal, price: Decimal) -> None:
    product = Product(ProductKind.BALLOON, "Bank", DAY, terms=(Term(24, Decimal(5), rest),))
    made = way_of(product, 24, selling_price=price, msrp=None, currency="USD")
    assert made is not None
    assert made[0].balloon is not None
    assert 0 <= made[0].balloon <= price


@pytest.mark.parametrize(
    ("kind", "terms", "wrong"),
    [
        (ProductKind.GAP, (), []),
        (ProductKind.LOAN, (), [(0, "months")]),
        (ProductKind.LOAN, (Term(36, Decimal(5)), Term(36, Decimal(6))), [(1, "months")]),
        (ProductKind.LOAN, (Term(0, Decimal(-1)),), [(0, "months"), (0, "rate")]),
        (ProductKind.LEASE, (Term(36, Decimal("1.2"), None),), [(0, "rate"), (0, "rest")]),
        (ProductKind.BALLOON, (Term(36, Decimal(5), Decimal(101)),), [(0, "rest")]),
        (ProductKind.BALLOON, (Term(36, Decimal(5), Decimal(40)),), []),
    ],
)
def test_terms_that_no_lender_could_mean_are_named(kind, terms, wrong) -> None:
    assert term_problems(kind, terms) == wrong
