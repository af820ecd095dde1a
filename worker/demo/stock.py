"""One car of the demonstration's stock: what it is worth, what was asked for it, and the deals over it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from worker.demo import cars
from worker.demo.cars import Build
from worker.demo.stories import Car, Priced, Reading, Sale, Stay
from worker.demo.talk import Scene

_YEARLY = {"mi": 11_000, "km": 15_000}


@dataclass(frozen=True)
class Draft:
    """A car before anybody stocked it."""

    build: Build
    condition: str
    model_year: int
    vin: str | None
    plate: str | None
    colour: str
    trim: str | None
    readings: tuple[Reading, ...]

    @property
    def label(self) -> str:
        """How people speak of it."""
        return f"{self.build.make} {self.build.model}"

    def finished(self, stays: list[Stay], further: list[Reading]) -> Car:
        """The car with its stays."""
        build = self.build
        return Car(
            self.vin, self.plate, build.make, build.model, self.trim, self.model_year, build.body, self.colour,
            build.transmission, build.fuel, (*self.readings, *further), tuple(stays),
        )  # fmt: skip


def draft_car(chance: Random, scene: Scene, serial: int, acquired: date, condition: str | None = None) -> Draft:
    """A car as it came on the day of `acquired`."""
    country = scene.dealership.country
    build = cars.pick_build(chance, country)
    condition = condition or chance.choices(("new", "used", "certified"), (30, 52, 18))[0]
    oldest = {"new": 0, "certified": 4, "used": 10}[condition]
    age = 0 if condition == "new" else chance.randrange(1, oldest + 1)
    year = acquired.year - age
    # Every market keeps a few cars whose papers are on their way.
    vin = None if chance.random() < 0.015 else cars.make_vin(build.wmi, year, serial)
    plate = None if condition == "new" else cars.make_plate(chance, country, year)
    yearly = _YEARLY[scene.dealership.odometer_unit]
    reading = chance.randrange(4, 45) if age == 0 else int(age * yearly * chance.uniform(0.6, 1.3)) + 800
    return Draft(
        build, condition, year, vin, plate, cars.pick_colour(chance, country), cars.pick_trim(chance, country),
        (Reading(acquired, reading),),
    )  # fmt: skip


def drive_on(chance: Random, scene: Scene, draft: Draft, on: date) -> Reading:
    """A later reading; now and then of another instrument, which starts over."""
    last = draft.readings[-1]
    driven = chance.randrange(2, 60) + int((on - last.on).days / 365 * 500)
    if draft.condition == "used" and chance.random() < 0.02:
        return Reading(on, 12 + driven, "replaced", scene.phrase(chance, "reasons", "odometer")[1])
    return Reading(on, last.reading + driven)


def value_of(draft: Draft, on: date, chance: Random) -> Decimal:
    """What the car is worth at retail: it loses a fifth in its first year and an eighth in each one after."""
    age = max(on.year - draft.model_year, 0)
    share = 1.0 if age == 0 else 0.8 * 0.875 ** (age - 1)
    return Decimal(str(round(draft.build.price * share * chance.uniform(0.94, 1.06), 2)))


def rounded(scene: Scene, amount: Decimal) -> Decimal:
    """An amount as people write it on a windscreen."""
    step = scene.dealership.rounding
    return (amount / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step


def wait(chance: Random) -> int:
    """How many days a car stands before it is sold: most a month, some half a year."""
    return min(max(int(math.exp(chance.gauss(3.45, 0.65))), 3), 210)


def ask(
    chance: Random, scene: Scene, store: int, value: Decimal, acquired: date, until: date
) -> tuple[Priced, ...]:
    """The first asking price and the reductions until the car was sold."""
    price = rounded(scene, value)
    opening = scene.phrase(chance, "reasons", "opening")[1]
    prices = [Priced(scene.instant(chance, acquired, store), price, opening)]
    day = acquired + timedelta(days=chance.randrange(21, 45))
    while day < until and len(prices) < 6:
        price = rounded(scene, price * Decimal(str(round(chance.uniform(0.965, 0.988), 4))))
        reason = scene.phrase(chance, "reasons", "price")[1]
        prices.append(Priced(scene.instant(chance, day, store), price, reason))
        day += timedelta(days=chance.randrange(14, 35))
    return tuple(p for p in prices if p.at < scene.now)


def cost_of(chance: Random, scene: Scene, value: Decimal, condition: str) -> Decimal:
    """What the dealer paid; new cars leave the least."""
    low, high = (0.93, 0.97) if condition == "new" else (0.82, 0.92)
    return rounded(scene, value * Decimal(str(round(chance.uniform(low, high), 4))))


def agree(
    chance: Random,
    scene: Scene,
    deal_type: str,
    asking: Decimal,
    cost: Decimal,
    *,
    buyer: int | None,
    salesperson: str | None,
    sold_on: date,
    delivered_on: date | None,
    status: str | None = None,
) -> Sale:
    """A deal at the asking price less what that kind of buyer gets off."""
    price, discount = asking, Decimal(0)
    if deal_type == "wholesale":
        price = rounded(scene, cost * Decimal(str(round(chance.uniform(0.95, 1.04), 4))))
    elif deal_type == "fleet" or chance.random() < 0.68:
        low, high = (0.05, 0.09) if deal_type == "fleet" else (0.005, 0.045)
        discount = rounded(scene, asking * Decimal(str(round(chance.uniform(low, high), 4))))
    note = scene.phrase(chance, "reasons", "note")[1] if chance.random() < 0.15 else ""
    if status is None:
        settled = (scene.today - (delivered_on or sold_on)).days
        status = "finalized" if settled > 12 else "booked" if settled > 3 else "sold"
    return Sale(buyer, salesperson, deal_type, status, price, discount, sold_on, delivered_on, note=note)
