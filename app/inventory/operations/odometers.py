"""Odometer readings: only ever added, a lower one with its reason."""

from __future__ import annotations

import uuid
from datetime import date

from app.core import clock
from app.core.db import current_tenant, db
from app.core.errors import FieldError, Invalid
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.inventory import errors, queries
from app.inventory.models import OdometerReading, Vehicle
from app.inventory.rules import odometer as odometers
from app.inventory.rules.odometer import OdometerStatus, OdometerUnit


def record_odometer(
    *,
    actor: Actor,
    vehicle_id: uuid.UUID,
    reading: int,
    unit: str,
    status: str = OdometerStatus.UNKNOWN.value,
    read_on: date | None = None,
    reason: str | None = None,
) -> Vehicle:
    """Add a reading of the odometer; one lower than the last needs a `reason` and is kept beside it. Raises Invalid."""
    vehicle = queries.get_vehicle(actor, vehicle_id, lock=True)
    check(actor, "vehicle.edit")
    return take_reading(actor, vehicle, reading, unit, status, read_on, reason)


def take_reading(
    actor: Actor, vehicle: Vehicle, reading: int, unit: str, status: str, read_on: date | None, reason: str | None
) -> Vehicle:
    """The same under a right of the caller's own, who has locked the vehicle; raises Invalid."""
    problems = reading_problems(reading, unit, status, field="reading")
    if not problems and vehicle.odometer is not None and not (reason or "").strip():
        last_unit = OdometerUnit(str(vehicle.odometer_unit))
        if odometers.needs_reason(vehicle.odometer, last_unit, reading, OdometerUnit(unit)):
            last = f"{vehicle.odometer} {last_unit.value}"
            problems.append(FieldError("reason", "lower_reading", errors.LOWER_READING, {"last": last}))
    if read_on is not None and read_on > clock.today(current_tenant().timezone):
        problems.append(FieldError("read_on", "in_future", errors.IN_FUTURE))
    if problems:
        raise Invalid(problems)
    before = vehicle.odometer
    add_reading(actor, vehicle, reading, unit, status, read_on, (reason or "").strip() or None)
    db.session.flush()
    audit.record(
        actor,
        "vehicle.record_odometer",
        "vehicle",
        vehicle.id,
        changes={"odometer": (before, reading), "reason": (None, reason or None)},
    )
    return vehicle


def add_reading(
    actor: Actor, vehicle: Vehicle, reading: int, unit: str, status: str, read_on: date | None, reason: str | None
) -> None:
    """Note a reading and make it the vehicle's present one; for operations that have checked and will audit."""
    vehicle.odometer, vehicle.odometer_unit = reading, unit
    db.session.add(
        OdometerReading(
            vehicle_id=vehicle.id,
            read_on=read_on or clock.today(current_tenant().timezone),
            reading=reading,
            unit=unit,
            status=status,
            reason=reason,
            recorded_by=actor.user_id,
        )
    )


def reading_problems(reading: int | None, unit: str | None, status: str, field: str = "odometer") -> list[FieldError]:
    """What is wrong with a reading, named by the fields of the form it comes from."""
    problems = []
    if reading is not None and not 0 <= reading <= odometers.HIGHEST:
        problems.append(FieldError(field, "not_possible", errors.NOT_POSSIBLE))
    if reading is not None and unit not in set(OdometerUnit):
        name = "odometer_unit" if field == "odometer" else "unit"
        problems.append(FieldError(name, "unknown_choice", errors.UNKNOWN_CHOICE))
    if status not in set(OdometerStatus):
        name = "odometer_status" if field == "odometer" else "status"
        problems.append(FieldError(name, "unknown_choice", errors.UNKNOWN_CHOICE))
    return problems
