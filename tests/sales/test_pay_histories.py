"""Random histories of a store: months are closed one after another, every statement comes out again of what it kept,
and all of them together pay what a calculation with fractions says that knows nothing of entries."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction as F

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.sales.queries.pay import digest
from app.sales.rules.bodies import from_body, to_body
from app.sales.rules.commission import Inputs, Sold, Statement, compute, split
from app.sales.rules.pay_entries import Entry, inputs_of, month_of, next_entries
from app.sales.rules.plans import Plan
from tests.sales.test_commission_properties import SHARES, _rate, amounts, cents, plans

D = Decimal
MONTHS = [date(2026, month, 1) for month in (8, 9, 10, 11)]
PEOPLE = ("ann", "bo")


@dataclass
class Car:
    """A delivered deal as it is now; `shares` of nobody is one that was unwound or given away."""

    key: str
    day: date
    front: Decimal | None
    back: Decimal
    products: tuple[str, ...]
    house: bool
    shares: dict[str, Decimal] = field(default_factory=dict)

    def of(self, person: str) -> Sold | None:
        """A person's part."""
        if person not in self.shares:
            return None
        at, values = list(self.shares).index(person), list(self.shares.values())
        front = None if self.front is None else split(self.front, values, "USD")[at]
        back = split(self.back, values, "USD")[at]
        return Sold(self.key, self.key, self.day, self.shares[person], front, back, self.house, "used", self.products)


@dataclass
class Told:
    """What the fractions know of one person: where a deal counts, and at which places it was paid what."""

    homes: dict[str, date] = field(default_factory=dict)
    places: dict[str, tuple[Plan, list[F], list[F]]] = field(default_factory=dict)
    paid: dict[str, F] = field(default_factory=dict)


def size(earning, part: Sold) -> F:
    front = F(part.front or 0)
    if earning.tiers is None or earning.tiers.measure == "units":
        return F(part.share)
    return {"front": front, "back": F(part.back)}.get(earning.base.value, front + F(part.back))


def worth(plan: Plan, part: Sold, starts: list[F], wholes: list[F]) -> F:
    """What one deal pays at these places."""
    if not part.share:
        return F(0)
    if part.house:
        return cents(F(plan.house_amount) * F(part.share), "USD")
    front = F(part.front or 0)
    bases = {"front": front, "back": F(part.back), "total": front + F(part.back), "unit": F(part.share)}
    found = F(0)
    for earning, start, whole in zip(plan.earnings, starts, wholes, strict=True):
        rate = _rate(earning, start, start + size(earning, part), whole)
        found += cents(bases[earning.base.value] * rate / (1 if earning.base == "unit" else 100), "USD")
    if plan.mini is not None:
        found = max(found, cents(F(plan.mini) * F(part.share), "USD"))
    for spiff in plan.spiffs:
        if (spiff.starts_on or part.day) <= part.day <= (spiff.ends_on or part.day):
            hits = sum(spiff.match in product.lower() for product in part.products)
            times = hits if spiff.per == "product" else spiff.match in ("", "used")
            found += cents(F(spiff.amount) * F(part.share) * times, "USD")
    return found


def closed_by_fractions(plan: Plan, month: date, person: str, cars: dict[str, Car], told: Told) -> F:
    """What the month comes to before any draw; its deals have their places from now on."""
    earned = F(0)
    for key, (old, starts, wholes) in told.places.items():
        part = cars[key].of(person)
        now = worth(old, part, starts, wholes) if part else F(0)
        earned += now - told.paid[key]
        told.paid[key] = now
    counted = [cars[key].of(person) for key, home in told.homes.items() if home == month]
    standing = sorted((part for part in counted if part), key=lambda part: (part.day, part.deal))
    runs: list[list[F]] = []
    for earning in plan.earnings:
        run = [F(0)]
        for part in standing:
            by_units = earning.tiers is not None and earning.tiers.measure == "units"
            house = F(part.share) if plan.house_counts and by_units else F(0)
            run.append(run[-1] + (house if part.house else size(earning, part)))
        runs.append(run)
    for at, part in enumerate(standing):
        starts, wholes = [run[at] for run in runs], [run[-1] for run in runs]
        told.places[part.deal] = plan, starts, wholes
        told.paid[part.deal] = worth(plan, part, starts, wholes)
        earned += told.paid[part.deal]
    told.homes = {key: home for key, home in told.homes.items() if key in told.places or home > month}
    return earned


