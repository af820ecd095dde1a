"""Tiers of a pay plan: rates that rise or fall with what was sold in a period, counted marginally or retroactively.

MARGINAL: each rate is paid on the part that lies in its own tier, and what was sold before keeps its rate.
RETROACTIVE: the rate of the tier that was reached is paid on everything from the first unit on.
Everything here is exact: fractions, rounded by whoever makes an amount of them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from app.sales.rules.bodies import BodyError


class TierMode(StrEnum):
    """Whether a tier changes only what lies in it, or everything before it too. Nobody is paid by a guess of it."""

    MARGINAL = "marginal"
    RETROACTIVE = "retroactive"


class TierMeasure(StrEnum):
    """What reaches a tier."""

    UNITS = "units"
    GROSS = "gross"


@dataclass(frozen=True)
class Step:
    """From more than `over` on, `rate` is paid: over 10 units means that the eleventh is the first of this tier."""

    over: Decimal
    rate: Decimal


@dataclass(frozen=True)
class Tiers:
    """The tiers above the first rate, in rising order."""

    measure: TierMeasure
    mode: TierMode
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        """Refuse tiers that do not rise, begin below zero, or are none."""
        overs = [step.over for step in self.steps]
        if not overs:
            raise BodyError("steps", "missing")
        if overs[0] < 0 or any(after <= before for before, after in itertools.pairwise(overs)):
            raise BodyError("steps", "not_rising")


def rate_reached(first: Decimal, tiers: Tiers | None, reached: Decimal) -> Fraction:
    """The rate of the tier that `reached` lies in; below the first step it is `first`."""
    rate = first
    for step in tiers.steps if tiers else ():
        if reached > step.over:
            rate = step.rate
    return Fraction(rate)


def rate_between(first: Decimal, tiers: Tiers | None, start: Decimal, length: Decimal) -> Fraction:
    """The mean rate over `length` from `start` on, each part at the rate of its own tier.

    A negative length runs backwards over the same rates; no length at all has the rate of where it stands.
    """
    if tiers is None:
        return Fraction(first)
    if not length:
        standing = [step.rate for step in tiers.steps if start >= step.over]
        return Fraction(standing[-1] if standing else first)
    low, high = sorted((Fraction(start), Fraction(start) + Fraction(length)))
    area, begins, rate = Fraction(0), None, first
    for step in tiers.steps:
        area += Fraction(rate) * _overlap(low, high, begins, Fraction(step.over))
        begins, rate = Fraction(step.over), step.rate
    area += Fraction(rate) * _overlap(low, high, begins, None)
    return area / (high - low)


def _overlap(low: Fraction, high: Fraction, begins: Fraction | None, ends: Fraction | None) -> Fraction:
    """How much of low..high lies between the borders of a tier; None is without end."""
    left = low if begins is None else max(low, begins)
    right = high if ends is None else min(high, ends)
    return max(right - left, Fraction(0))
