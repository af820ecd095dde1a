"""What the dealership's own cars tell of a VIN: numbers of one model begin alike."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import func, select

from app.core import clock
from app.core.db import db
from app.core.guard.permissions import Actor, allows
from app.inventory import queries
from app.inventory.models import Vehicle
from app.inventory.rules import vin as vins
from app.inventory.rules.vin import VinStatus

# The maker and what he says of the car; after them come the check digit, the year, the plant and the car's own number.
DESCRIBED = 8
LOOKED_AT = 200
_FULL = (VinStatus.VALID.value, VinStatus.STRUCTURE_ONLY.value)


class Likeness(NamedTuple):
    """The make and model most cars with such a number have here."""

    make: str
    model: str


@dataclass(frozen=True)
class Told:
    """What a VIN tells of its vehicle, by itself and by the dealership's own cars; `vehicle_id` is of the known one."""

    vin: str
    status: VinStatus
    problem: vins.VinProblem | None
    check_digit: str | None
    suggestions: tuple[str, ...]
    make: str | None
    model: str | None
    country: str | None
    model_year: int | None
    model_years: tuple[int, ...]
    vehicle_id: uuid.UUID | None


def decode(text: str) -> vins.Decoded:
    """What the number itself tells; next year's models are in the shops before the year begins."""
    return vins.decode(text, clock.now().year + 1)


def told_by(actor: Actor, text: str) -> Told:
    """What a VIN tells, as far as `actor` may know the dealership's cars."""
    decoded, like = decode(text), model_like(actor, text)
    known = queries.find_vehicle_by_vin(actor, text)
    return Told(
        vin=decoded.vin,
        status=decoded.status,
        problem=decoded.problem,
        check_digit=decoded.check_digit,
        suggestions=decoded.suggestions,
        make=like.make if like else decoded.make,
        model=like.model if like else None,
        country=decoded.country,
        model_year=decoded.likely_year,
        model_years=decoded.model_years,
        vehicle_id=known.id if known else None,
    )


def model_like(actor: Actor, text: str) -> Likeness | None:
    """What most of the known cars are whose full VINs begin like this one; None where there is none or two are as many.

    The first that an index finds are asked, so that a fleet of one model costs no more than a few cars.
    """
    number = vins.normalise(text)
    if not vins.has_shape(number) or not allows(actor, "vehicle.see"):
        return None
    start, rest = number[:DESCRIBED], vins.LENGTH - DESCRIBED
    alike = (
        select(Vehicle.make, Vehicle.model, Vehicle.make_key, Vehicle.model_key)
        .where(Vehicle.vin.between(start + "0" * rest, start + "Z" * rest), Vehicle.vin_status.in_(_FULL))
        .limit(LOOKED_AT)
        .subquery()
    )
    counted = (
        select(func.min(alike.c.make).label("make"), func.min(alike.c.model).label("model"), func.count().label("cars"))
        .group_by(alike.c.make_key, alike.c.model_key)
        .order_by(func.count().desc())
        .limit(2)
    )
    rows = db.session.execute(counted).all()
    if not rows or (len(rows) > 1 and rows[1].cars == rows[0].cars):
        return None
    return Likeness(rows[0].make, rows[0].model)
