"""Test drives: planned, the licence seen, out and back, or called off."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.columns import new_id
from app.core.errors import FieldError, Invalid, Stale
from app.core.guard import audit, vault
from app.core.guard.erasing import Erasure, on_erasure
from app.core.guard.masks import MaskKind, mask
from app.core.guard.permissions import Actor, check
from app.core.guard.policy import policy_for
from app.crm import errors, queries
from app.crm.models import TestDrive
from app.crm.operations import activities, pipeline
from app.crm.queries.leads import assignable, get_lead
from app.crm.queries.test_drives import COLUMN, TABLE, check_drivable, get_test_drive, licence_number_of, out_with
from app.crm.rules.customers import ActivityType
from app.crm.rules.test_drives import DriveState, is_valid, state_of
from app.inventory import queries as inventory
from app.inventory.operations.odometers import take_reading
from app.inventory.rules.odometer import OdometerStatus
from app.tenants import queries as tenants

_PLAIN = (
    "customer_id", "lead_id", "stock_unit_id", "salesperson_id", "planned_at", "licence_checked_by",
    "licence_checked_at", "out_at", "back_at", "odometer_out", "odometer_back", "cancelled_at",
)  # fmt: skip
_PERSONAL = ("note", "licence_valid_until")


def plan_test_drive(
    *,
    actor: Actor,
    customer_id: uuid.UUID,
    stock_unit_id: uuid.UUID,
    planned_at: datetime,
    lead_id: uuid.UUID | None = None,
    salesperson_id: uuid.UUID | None = None,
    note: str = "",
    is_over: bool = False,
) -> TestDrive:
    """Plan a drive in a unit, at its store and with the actor unless somebody else is named. Raises UnitNotInStock,
    Invalid, and UnitIsSold unless the drive `is_over` already."""
    unit = inventory.unit_info(actor, stock_unit_id)
    salesperson_id = salesperson_id or actor.user_id
    check(actor, "test_drive.create", owner_id=salesperson_id, store_id=unit.store_id)
    drive = TestDrive(
        id=new_id(), customer_id=queries.get_customer(actor, customer_id).id, stock_unit_id=unit.unit_id,
        store_id=unit.store_id, lead_id=lead_id, salesperson_id=salesperson_id, planned_at=planned_at,
        note=note.strip(),
    )  # fmt: skip
    check_drivable(unit, is_over=is_over)
    if lead_id is not None and get_lead(actor, lead_id).customer_id != drive.customer_id:
        raise Invalid([FieldError("lead_id", "unknown_choice", errors.UNKNOWN_CHOICE)])
    _check_salesperson(actor, drive)
    db.session.add(drive)
    db.session.flush()
    _audit(actor, "test_drive.create", drive, {})
    return drive


def edit_test_drive(
    *,
    actor: Actor,
    test_drive_id: uuid.UUID,
    version: int,
    planned_at: datetime,
    salesperson_id: uuid.UUID | None = None,
    note: str = "",
) -> TestDrive:
    """Put a drive off, give it to somebody, note what came of it; once out only the note. Raises DriveIsOver,
    DriveUnderWay, Invalid and Stale."""
    drive = _load(actor, test_drive_id, version)
    before = _state(drive)
    if (planned_at, salesperson_id) != (drive.planned_at, drive.salesperson_id):
        _refuse_unless_planned(drive)
        check(actor, "test_drive.edit", owner_id=salesperson_id, store_id=drive.store_id)
        drive.planned_at, drive.salesperson_id = planned_at, salesperson_id
        _check_salesperson(actor, drive)
    drive.note = note.strip()
    if before != _state(drive):
        db.session.flush()
        _audit(actor, "test_drive.edit", drive, before)
    return drive


def check_licence(
    *,
    actor: Actor,
    test_drive_id: uuid.UUID,
    version: int | None = None,
    valid_until: date | None = None,
    number: str | None = None,
) -> TestDrive:
    """Somebody of ours has seen the licence; `number` comes from whoever sees such numbers in full, None leaves it.

    Raises FieldClosed, DriveIsOver, DriveUnderWay, Invalid for one that is not valid any more, and Stale.
    """
    drive = _load(actor, test_drive_id, version)
    _refuse_unless_planned(drive)
    if not is_valid(valid_until, _today(drive)):
        raise Invalid([FieldError("valid_until", "licence_expired", errors.LICENCE_OVER)])
    before, numbers = _state(drive), {}
    drive.licence_checked_by, drive.licence_checked_at = actor.user_id, clock.now()
    drive.licence_valid_until = valid_until
    if number is not None:
        policy_for(actor).check_write("test_drive", "licence_number", field="number")
        numbers = _set_number(drive, " ".join(number.split()) or None)
    db.session.flush()
    _audit(actor, "test_drive.check_licence", drive, before, numbers)
    return drive


def go_out(
    *,
    actor: Actor,
    test_drive_id: uuid.UUID,
    version: int | None = None,
    odometer: int | None = None,
    reason: str | None = None,
) -> TestDrive:
    """The customer has the keys; pressed twice it is one drive. Of many who take one car at once the first gets it.

    Raises LicenceNotChecked, LicenceExpired, UnitIsOut naming with whom and since when, UnitNotInStock, UnitIsSold,
    DriveIsOver, Invalid for an odometer that went back without a `reason`, and Stale.
    """
    drive = _load(actor, test_drive_id, version, once=DriveState.OUT)
    if _state_of(drive) is DriveState.OUT:
        return drive
    _refuse_unless_planned(drive)
    if drive.licence_checked_at is None:
        raise errors.LicenceNotChecked
    if not is_valid(drive.licence_valid_until, _today(drive)):
        raise errors.LicenceExpired
    unit = inventory.unit_info(actor, drive.stock_unit_id)
    # Whoever takes the car waits here for whoever is taking it, and then sees that it is gone.
    vehicle = inventory.get_vehicle(actor, unit.vehicle_id, lock=True)
    check_drivable(inventory.unit_info(actor, drive.stock_unit_id))
    other = out_with(drive.stock_unit_id)
    if other is not None:
        raise _is_out(other)
    before = _state(drive)
    drive.out_at = clock.now()
    _read(actor, drive, "odometer_out", vehicle, odometer, reason)
    db.session.flush()
    _audit(actor, "test_drive.out", drive, before)
    return drive


def come_back(
    *,
    actor: Actor,
    test_drive_id: uuid.UUID,
    version: int | None = None,
    odometer: int | None = None,
    reason: str | None = None,
    note: str | None = None,
) -> TestDrive:
    """The car is back; pressed twice it came back once. The drive enters the timeline, the lead has visited.

    Raises DriveNotOut, DriveIsOver, Invalid for an odometer that went back without a `reason`, and Stale.
    """
    drive = _load(actor, test_drive_id, version, once=DriveState.BACK)
    state = _state_of(drive)
    if state is DriveState.BACK:
        return drive
    if state is DriveState.CANCELLED:
        raise errors.DriveIsOver
    if drive.out_at is None:
        raise errors.DriveNotOut
    before, unit = _state(drive), inventory.unit_info(actor, drive.stock_unit_id)
    vehicle = inventory.get_vehicle(actor, unit.vehicle_id, lock=True)
    drive.back_at, drive.note = max(clock.now(), drive.out_at), (note or "").strip() or drive.note
    _read(actor, drive, "odometer_back", vehicle, odometer, reason)
    db.session.flush()
    _audit(actor, "test_drive.back", drive, before)
    activities.note_deed(
        actor, drive.customer_id, ActivityType.TEST_DRIVE, drive.out_at, drive.salesperson_id, drive.store_id
    )
    if drive.lead_id is not None:
        pipeline.note_visit(actor, drive.lead_id)
    return drive


def cancel_test_drive(*, actor: Actor, test_drive_id: uuid.UUID, version: int | None = None) -> TestDrive:
    """It will not take place; raises DriveUnderWay, DriveIsOver and Stale."""
    drive = _load(actor, test_drive_id, version, once=DriveState.CANCELLED)
    if _state_of(drive) is DriveState.CANCELLED:
        return drive
    _refuse_unless_planned(drive)
    before = _state(drive)
    drive.cancelled_at = clock.now()
    db.session.flush()
    _audit(actor, "test_drive.cancel", drive, before)
    return drive


@on_erasure
def forget_driver(erasure: Erasure) -> None:
    """What was written down of an erased person's drives goes; the sealed number goes with the key."""
    found = db.session.execute(
        update(TestDrive)
        .where(TestDrive.customer_id == erasure.subject_id)
        .where((TestDrive.note != "") | TestDrive.licence_valid_until.is_not(None))
        .values(note="", licence_valid_until=None)
        .returning(TestDrive.id)
    )
    erasure.rows += len(found.all())


