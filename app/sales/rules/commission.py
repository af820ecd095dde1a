"""Commission of one person in one period: a plan and what was sold as values, and the statement that follows from them.

A statement holds its plan and all its inputs, so that it can be made again to the cent (`compute`). Rounding: each line
half-up to the minor unit of the currency; every sum is one of rounded lines. Deals are taken in the order of their day
and then of their key, never in the order in which they became known. A closed period is never counted anew: what
becomes known of a deal paid there is paid or taken back as a `Correction` of a later period, at the place in the tiers
the deal had when its period was closed (`paid_now`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from app.core.money import minor_digits, round_amount
from app.sales.rules.plans import ZERO, Base, Earning, Plan, Spiff, SpiffPer
from app.sales.rules.tiers import TierMeasure, TierMode, rate_between, rate_reached


@dataclass(frozen=True)
class Sold:
    """A deal as one person's pay sees it: his share of it counts as so many units, and the gross is his part alone."""

    deal: str
    number: str
    day: date
    share: Decimal
    # Commissionable; the front is None while the cost of the car is not known, and pays nothing until it is.
    front: Decimal | None
    back: Decimal
    house: bool = False
    condition: str = ""
    products: tuple[str, ...] = ()


class LineKind(StrEnum):
    """Where a line of a statement comes from."""

    EARNING = "earning"
    MINI = "mini"
    SPIFF = "spiff"
    HOUSE = "house"
    CHARGEBACK = "chargeback"
    LATE_COST = "late_cost"
    ADJUSTMENT = "adjustment"


CORRECTIONS = frozenset({LineKind.CHARGEBACK, LineKind.LATE_COST, LineKind.ADJUSTMENT})


@dataclass(frozen=True)
class Correction:
    """What a deal of a closed period, or a person's own word (no deal), adds to this one or takes from it."""

    kind: LineKind
    amount: Decimal
    deal: str = ""
    number: str = ""
    label: str = ""


@dataclass(frozen=True)
class Inputs:
    """Everything a statement is made of beside its plan. `carried` is what is still owed of earlier advances."""

    currency: str
    sold: tuple[Sold, ...] = ()
    corrections: tuple[Correction, ...] = ()
    carried: Decimal = ZERO


@dataclass(frozen=True)
class Position:
    """Where a deal stood in the tiers of each earning: where it began (marginal), or what was reached (retroactive)."""

    deal: str
    places: tuple[Decimal, ...]


@dataclass(frozen=True)
class PayLine:
    """One line: `base` times `rate` (percent, or an amount a unit), rounded. `rate` is to six decimals, to be read."""

    kind: LineKind
    deal: str
    number: str
    amount: Decimal
    base: Decimal | None = None
    rate: Decimal | None = None
    of: str = ""
    label: str = ""


@dataclass(frozen=True)
class Statement:
    """A period of one person: what was earned, what is paid, and what is carried on as owed."""

    plan: Plan
    inputs: Inputs
    positions: tuple[Position, ...]
    lines: tuple[PayLine, ...]
    units: Decimal
    earned: Decimal
    # What the draw added to the earnings of the period, less what was worked off of earlier advances.
    drawn: Decimal
    total: Decimal
    carried: Decimal


def compute(plan: Plan, inputs: Inputs) -> Statement:
    """The statement of a period."""
    sold = sorted(inputs.sold, key=lambda one: (one.day, one.deal))
    positions = _positions(plan, sold)
    lines = [
        line
        for one, position in zip(sold, positions, strict=True)
        for line in deal_lines(plan, one, position.places, inputs.currency)
    ]
    given = sorted(inputs.corrections, key=lambda one: (one.kind, one.deal, one.label, one.amount))
    lines += [
        PayLine(one.kind, one.deal, one.number, round_amount(one.amount, inputs.currency), label=one.label)
        for one in given
    ]
    earned = sum((line.amount for line in lines), ZERO)
    net = earned - inputs.carried
    floor = plan.draw.amount if plan.draw else ZERO
    total = max(net, floor)
    kept = plan.draw is None or plan.draw.recoverable
    return Statement(
        plan,
        inputs,
        tuple(positions),
        tuple(lines),
        units=sum((_units(plan, one) for one in sold), ZERO),
        earned=earned,
        drawn=total - earned,
        total=total,
        carried=total - net if kept else max(-net, ZERO),
    )


