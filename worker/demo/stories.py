"""What happened at a dealership of the demonstration, as plain data: cars, who bought them, and what was said.

A story is complete in itself, so that stories can be told one by one, in any number of sittings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Deed:
    """An activity; `by` is a post."""

    type: str
    direction: str | None
    at: datetime
    by: str
    subject: str
    body: str


@dataclass(frozen=True)
class Buyer:
    """A customer, with all that was said and done."""

    kind: str
    name: str
    given_name: str
    family_name: str
    store: int
    owner: str | None
    language: str
    notes: str
    contacts: Sequence[tuple[str, str]]
    deeds: Sequence[Deed] = ()


@dataclass(frozen=True)
class Sale:
    """A deal; `buyer` counts the story's customers. A lost one was worked on first, an unwound one delivered."""

    buyer: int | None
    salesperson: str | None
    deal_type: str
    status: str
    price: Decimal
    discount: Decimal
    sold_on: date | None = None
    delivered_on: date | None = None
    unwound_on: date | None = None
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class Priced:
    """An asking price from that moment on."""

    at: datetime
    price: Decimal
    reason: str


@dataclass(frozen=True)
class Reading:
    """The odometer on a day."""

    on: date
    reading: int
    status: str = "original"
    reason: str | None = None


@dataclass(frozen=True)
class Stay:
    """A stock episode: how the car came, what it was to cost, its deals, and how it stands or went without a deal."""

    store: int
    condition: str
    entry: str
    cost: Decimal
    acquired_on: date
    prices: Sequence[Priced]
    sales: Sequence[Sale] = ()
    moves: Sequence[tuple[str, date | None]] = ()


@dataclass(frozen=True)
class Car:
    """A vehicle with its readings and its stays in stock, the oldest first."""

    vin: str | None
    plate: str | None
    make: str
    model: str
    trim: str | None
    model_year: int
    body: str
    colour: str
    transmission: str
    fuel: str
    readings: Sequence[Reading]
    stays: Sequence[Stay]


@dataclass(frozen=True)
class Story:
    """Customers and a car that belong together; `at` is the day by which stories are put in order."""

    at: date
    buyers: Sequence[Buyer] = field(default=())
    car: Car | None = None