def _load(actor: Actor, test_drive_id: uuid.UUID, version: int | None, once: DriveState | None = None) -> TestDrive:
    """The drive, locked; a second press finds it `once` it is done, whatever version its page had."""
    drive = get_test_drive(actor, test_drive_id, lock=True)
    check(actor, "test_drive.edit", owner_id=drive.salesperson_id, store_id=drive.store_id)
    if version is not None and drive.version != version and _state_of(drive) is not once:
        raise Stale
    return drive


def _refuse_unless_planned(drive: TestDrive) -> None:
    state = _state_of(drive)
    if state is DriveState.OUT:
        raise errors.DriveUnderWay
    if state is not DriveState.PLANNED:
        raise errors.DriveIsOver


def _check_salesperson(actor: Actor, drive: TestDrive) -> None:
    others = drive.salesperson_id not in (None, actor.user_id)
    if others and drive.salesperson_id not in {key for key, _ in assignable(drive.store_id)}:
        raise Invalid([FieldError("salesperson_id", "unknown_choice", errors.UNKNOWN_CHOICE)])


def _read(actor: Actor, drive: TestDrive, name: str, vehicle: Any, odometer: int | None, reason: str | None) -> None:
    """Keep what the odometer says, and add it to the vehicle's readings under their rules."""
    if odometer is None:
        return
    # What the car showed last; else what instruments show in the dealership's country.
    unit = vehicle.odometer_unit or ("mi" if current_tenant().country in ("US", "GB") else "km")
    try:
        take_reading(actor, vehicle, odometer, unit, OdometerStatus.UNKNOWN.value, None, reason)
    except Invalid as refusal:
        named = [replace(one, field={"reading": "odometer"}.get(one.field, one.field)) for one in refusal.errors]
        raise Invalid(named) from refusal
    setattr(drive, name, odometer)
    drive.odometer_unit = unit