def deal_lines(plan: Plan, sold: Sold, places: Sequence[Decimal], currency: str) -> list[PayLine]:
    """What one deal pays at its places in the tiers; a share of nothing pays nothing."""
    if not sold.share:
        return []

    def line(kind: LineKind, amount: Decimal, **told: object) -> PayLine:
        return PayLine(kind, sold.deal, sold.number, amount, **told)  # type: ignore[arg-type]

    if sold.house:
        amount = round_amount(plan.house_amount * sold.share, currency)
        return [line(LineKind.HOUSE, amount, base=sold.share, rate=plan.house_amount, of=Base.UNIT.value)]
    lines = []
    for earning, place in zip(plan.earnings, places, strict=True):
        base, rate = _base(earning.base, sold), _rate(earning, sold, place)
        exact = Fraction(base) * rate / (1 if earning.base is Base.UNIT else 100)
        shown = round_fraction(rate, 6).normalize()
        lines.append(
            line(
                LineKind.EARNING,
                round_fraction(exact, minor_digits(currency)),
                base=base,
                rate=shown + ZERO,
                of=earning.base.value,
            )
        )
    if plan.mini is not None:
        floor = round_amount(plan.mini * sold.share, currency)
        missing = floor - sum((one.amount for one in lines), ZERO)
        if missing > 0:
            lines.append(line(LineKind.MINI, missing, base=floor))
    for spiff in plan.spiffs:
        times = _times(spiff, sold)
        if times:
            amount = round_amount(spiff.amount * sold.share * times, currency)
            lines.append(line(LineKind.SPIFF, amount, base=sold.share * times, rate=spiff.amount, label=spiff.label))
    return lines


def paid_now(closed: Statement, sold: Sold) -> Decimal:
    """What a deal of a closed statement would have been paid had it been as it is in `sold`, its place being kept."""
    places = {position.deal: position.places for position in closed.positions}[sold.deal]
    return sum((line.amount for line in deal_lines(closed.plan, sold, places, closed.inputs.currency)), ZERO)


def paid_then(closed: Statement, deal: str) -> Decimal:
    """What the closed statement in which a deal counted paid for it."""
    return sum((line.amount for line in closed.lines if line.deal == deal and line.kind not in CORRECTIONS), ZERO)


def split(amount: Decimal, shares: Sequence[Decimal], currency: str) -> list[Decimal]:
    """`amount` in parts that add up to it exactly: each half-up, and the last takes what rounding leaves."""
    parts = [round_amount(amount * share, currency) for share in shares[:-1]]
    return [*parts, amount - sum(parts, ZERO)]


def round_fraction(value: Fraction, digits: int) -> Decimal:
    """`value` half-up (away from zero on ties) to so many decimals."""
    scaled = abs(value) * 10**digits + Fraction(1, 2)
    whole = Decimal(scaled.numerator // scaled.denominator).scaleb(-digits)
    return -whole if value < 0 else whole


def _positions(plan: Plan, sold: Sequence[Sold]) -> list[Position]:
    """Where each deal stands, deals in their order."""
    measures = [[_measure(plan, earning, one) for one in sold] for earning in plan.earnings]
    found = []
    for number, one in enumerate(sold):
        places = []
        for earning, sizes in zip(plan.earnings, measures, strict=True):
            is_retroactive = earning.tiers is not None and earning.tiers.mode is TierMode.RETROACTIVE
            places.append(sum(sizes if is_retroactive else sizes[:number], ZERO))
        found.append(Position(one.deal, tuple(places)))
    return found


def _rate(earning: Earning, sold: Sold, place: Decimal) -> Fraction:
    tiers = earning.tiers
    if tiers is not None and tiers.mode is TierMode.RETROACTIVE:
        return rate_reached(earning.rate, tiers, place)
    return rate_between(earning.rate, tiers, place, _size(earning, sold))


def _measure(plan: Plan, earning: Earning, sold: Sold) -> Decimal:
    """How far a deal carries its period on in the tiers of an earning; a deal of the house only in units, if at all."""
    if not sold.house:
        return _size(earning, sold)
    return _units(plan, sold) if earning.tiers and earning.tiers.measure is TierMeasure.UNITS else ZERO


def _size(earning: Earning, sold: Sold) -> Decimal:
    if earning.tiers is None or earning.tiers.measure is TierMeasure.UNITS:
        return sold.share
    return _base(Base.TOTAL if earning.base is Base.UNIT else earning.base, sold)


def _units(plan: Plan, sold: Sold) -> Decimal:
    return sold.share if plan.house_counts or not sold.house else ZERO


def _base(base: Base, sold: Sold) -> Decimal:
    front = sold.front or ZERO
    return {Base.FRONT: front, Base.BACK: sold.back, Base.TOTAL: front + sold.back, Base.UNIT: sold.share}[base]


def _times(spiff: Spiff, sold: Sold) -> int:
    """How often a deal earns a spiff."""
    if (spiff.starts_on and sold.day < spiff.starts_on) or (spiff.ends_on and sold.day > spiff.ends_on):
        return 0
    word = spiff.match.strip().casefold()
    if spiff.per is SpiffPer.UNIT:
        return int(not word or word == sold.condition.casefold())
    return sum(1 for product in sold.products if word in product.casefold())
