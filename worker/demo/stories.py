"""What happened at a dealership of the demonstration, as plain data: cars, who bought them, and what was said.

A story is complete in itself, so that stories can be told one by one, in any number of sittings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.sales.rules.scenarios import Scenario
from app.sales.rules.sheet import Line


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
class Enquiry:
    """The lead by which a customer came. `stay` counts the stays of the story's car, if it asks for that car.

    `reached` is how far people brought it; it is lost for `lost_reason`, and won by a deal alone.
    """

    channel: str
    source: str
    detail: str
    wanted: str
    at: datetime
    assignee: str | None
    reached: str
    stay: int | None = None
    lost_reason: str = ""


@dataclass(frozen=True)
class Step:
    """A follow-up that somebody is to take with the customer, or has taken."""

    kind: str
    due: datetime
    by: str
    note: str
    outcome: str | None = None


@dataclass(frozen=True)
class Drive:
    """A test drive in the car of the story; without `back` it is booked. `buyer` counts the story's customers."""

    buyer: int
    stay: int
    at: datetime
    back: datetime | None
    by: str
    note: str


@dataclass(frozen=True)
class Brought:
    """The car somebody wants to part with, and what the store says it is worth."""

    car: Car
    worth: Decimal
    repairs: Decimal
    grid: Mapping[str, Mapping[str, str]]
    comparables: Sequence[Mapping[str, Any]]
    status: str
    by: str
    note: str
    # What a deal allows for it, what is still owed on it and to whom.
    allowance: Decimal = Decimal(0)
    payoff: Decimal = Decimal(0)
    lender: str | None = None
    # Why the manager did not agree, where he did not.
    declined: str = ""


@dataclass(frozen=True)
class Worked:
    """How a deal was worked out at the desk: its worksheet, a second one with another discount, money and credit.

    `credit` is the recorded partner, the band of credit and the months; `down` is paid beside the deposit.
    """

    tax: str
    lines: Sequence[Line]
    ways: Sequence[tuple[Scenario, Decimal | None]]
    chosen: int
    second: Decimal | None
    down: Decimal
    deposit: Decimal
    paid_by: str
    began: date
    credit: tuple[str, str, int] | None = None
    insured: bool = False
    # Why the deposit of a lost deal went back.
    refund: str = ""


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
    enquiry: Enquiry | None = None
    steps: Sequence[Step] = ()
    brought: Brought | None = None


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
    worked: Worked | None = None


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
    drives: Sequence[Drive] = ()
    # What car is spoken of where there is none.
    about: str = ""