def note(car: Car, current: date, closed: dict[str, dict[date, Statement]], known, told: dict[str, Told]) -> None:
    """A deal became what it is now: the entries that come of it, and where it counts from now on."""
    for person in PEOPLE:
        part, mine = car.of(person), known.setdefault((car.key, person), [])
        mine += next_entries(part, mine, current=current, closed=closed[person])
        # Counting again what was counted adds nothing.
        assert next_entries(part, mine, current=current, closed=closed[person]) == []
        if part and car.key not in told[person].homes:
            month = month_of(car.day)
            told[person].homes[car.key] = current if month in closed[person] else month


@st.composite
def shares(draw: st.DrawFn) -> dict[str, Decimal]:
    first = draw(SHARES)
    whole = {draw(st.sampled_from(PEOPLE)): D(1)}
    return whole if first == 1 else {"ann": first, "bo": 1 - first}


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.data())
def test_every_statement_of_a_history_comes_out_again_and_all_of_them_pay_what_was_earned(data) -> None:
    cars: dict[str, Car] = {}
    known: dict[tuple[str, str], list[Entry]] = {}
    closed: dict[str, dict[date, Statement]] = {person: {} for person in PEOPLE}
    told = {person: Told() for person in PEOPLE}
    carried = dict.fromkeys(PEOPLE, D(0))
    versions = {MONTHS[0]: data.draw(plans())}
    kept: list[tuple[str, bytes]] = []
    paid, expected = F(0), F(0)
    for month in MONTHS:
        if data.draw(st.booleans()):
            versions[month] = data.draw(plans())
        plan = versions[max(versions)]
        for _ in range(data.draw(st.integers(0, 6))):
            kind = data.draw(st.sampled_from(["new", "new", "cost", "split", "unwind", "chargeback"]))
            if kind == "new" or not cars:
                day = data.draw(st.sampled_from(MONTHS[: MONTHS.index(month) + 1])) + timedelta(
                    days=data.draw(st.integers(0, 27))
                )
                car = Car(f"d{len(cars):02}", day, data.draw(st.none() | amounts), data.draw(amounts),
                          tuple(data.draw(st.lists(st.sampled_from(["GAP", "Tyres"]), max_size=2))),
                          data.draw(st.sampled_from([False] * 4 + [True])), data.draw(shares()))  # fmt: skip
                cars[car.key] = car
            else:
                car = cars[data.draw(st.sampled_from(sorted(cars)))]
                if kind == "cost":
                    car.front = data.draw(amounts)
                elif kind == "split":
                    car.shares = data.draw(shares())
                elif kind == "unwind":
                    car.shares = {}
                else:
                    car.back, car.products = data.draw(amounts), car.products[:1]
            note(car, month, closed, known, told)
        for person in PEOPLE:
            entries = [entry for (_, whose), rows in sorted(known.items()) if whose == person for entry in rows
                       if entry.period == month]  # fmt: skip
            made = compute(plan, inputs_of(entries, "USD", carried[person]))
            body = json.dumps(to_body(made))
            kept.append((body, digest(json.loads(body))))
            closed[person][month] = from_body(Statement, json.loads(body))
            earned = closed_by_fractions(plan, month, person, cars, told[person])
            assert F(made.earned) == earned
            net, least = earned - F(carried[person]), F(plan.draw.amount) if plan.draw else F(0)
            expected += max(net, least)
            given_away = plan.draw is not None and not plan.draw.recoverable
            assert F(made.carried) == (max(-net, F(0)) if given_away else max(net, least) - net)
            paid, carried[person] = paid + F(made.total), made.carried
    for body, mark in kept:
        stored = from_body(Statement, json.loads(body))
        assert compute(stored.plan, stored.inputs) == stored
        assert digest(to_body(stored)) == mark
    assert paid == expected


def test_whoever_is_given_a_deal_back_after_the_month_was_closed_without_it_is_paid_where_that_became_known() -> None:
    part = Sold("d", "D", MONTHS[0], D(1), D(1000), D(0))
    known = next_entries(part, [], current=MONTHS[0], closed={})
    known += next_entries(None, known, current=MONTHS[0], closed={})
    closed = {MONTHS[0]: compute(Plan(), Inputs("USD"))}
    (entry,) = next_entries(part, known, current=MONTHS[1], closed=closed)
    assert (entry.period, entry.kind, entry.amount) == (MONTHS[1], "deal", None)
