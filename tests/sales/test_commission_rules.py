"""Commission as values: tiers, minis, spiffs, draw, deals of the house, and what comes after a period is closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.sales.rules.bodies import BodyError
from app.sales.rules.commission import (
    Correction,
    Inputs,
    LineKind,
    PayLine,
    Sold,
    Statement,
    compute,
    paid_now,
    paid_then,
)
from app.sales.rules.plans import Base, Draw, Earning, Plan, Spiff, SpiffPer
from app.sales.rules.tiers import Step, TierMeasure, TierMode, Tiers

D = Decimal
DAY = date(2026, 10, 1)


def sold(number: int, front: str | None = "1000", back: str = "0", **values: object) -> Sold:
    share = values.pop("share", D(1))
    return Sold(f"d{number:03}", f"D-{number}", DAY + timedelta(days=number % 28), share,  # type: ignore[arg-type]
                None if front is None else D(front), D(back), **values)  # type: ignore[arg-type]  # fmt: skip


def paid(plan: Plan, *deals: Sold, **values: object) -> Statement:
    return compute(plan, Inputs("USD", deals, **values))  # type: ignore[arg-type]


def units(mode: TierMode, *steps: tuple[int, str]) -> Tiers:
    return Tiers(TierMeasure.UNITS, mode, tuple(Step(D(over), D(rate)) for over, rate in steps))


def test_front_and_back_each_have_their_percent_rounded_half_up_by_line():
    plan = Plan((Earning(Base.FRONT, D(25)), Earning(Base.BACK, D(5))))
    made = paid(plan, sold(1, "900", "450.10"))
    assert [line.amount for line in made.lines] == [D("225.00"), D("22.51")]
    assert made.total == made.earned == D("247.51")
    assert made.carried == 0


def test_a_marginal_tier_pays_its_rate_on_what_lies_over_its_border_and_a_retroactive_one_on_everything():
    deals = [sold(number, "1000") for number in range(1, 13)]
    marginal = Plan((Earning(Base.FRONT, D(20), units(TierMode.MARGINAL, (10, "25"))),))
    retroactive = Plan((Earning(Base.FRONT, D(20), units(TierMode.RETROACTIVE, (10, "25"))),))
    assert paid(marginal, *deals).total == D("2500.00")  # 10 × 200 + 2 × 250
    assert paid(retroactive, *deals).total == D("3000.00")  # 12 × 250
    assert paid(retroactive, *deals[:10]).total == D("2000.00")  # ten is not over ten


def test_half_a_deal_counts_half_a_unit_and_is_cut_by_the_border_it_lies_on():
    flat = Plan((Earning(Base.UNIT, D(100), units(TierMode.MARGINAL, (1, "300"))),))
    made = paid(flat, sold(1, share=D("0.5")), sold(2), sold(3, share=D("0.5")))
    # 0.5 at 100; a unit from 0.5 to 1.5, half at 100 and half at 300; 0.5 at 300.
    assert [line.amount for line in made.lines] == [D("50.00"), D("200.00"), D("150.00")]
    assert made.units == 2


def test_tiers_by_gross_measure_the_gross_of_their_base():
    tiers = Tiers(TierMeasure.GROSS, TierMode.MARGINAL, (Step(D(1500), D(30)),))
    made = paid(Plan((Earning(Base.TOTAL, D(20), tiers),)), sold(1, "800", "200"), sold(2, "900", "100"))
    assert [line.amount for line in made.lines] == [D("200.00"), D("250.00")]
    assert [line.rate for line in made.lines] == [20, 25]


def test_the_mini_is_a_floor_for_each_deal_and_of_a_split_deal_its_share():
    plan = Plan((Earning(Base.FRONT, D(25)),), mini=D(150))
    made = paid(plan, sold(1, "-400"), sold(2, "200", share=D("0.5")), sold(3, "4000"))
    assert [(line.kind.value, line.amount) for line in made.lines] == [
        ("earning", D("-100.00")), ("mini", D("250.00")), ("earning", D("50.00")), ("mini", D("25.00")),
        ("earning", D("1000.00")),
    ]  # fmt: skip


def test_spiffs_are_paid_within_their_window_for_units_and_for_products():
    gap = Spiff("GAP", D(25), SpiffPer.PRODUCT, "gap")
    october = Spiff("Used in October", D(50), match="used", starts_on=DAY, ends_on=DAY + timedelta(days=9))
    deals = [sold(3, condition="used", products=("GAP gold", "Tyres")), sold(9, condition="used"),
             sold(10, condition="used"), sold(4, condition="new", share=D("0.5"), products=("gap",))]  # fmt: skip
    made = paid(Plan(spiffs=(gap, october)), *deals)
    assert [(line.label, line.number, line.amount) for line in made.lines] == [
        ("GAP", "D-3", D("25.00")), ("Used in October", "D-3", D("50.00")), ("GAP", "D-4", D("12.50")),
        ("Used in October", "D-9", D("50.00")),
    ]  # fmt: skip


def test_a_draw_is_advanced_carried_and_worked_off_before_more_is_paid():
    plan = Plan((Earning(Base.UNIT, D(1000)),), draw=Draw(D(2000)))
    weak = paid(plan, sold(1))
    assert (weak.total, weak.drawn, weak.carried) == (D(2000), D(1000), D(1000))
    strong = paid(plan, *(sold(n) for n in range(4)), carried=weak.carried)
    assert (strong.total, strong.drawn, strong.carried) == (D(3000), D(-1000), D(0))
    given_away = paid(replace(plan, draw=Draw(D(2000), recoverable=False)), sold(1))
    assert (given_away.total, given_away.carried) == (D(2000), D(0))
    owing = paid(Plan(), corrections=(Correction(LineKind.CHARGEBACK, D("-300")),))
    assert (owing.total, owing.carried) == (0, D(300))


def test_deals_of_the_house_pay_their_own_amount_and_count_only_where_the_plan_says_so():
    tiers = units(TierMode.RETROACTIVE, (1, "200"))
    plan = Plan((Earning(Base.UNIT, D(100), tiers),), house_amount=D(40))
    deals = (sold(1), sold(2, house=True))
    made = paid(plan, *deals)
    assert (made.units, [line.amount for line in made.lines]) == (1, [D("100.00"), D("40.00")])
    counted = paid(replace(plan, house_counts=True), *deals)
    assert (counted.units, [line.amount for line in counted.lines]) == (2, [D("200.00"), D("40.00")])


def test_an_unknown_cost_pays_no_front_gross_until_it_is_known():
    plan = Plan((Earning(Base.FRONT, D(25)), Earning(Base.BACK, D(10))))
    assert [line.amount for line in paid(plan, sold(1, None, "300")).lines] == [0, D("30.00")]


def test_a_deal_of_a_closed_period_is_paid_anew_at_its_place_in_the_tiers():
    plan = Plan((Earning(Base.FRONT, D(20), units(TierMode.RETROACTIVE, (2, "30"))),))
    closed = paid(plan, sold(1), sold(2), sold(3))
    assert paid_then(closed, "d002") == D("300.00")
    assert paid_now(closed, sold(2, "900")) == D("270.00")
    # Taken back whole, and the other two keep the tier they were paid in.
    assert paid_now(closed, sold(2, share=D(0))) == 0
    assert compute(closed.plan, closed.inputs) == closed


@pytest.mark.parametrize("overs", [(), (3, 3), (5, 4), (-1,)])
def test_tiers_that_do_not_rise_are_refused(overs):
    with pytest.raises(BodyError):
        Tiers(TierMeasure.UNITS, TierMode.MARGINAL, tuple(Step(D(over), D(1)) for over in overs))


def test_a_plan_takes_no_amount_below_zero():
    with pytest.raises(BodyError):
        Plan(mini=D(-1))


def test_lines_say_what_they_were_made_of():
    made = paid(Plan((Earning(Base.FRONT, D(25)),)), sold(1, "900"))
    assert made.lines == (
        PayLine(LineKind.EARNING, "d001", "D-1", D("225.00"), D("900"), D(25), "front"),
    )  # fmt: skip
