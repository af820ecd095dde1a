"""Gross and what commission is paid on, under any policy."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.sales.rules.bodies import BodyError, from_body, to_body
from app.sales.rules.gross import Charge, Costs, Counts, GrossPolicy, Part, gross, reserve
from app.sales.rules.payments import Loan
from app.sales.rules.sheet import Line, LineKind, Sheet, Trade
from app.sales.rules.tax_examples import UK_MARGIN, US_CREDIT


def D(text: str) -> Decimal:
    return Decimal(text)


SHEET = Sheet(
    "USD",
    D("32500"),
    D("500"),
    lines=(
        Line(LineKind.FEE, "Doc fee", D("499"), cost=D("0")),
        Line(LineKind.FEE, "Registration", D("320")),
        Line(LineKind.ACCESSORY, "Mats", D("200"), cost=D("80")),
        Line(LineKind.PRODUCT, "Service contract", D("2000"), cost=D("900")),
        Line(LineKind.PRODUCT, "GAP", D("800"), cost=D("300"), commissionable=False),
        Line(LineKind.REBATE, "Maker", D("1500")),
    ),
    trades=(Trade(D("12000"), D("14500"), D("11000")),),
    tax=US_CREDIT,
)
COSTS = Costs(
    D("29800"),
    D("640"),
    extras=(Charge("Full tank", D("60")),),
    reserve=D("450"),
    chargebacks=(Charge("GAP", D("90")),),
)


def test_every_part_and_what_pays_no_commission():
    found = gross(SHEET, COSTS, GrossPolicy(version=3, pack=D("300"), fees=Counts.GROSS))
    # 32,000 − 29,800 − 1,000 over-allowance − 60 + 120 of mats, the doc fee beside; registration is passed on.
    assert found.front == D("1260") + D("499")
    assert found.commissionable_front == D("1260") - D("300")
    assert (found.back, found.commissionable_back) == (D("450") + D("1100") + D("500") - D("90"), D("1460"))
    assert found.total == found.front + found.back
    assert found.commissionable == found.commissionable_front + found.commissionable_back
    assert (found.policy_version, found.unknown_costs) == (3, ())


@pytest.mark.parametrize("name", ["holdback", "fees", "accessories", "over_allowance", "extras", "pack_counts"])
def test_a_toggle_moves_its_own_line_alone(name):
    worth = {
        "holdback": 640,
        "fees": 499,
        "accessories": 120,
        "over_allowance": -1000,
        "extras": -60,
        "pack_counts": -300,
    }
    policy = GrossPolicy(pack=D("300"))
    never = gross(SHEET, COSTS, replace(policy, **{name: Counts.NEVER}))
    for counts, front, paid in [(Counts.GROSS, 1, 0), (Counts.COMMISSION, 0, 1), (Counts.BOTH, 1, 1)]:
        found = gross(SHEET, COSTS, replace(policy, **{name: counts}))
        assert found.front - never.front == worth[name] * front
        assert found.commissionable_front - never.commissionable_front == worth[name] * paid
        assert (found.back, found.commissionable_back) == (never.back, never.commissionable_back)


def test_the_recap_adds_up():
    found = gross(SHEET, COSTS, GrossPolicy(pack=D("300")))
    for part, sum_, paid in [
        (Part.FRONT, found.front, found.commissionable_front),
        (Part.BACK, found.back, found.commissionable_back),
    ]:
        lines = [line for line in found.lines if line.part is part]
        assert sum(line.amount for line in lines if line.counts.in_gross) == sum_
        assert sum(line.amount for line in lines if line.counts.in_commission) == paid


def test_a_cost_that_is_not_known_leaves_the_front_undefined():
    found = gross(SHEET, replace(COSTS, vehicle=None), GrossPolicy())
    assert (found.front, found.total, found.commissionable_front, found.commissionable) == (None, None, None, None)
    assert found.back == D("1960")


def test_a_product_without_a_known_cost_is_named_and_counts_nothing():
    sheet = replace(SHEET, lines=(*SHEET.lines, Line(LineKind.PRODUCT, "Paint", D("700"))))
    found = gross(sheet, COSTS, GrossPolicy())
    assert (found.back, found.unknown_costs) == (D("1960"), ("Paint",))


def test_vat_inside_the_price_is_not_the_dealers():
    sheet = Sheet("GBP", D("12000"), tax=UK_MARGIN, purchase_cost=D("9000"))
    assert gross(sheet, Costs(D("9000")), GrossPolicy()).front == D("2500")
    assert gross(sheet, Costs(D("9000")), GrossPolicy(included_tax=Counts.NEVER)).front == D("3000")


def test_reserve_is_a_share_of_the_spread():
    loan = Loan(D("30000"), D("6"), 60)
    # Interest 4,799.09 at 6 % and 3,968.22 at 5 %.
    assert reserve(loan, D("5"), D("100"), "USD") == D("830.87")
    assert reserve(loan, D("5"), D("75"), "USD") == D("623.15")
    assert reserve(loan, D("4"), D("75"), "USD", highest_spread=D("1")) < reserve(loan, D("4"), D("75"), "USD")
    assert reserve(loan, D("6"), D("75"), "USD") == reserve(loan, D("7"), D("75"), "USD") == 0


def test_a_policy_is_kept_as_json():
    policy = GrossPolicy(version=2, pack=D("300.00"), holdback=Counts.BOTH)
    assert from_body(GrossPolicy, to_body(policy)) == policy
    with pytest.raises(BodyError) as refused:
        from_body(GrossPolicy, {**to_body(policy), "pack": "-1"})
    assert (refused.value.field, refused.value.reason) == ("pack", "negative")
