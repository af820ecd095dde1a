"""Pay plans as values: what is paid for a deal, in tiers or not, the floor of each, extras, and the draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.sales.rules.bodies import BodyError
from app.sales.rules.tiers import Tiers

ZERO = Decimal(0)


class Base(StrEnum):
    """What a rate is applied to: percent of a commissionable gross, or an amount for each unit."""

    FRONT = "front"
    BACK = "back"
    TOTAL = "total"
    UNIT = "unit"


class PaidOn(StrEnum):
    """The day that decides in which period a deal is paid."""

    DELIVERED = "delivered"
    FUNDED = "funded"
    PAID = "paid"


class SpiffPer(StrEnum):
    """What a spiff is paid for."""

    UNIT = "unit"
    PRODUCT = "product"


@dataclass(frozen=True)
class Earning:
    """`rate` percent of a gross, or of UNIT the amount for each; `tiers` replace the rate as the period goes on.

    Tiers by gross measure the gross of this base, those of UNIT the total gross.
    """

    base: Base
    rate: Decimal
    tiers: Tiers | None = None


@dataclass(frozen=True)
class Spiff:
    """An extra for each unit of a condition, or for each product whose name has the word, sold in a window of days."""

    label: str
    amount: Decimal
    per: SpiffPer = SpiffPer.UNIT
    match: str = ""
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True)
class Draw:
    """At least this is paid each period. What was advanced is worked off later, or given where not recoverable."""

    amount: Decimal
    recoverable: bool = True


@dataclass(frozen=True)
class Plan:
    """How somebody is paid. A flat sum for each car is an earning by UNIT; accelerators are tiers."""

    earnings: tuple[Earning, ...] = ()
    # For each deal at least this, of a split deal its share; None is no floor, and a loss is taken off.
    mini: Decimal | None = None
    spiffs: tuple[Spiff, ...] = ()
    draw: Draw | None = None
    paid_on: PaidOn = PaidOn.DELIVERED
    # Deals of the house pay this, and count towards units only where it says so.
    house_amount: Decimal = ZERO
    house_counts: bool = False

    def __post_init__(self) -> None:
        """Refuse amounts below zero: what is taken back has ways of its own."""
        spiffs = [spiff.amount for spiff in self.spiffs]
        amounts = [*spiffs, self.mini or ZERO, self.house_amount, self.draw.amount if self.draw else ZERO]
        rates = [one.rate for one in self.earnings]
        rates += [step.rate for one in self.earnings if one.tiers for step in one.tiers.steps]
        if any(not value.is_finite() or value < 0 for value in (*amounts, *rates)):
            raise BodyError("", "negative")