def _set_number(drive: TestDrive, number: str | None) -> dict[str, tuple[object, object]]:
    before = licence_number_of(drive)
    if number is None:
        drive.licence_number_enc = drive.licence_number_masked = None
    else:
        drive.licence_number_enc = vault.seal(drive.customer_id, TABLE, COLUMN, drive.id, number)
        drive.licence_number_masked = mask(MaskKind.NATIONAL_ID, number)
    return {"licence_number": (before, number)} if before != number else {}


def _is_out(other: TestDrive) -> errors.UnitIsOut:
    name = tenants.get_user_name(other.salesperson_id) if other.salesperson_id else "…"
    zone = ZoneInfo(tenants.get_store(other.store_id).timezone)
    since = other.out_at.astimezone(zone) if other.out_at is not None else clock.now()
    return errors.UnitIsOut(name=name, since=f"{since:%Y-%m-%d %H:%M}")


def _today(drive: TestDrive) -> date:
    return clock.today(tenants.get_store(drive.store_id).timezone)


def _state_of(drive: TestDrive) -> DriveState:
    return state_of(drive.out_at, drive.back_at, drive.cancelled_at)


def _state(drive: TestDrive) -> dict[str, Any]:
    return {name: getattr(drive, name) for name in (*_PLAIN, *_PERSONAL)}


def _audit(
    actor: Actor, action: str, drive: TestDrive, before: Mapping[str, Any], numbers: Mapping[str, Any] | None = None
) -> None:
    after = _state(drive)
    plain, personal = (
        {n: (before.get(n), after[n]) for n in names if (before.get(n) or None) != (after[n] or None)}
        for names in (_PLAIN, _PERSONAL)
    )
    audit.record(
        actor, action, "test_drive", drive.id, plain, {**personal, **(numbers or {})}, subject_id=drive.customer_id
    )
