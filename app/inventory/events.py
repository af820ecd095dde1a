"""What happened to vehicles and stock, in the past tense; handled in the same transaction by the table in wiring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True)
class VehicleChanged:
    """A vehicle's description was corrected; figures per model may have to move from one model to another."""

    vehicle_id: UUID
    make_key_before: str
    model_key_before: str
    make_key: str
    model_key: str


@dataclass(frozen=True)
class UnitStockedIn:
    """A store took a vehicle into stock."""

    unit_id: UUID
    vehicle_id: UUID
    store_id: UUID
    acquired_on: date


@dataclass(frozen=True)
class UnitMoved:
    """A unit changed its status and stayed in stock."""

    unit_id: UUID
    before: str
    after: str


@dataclass(frozen=True)
class UnitPriceChanged:
    """The asking price of a unit was set, changed or taken away."""

    unit_id: UUID
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True)
class UnitCostChanged:
    """What a unit has cost is known now, or is another."""

    unit_id: UUID


@dataclass(frozen=True)
class UnitClosed:
    """An episode ended: delivered, wholesaled or traded to another dealer."""

    unit_id: UUID
    vehicle_id: UUID
    status: str
    closed_on: date


@dataclass(frozen=True)
class UnitReopened:
    """An episode goes on because its sale was unwound; the date of acquisition stands."""

    unit_id: UUID
    vehicle_id: UUID
