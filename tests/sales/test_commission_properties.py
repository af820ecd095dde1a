"""Commission of random periods: a second implementation with fractions agrees, and what must hold always holds."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction as F
from math import floor

from hypothesis import given
from hypothesis import strategies as st

from app.sales.rules.bodies import from_body, to_body
from app.sales.rules.commission import (
    Correction,
    Inputs,
    LineKind,
    Sold,
    Statement,
    compute,
    paid_now,
    paid_then,
    split,
)
from app.sales.rules.plans import Base, Draw, Earning, Plan, Spiff, SpiffPer
from app.sales.rules.tiers import Step, TierMeasure, TierMode, Tiers

D = Decimal
DAY = date(2026, 10, 1)


def sold(number: int, front: str | None = "1000", **values: object) -> Sold:
    share = values.pop("share", D(1))
    gross = None if front is None else D(front)
    return Sold(f"d{number:03}", f"D-{number}", DAY + timedelta(days=number % 28), share, gross, D(0), **values)  # type: ignore[arg-type]


amounts = st.decimals(-3000, 6000, places=2)
rates = st.decimals(0, 60, places=2)
SHARES = st.sampled_from([D(1), D("0.5"), D("0.3333"), D("0.25")])


@st.composite
def tiers(draw: st.DrawFn, mode: TierMode | None = None, *, rising: bool = False) -> Tiers | None:
    overs = sorted(draw(st.sets(st.integers(0, 12), max_size=3)))
    if not overs:
        return None
    measure = draw(st.sampled_from(TierMeasure))
    found = draw(st.lists(rates, min_size=len(overs), max_size=len(overs)))
    scale = 1 if measure is TierMeasure.UNITS else 700
    steps = zip(overs, sorted(found) if rising else found, strict=True)
    return Tiers(measure, mode or draw(st.sampled_from(TierMode)),
                 tuple(Step(D(over * scale), rate) for over, rate in steps))  # fmt: skip


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    earnings = draw(st.lists(st.builds(Earning, st.sampled_from(Base), rates, tiers()), max_size=3))
    spiff = st.builds(Spiff, st.just("S"), rates, st.sampled_from(SpiffPer), st.sampled_from(["", "used", "gap"]),
                      st.sampled_from([None, DAY]), st.sampled_from([None, DAY + timedelta(days=9)]))  # fmt: skip
    return Plan(tuple(earnings), draw(st.none() | rates), tuple(draw(st.lists(spiff, max_size=2))),
                draw(st.none() | st.builds(Draw, rates.map(lambda r: r * 50), st.booleans())),
                house_amount=draw(rates), house_counts=draw(st.booleans()))  # fmt: skip


@st.composite
def periods(draw: st.DrawFn) -> Inputs:
    deals = [
        sold(n, None, share=draw(SHARES), house=draw(st.sampled_from([False] * 4 + [True])),
             condition=draw(st.sampled_from(["new", "used"])),
             products=tuple(draw(st.lists(st.sampled_from(["GAP", "Tyres"]), max_size=2))))
        for n in draw(st.lists(st.integers(1, 60), max_size=14, unique=True))
    ]  # fmt: skip
    deals = [replace(one, front=draw(st.none() | amounts), back=draw(amounts)) for one in deals]
    given_ = st.builds(Correction, st.sampled_from([LineKind.CHARGEBACK, LineKind.LATE_COST]), amounts)
    return Inputs(draw(st.sampled_from(["USD", "JPY", "KWD"])), tuple(deals), tuple(draw(st.lists(given_, max_size=2))),
                  draw(st.decimals(0, 500, places=2)))  # fmt: skip


# --- the second implementation: by fractions, the tiers cut piece by piece -------------------------------------


def cents(value: F, currency: str) -> F:
    places = 10 ** {"USD": 2, "JPY": 0, "KWD": 3}[currency]
    sign = -1 if value < 0 else 1
    return F(sign * floor(abs(value) * places + F(1, 2)), places)


def again(plan: Plan, period: Inputs) -> tuple[F, F]:
    """(what is paid, what is carried), of the same inputs."""
    deals, currency = sorted(period.sold, key=lambda d: (d.day, d.deal)), period.currency
    front = {d.deal: F(d.front) if d.front is not None else F(0) for d in deals}
    bases = {
        "front": front, "back": {d.deal: F(d.back) for d in deals},
        "total": {d.deal: front[d.deal] + F(d.back) for d in deals}, "unit": {d.deal: F(d.share) for d in deals},
    }  # fmt: skip
    lines: dict[str, list[F]] = {d.deal: [] for d in deals}
    for earning in plan.earnings:
        base, kind = bases[earning.base.value], earning.tiers
        size = base if kind and kind.measure == "gross" else bases["unit"]
        if kind and kind.measure == "gross" and earning.base == "unit":
            size = bases["total"]
        whole = F(0)
        ends = []
        for d in deals:
            if not d.house:
                whole += size[d.deal]
            elif plan.house_counts and kind and kind.measure == "units":
                whole += F(d.share)
            ends.append(whole)
        for d, end in zip(deals, ends, strict=True):
            if d.house:
                continue
            rate = _rate(earning, end - size[d.deal], end, whole)
            lines[d.deal].append(cents(base[d.deal] * rate / (1 if earning.base == "unit" else 100), currency))
    paid_out = F(0)
    for d in deals:
        if d.house:
            paid_out += cents(F(plan.house_amount) * F(d.share), currency)
            continue
        of_deal = sum(lines[d.deal], F(0))
        if plan.mini is not None:
            of_deal = max(of_deal, cents(F(plan.mini) * F(d.share), currency))
        paid_out += of_deal
        for spiff in plan.spiffs:
            if (spiff.starts_on or d.day) <= d.day <= (spiff.ends_on or d.day):
                hits = [p for p in d.products if spiff.match in p.lower()]
                times = len(hits) if spiff.per == "product" else spiff.match in ("", d.condition)
                paid_out += cents(F(spiff.amount) * F(d.share) * times, currency)
    paid_out += sum((cents(F(c.amount), currency) for c in period.corrections), F(0))
    net, least = paid_out - F(period.carried), F(plan.draw.amount) if plan.draw else F(0)
    total = max(net, least)
    return total, max(-net, F(0)) if plan.draw and not plan.draw.recoverable else total - net


def _rate(earning: Earning, start: F, end: F, whole: F) -> F:
    """The mean rate, by walking from border to border."""
    if earning.tiers is None:
        return F(earning.rate)

    def at(point: F, *, over: bool) -> F:
        rate = F(earning.rate)
        for step in earning.tiers.steps:  # type: ignore[union-attr]
            if point > F(step.over) or (over and point == F(step.over)):
                rate = F(step.rate)
        return rate

    if earning.tiers.mode == "retroactive":
        return at(whole, over=False)
    low, high = min(start, end), max(start, end)
    if low == high:
        return at(low, over=True)
    borders = [low, *(F(s.over) for s in earning.tiers.steps if low < F(s.over) < high), high]
    walked = sum(((b - a) * at((a + b) / 2, over=False) for a, b in itertools.pairwise(borders)), F(0))
    return walked / (high - low)


@given(plans(), periods())
def test_a_second_implementation_pays_the_same_cents(plan, period):
    made = compute(plan, period)
    assert (F(made.total), F(made.carried)) == again(plan, period)


@given(plans(), periods(), st.randoms(use_true_random=False))
def test_a_statement_does_not_hang_on_the_order_in_which_things_became_known(plan, period, random):
    shuffled = list(period.sold), list(period.corrections)
    for part in shuffled:
        random.shuffle(part)
    other = compute(plan, replace(period, sold=tuple(shuffled[0]), corrections=tuple(shuffled[1])))
    made = compute(plan, period)
    assert (other.lines, other.total, other.carried) == (made.lines, made.total, made.carried)


@given(plans(), periods())
def test_a_statement_read_from_what_is_stored_is_the_same_and_pays_the_same(plan, period):
    made = compute(plan, period)
    stored = from_body(Statement, to_body(made))
    assert stored == made
    assert compute(stored.plan, stored.inputs) == made


@given(plans(), periods())
def test_what_is_paid_and_what_is_carried_is_what_was_earned(plan, period):
    made = compute(plan, period)
    assert made.earned == sum((line.amount for line in made.lines), D(0))
    assert made.total == made.earned + made.drawn
    if not plan.draw or plan.draw.recoverable:
        assert made.total - made.carried == made.earned - period.carried


@given(st.data(), st.lists(st.decimals(0, 4000, places=2), min_size=1, max_size=15), st.sampled_from(Base))
def test_marginal_never_pays_more_than_retroactive_where_rates_rise(data, fronts, base):
    found = data.draw(tiers(TierMode.MARGINAL, rising=True))
    first = D(0)
    deals = tuple(sold(n, str(front)) for n, front in enumerate(fronts))
    one = compute(Plan((Earning(base, first, found),)), Inputs("USD", deals))
    other = found and replace(found, mode=TierMode.RETROACTIVE)
    assert one.earned <= compute(Plan((Earning(base, first, other),)), Inputs("USD", deals)).earned


@given(amounts, st.sampled_from([["1"], ["0.5", "0.5"], ["0.3333", "0.3333", "0.3334"], ["0.25", "0.75"]]))
def test_a_split_adds_up_to_the_whole(amount, shares):
    parts = split(amount, [D(share) for share in shares], "USD")
    assert sum(parts) == amount
    assert all(abs(part - amount * D(share)) <= D("0.02") for part, share in zip(parts, shares, strict=True))


@given(plans(), periods(), st.data())
def test_a_deal_of_a_closed_period_that_did_not_change_has_nothing_to_come(plan, period, data):
    closed = compute(plan, period)
    if period.sold:
        one = data.draw(st.sampled_from(period.sold))
        assert paid_now(closed, one) == paid_then(closed, one.deal)
        assert paid_now(closed, replace(one, share=D(0))) == 0
