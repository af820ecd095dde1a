"""Adding and correcting vehicles."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.db.violations import violated
from app.core.errors import FieldError, Invalid, Stale
from app.core.guard import audit, undo, vault
from app.core.guard.masks import mask
from app.core.guard.permissions import Actor, check
from app.core.jobs.events import publish
from app.core.lists import search
from app.core.lists.matching import fold_text
from app.inventory import errors, queries
from app.inventory.errors import VehicleExists
from app.inventory.events import VehicleChanged
from app.inventory.models import FULL_VIN, Vehicle
from app.inventory.operations.odometers import add_reading, reading_problems
from app.inventory.queries import finding
from app.inventory.rules import plates
from app.inventory.rules import vin as vins
from app.inventory.rules.odometer import OdometerStatus
from app.inventory.rules.vin import VinProblem

_PLAIN = (
    "vin",
    "vin_status",
    "vin_override_reason",
    "make",
    "model",
    "trim",
    "model_year",
    "body",
    "colour",
    "interior_colour",
    "transmission",
    "fuel",
)
_DESCRIPTION = _PLAIN[3:]
_VIN_MESSAGES = {
    VinProblem.CHECK_DIGIT: errors.VIN_CHECK_DIGIT,
    VinProblem.LETTERS: errors.VIN_LETTERS,
    VinProblem.UNREADABLE: errors.VIN_UNREADABLE,
}


def add_vehicle(
    *,
    actor: Actor,
    make: str,
    model: str,
    vin: str | None = None,
    vin_override_reason: str | None = None,
    plate: str | None = None,
    odometer: int | None = None,
    odometer_unit: str | None = None,
    odometer_status: str = OdometerStatus.UNKNOWN.value,
    read_on: date | None = None,
    trim: str | None = None,
    model_year: int | None = None,
    body: str | None = None,
    colour: str | None = None,
    interior_colour: str | None = None,
    transmission: str | None = None,
    fuel: str | None = None,
) -> Vehicle:
    """Add a vehicle, with or without VIN and plate.

    Raises Invalid naming every bad field, and VehicleExists when a vehicle with this full VIN is known.
    """
    check(actor, "vehicle.create")
    description = {
        "make": make,
        "model": model,
        "trim": trim,
        "model_year": model_year,
        "body": body,
        "colour": colour,
        "interior_colour": interior_colour,
        "transmission": transmission,
        "fuel": fuel,
    }
    problems = [*_vin_problems(vin, vin_override_reason), *_description_problems(description), *_plate_problems(plate)]
    problems += reading_problems(odometer, odometer_unit, odometer_status)
    if problems:
        raise Invalid(problems)
    vehicle = Vehicle(id=new_id())
    _set_vin(vehicle, vin, vin_override_reason)
    _describe(vehicle, description)
    _set_plate(vehicle, plate)
    db.session.add(vehicle)
    flush_vehicle(vehicle)
    if odometer is not None:
        add_reading(actor, vehicle, odometer, str(odometer_unit), odometer_status, read_on, None)
        db.session.flush()
    note_change(actor, "vehicle.create", vehicle, {}, state_of(vehicle), (None, plate))
    search.refresh("vehicle", [vehicle.id])
    return vehicle


def edit_vehicle(
    *,
    actor: Actor,
    vehicle_id: uuid.UUID,
    version: int,
    vin: str | None,
    vin_override_reason: str | None,
    plate: str | None,
    **description: Any,
) -> Vehicle:
    """Correct what is known of a vehicle; `description` holds any of make, model, trim, model_year, body, colours,
    transmission and fuel, and what is not named stays.

    Raises Invalid, VehicleExists and Stale; publishes VehicleChanged when make or model changed.
    """
    vehicle = queries.get_vehicle(actor, vehicle_id, lock=True)
    check(actor, "vehicle.edit")
    if vehicle.version != version:
        raise Stale
    unknown = description.keys() - set(_DESCRIPTION)
    if unknown:
        raise TypeError(f"a vehicle has no {sorted(unknown)}")
    wanted = {name: getattr(vehicle, name) for name in _DESCRIPTION} | description
    problems = [*_vin_problems(vin, vin_override_reason), *_description_problems(wanted), *_plate_problems(plate)]
    if problems:
        raise Invalid(problems)
    before, plate_before = state_of(vehicle), queries.plate_of(vehicle)
    kept = {name: before[name] for name in (*_DESCRIPTION, "vin_override_reason")}
    kept |= {"vin": vehicle.vin_raw, "plate": plate_before}
    keys_before = vehicle.make_key, vehicle.model_key
    _set_vin(vehicle, vin, vin_override_reason)
    _describe(vehicle, wanted)
    if (plate or None) != plate_before:
        _set_plate(vehicle, plate)
    flush_vehicle(vehicle)
    note_change(actor, "vehicle.edit", vehicle, before, state_of(vehicle), (plate_before, plate or None))
    name = f"{vehicle.make} {vehicle.model}"
    undo.offer(actor, "vehicle.edit", {"id": vehicle.id, "version": vehicle.version, "name": name, "before": kept})
    if (vehicle.make_key, vehicle.model_key) != keys_before:
        publish(VehicleChanged(vehicle.id, *keys_before, vehicle.make_key, vehicle.model_key))
    search.refresh("vehicle", [vehicle.id])
    search.refresh("stock_unit", finding.unit_ids_of(vehicle.id))
    return vehicle


def _vin_problems(text: str | None, reason: str | None) -> list[FieldError]:
    number = vins.normalise(text or "")
    if not number:
        return []
    if len(number) > vins.LONGEST_ID:
        return [FieldError("vin", VinProblem.UNREADABLE.value, errors.VIN_UNREADABLE)]
    problem = vins.problem_of(number)
    if problem is None or (reason or "").strip():
        return []
    params = {"expected": vins.check_digit(number)} if problem is VinProblem.CHECK_DIGIT else {}
    return [FieldError("vin", problem.value, _VIN_MESSAGES[problem], params)]


def _description_problems(wanted: Mapping[str, Any]) -> list[FieldError]:
    problems = [
        FieldError(name, "required", errors.REQUIRED) for name in ("make", "model") if not fold_text(wanted[name] or "")
    ]
    year = wanted["model_year"]
    if year is not None and not 1886 <= year <= clock.now().year + 2:
        problems.append(FieldError("model_year", "not_possible", errors.NOT_POSSIBLE))
    return problems


def _plate_problems(plate: str | None) -> list[FieldError]:
    if not plate or plates.is_possible(plate):
        return []
    return [FieldError("plate", "plate_unreadable", errors.PLATE_UNREADABLE)]


def _set_vin(vehicle: Vehicle, text: str | None, reason: str | None) -> None:
    number = vins.normalise(text or "")
    if not number:
        vehicle.vin_raw = vehicle.vin = vehicle.vin_reversed = None
        vehicle.vin_status = vehicle.vin_override_reason = None
        return
    vehicle.vin_raw = str(text).strip()
    vehicle.vin, vehicle.vin_reversed = number, number[::-1]
    vehicle.vin_status = vins.status_of(number).value
    vehicle.vin_override_reason = ((reason or "").strip() or None) if vins.problem_of(number) else None


def _describe(vehicle: Vehicle, wanted: Mapping[str, Any]) -> None:
    for name in _DESCRIPTION:
        value = wanted[name]
        setattr(vehicle, name, (" ".join(value.split()) or None) if isinstance(value, str) else value)
    vehicle.make_key, vehicle.model_key = fold_text(vehicle.make), fold_text(vehicle.model)


def _set_plate(vehicle: Vehicle, plate: str | None) -> None:
    if not plate:
        vehicle.plate_enc = vehicle.plate_index = vehicle.plate_masked = None
        return
    shown = " ".join(plate.split())
    vehicle.plate_enc = vault.seal(vehicle.id, "inventory_vehicles", "plate_enc", vehicle.id, shown)
    vehicle.plate_index = queries.plate_token(plate)
    vehicle.plate_masked = mask("plate", shown)


def flush_vehicle(vehicle: Vehicle) -> None:
    """Send the vehicle to the database; raises VehicleExists when another one has its full VIN."""
    try:
        db.session.flush()
    except IntegrityError as error:
        if violated(error) == FULL_VIN:
            raise VehicleExists(field="vin", vin=vehicle.vin) from error
        raise


def state_of(vehicle: Vehicle) -> dict[str, Any]:
    """The vehicle's fields as the audit tells of them; the plate is told apart."""
    return {name: getattr(vehicle, name) for name in _PLAIN}


def note_change(
    actor: Actor,
    action: str,
    vehicle: Vehicle,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    plate: tuple[str | None, str | None],
) -> None:
    """Write down what an operation has made of the vehicle."""
    audit.record(
        actor,
        action,
        "vehicle",
        vehicle.id,
        changes={name: (before.get(name), after.get(name)) for name in _PLAIN},
        personal={"plate": plate} if plate[0] != plate[1] else {},
        subject_id=vehicle.id if plate[0] != plate[1] else None,
    )
