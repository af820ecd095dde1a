"""Appraising cars: the walk-round and its figures, and how people agree to what a car is worth."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.violations import is_reference
from app.core.errors import FieldError, Invalid, NotFound, Stale
from app.core.guard import audit, undo
from app.core.guard.permissions import Actor, check
from app.core.guard.policy import policy_for
from app.core.lists import search
from app.core.money import round_amount
from app.inventory import errors, queries
from app.inventory.errors import AppraisalDecided, AppraisalMoveNotAllowed, AppraisalReferredTo, SecondPersonNeeded
from app.inventory.models import Appraisal, Photo
from app.inventory.operations import photos, valuing
from app.inventory.operations.odometers import take_reading
from app.inventory.queries import appraisals as asking
from app.inventory.rules import appraisals as rules
from app.inventory.rules.appraisals import AppraisalStatus
from app.inventory.rules.odometer import OdometerStatus
from app.tenants import queries as tenants

_DECISION = ("submitted_at", "decided_by", "decided_at", "decline_reason")
_WORDS = ("note", "decline_reason")


def create_appraisal(*, actor: Actor, vehicle_id: uuid.UUID, store_id: uuid.UUID, **found: Any) -> Appraisal:
    """Begin to appraise a car at a store; `found` holds what is known already, as for `edit_appraisal`.

    Raises NotFound and Invalid naming every bad field.
    """
    check(actor, "appraisal.create", owner_id=actor.user_id, store_id=store_id)
    vehicle = queries.get_vehicle(actor, vehicle_id, lock=True)
    try:
        is_open = tenants.get_store(store_id).closed_at is None
    except NotFound:
        is_open = False
    if not is_open:
        raise Invalid([FieldError("store_id", "unknown_choice", errors.UNKNOWN_CHOICE)])
    appraisal = Appraisal(
        vehicle_id=vehicle.id,
        store_id=store_id,
        appraiser_id=actor.user_id,
        status=AppraisalStatus.DRAFT.value,
        condition={},
        comparables=[],
        currency=current_tenant().currency,
    )
    _take(actor, appraisal, found)
    db.session.add(appraisal)
    db.session.flush()
    _note(actor, "appraisal.create", appraisal, {})
    search.refresh("appraisal", [appraisal.id], new=True)
    return appraisal


def edit_appraisal(*, actor: Actor, appraisal_id: uuid.UUID, version: int, **found: Any) -> Appraisal:
    """Write down any of odometer (with odometer_unit and odometer_reason), condition, comparables, recon_estimate,
    acv, valid_until and note; what is not named stays. Other figures than those that were agreed to make it a draft.

    Raises Invalid, FieldClosed for an amount that is kept from the actor, and Stale.
    """
    appraisal = _load(actor, appraisal_id, version, "appraisal.edit")
    before = valuing.state_of(appraisal)
    _take(actor, appraisal, found)
    changed = [name for name in valuing.FIGURES if getattr(appraisal, name) != before[name]]
    if not changed and appraisal.note == before["note"]:
        return appraisal
    if changed and appraisal.status != AppraisalStatus.DRAFT:
        appraisal.status = AppraisalStatus.DRAFT.value
        for name in _DECISION:
            setattr(appraisal, name, None)
    db.session.flush()
    _note(actor, "appraisal.edit", appraisal, before)
    kept = {name: before[name] for name in found if name in before and name not in ("odometer", "odometer_unit")}
    if kept:
        payload = {"id": appraisal.id, "version": appraisal.version, "name": "", "before": kept}
        undo.offer(actor, "appraisal.edit", payload)
    return appraisal


def submit_appraisal(*, actor: Actor, appraisal_id: uuid.UUID, version: int) -> Appraisal:
    """Ask for agreement to the figures as they are; raises Invalid without a value, AppraisalMoveNotAllowed, Stale."""
    appraisal = _load(actor, appraisal_id, version, "appraisal.edit")
    before = valuing.state_of(appraisal)
    _check_move(appraisal, AppraisalStatus.SUBMITTED)
    today = clock.today(tenants.get_store(appraisal.store_id).timezone)
    if appraisal.valid_until is None:
        appraisal.valid_until = rules.usual_end(today)
    problems = valuing.end_problems(appraisal.valid_until, today)
    if appraisal.acv is None:
        problems.append(FieldError("acv", "required", errors.ACV_REQUIRED))
    if problems:
        raise Invalid(problems)
    appraisal.status, appraisal.submitted_at = AppraisalStatus.SUBMITTED.value, clock.now()
    db.session.flush()
    _note(actor, "appraisal.submit", appraisal, before)
    return appraisal


def approve_appraisal(*, actor: Actor, appraisal_id: uuid.UUID, version: int) -> Appraisal:
    """Agree to exactly the figures of this version. Of two who do so at once the second is told that it is done.

    Raises SecondPersonNeeded above the limit for whoever appraised the car or named its value, FieldClosed for
    somebody who does not see the value, Invalid once it has run out, AppraisalMoveNotAllowed and Stale.
    """
    appraisal = _load(actor, appraisal_id, version, "appraisal.approve")
    policy_for(actor).check_write("appraisal", "acv", field="acv")
    before = valuing.state_of(appraisal)
    _check_move(appraisal, AppraisalStatus.APPROVED)
    today = clock.today(tenants.get_store(appraisal.store_id).timezone)
    problems = valuing.end_problems(appraisal.valid_until, today)
    if appraisal.acv is None:
        problems.append(FieldError("acv", "required", errors.ACV_REQUIRED))
    if problems:
        raise Invalid(problems)
    above = rules.two_people_above(appraisal.currency)
    is_second = rules.is_second_person(actor.user_id, appraisal.appraiser_id, appraisal.valued_by)
    if appraisal.acv is not None and rules.needs_second_person(appraisal.acv, above) and not is_second:
        raise SecondPersonNeeded(limit=f"{round_amount(above, appraisal.currency)} {appraisal.currency}")
    appraisal.status = AppraisalStatus.APPROVED.value
    appraisal.decided_by, appraisal.decided_at = actor.user_id, clock.now()
    db.session.flush()
    _note(actor, "appraisal.approve", appraisal, before)
    return appraisal


def decline_appraisal(*, actor: Actor, appraisal_id: uuid.UUID, version: int, reason: str) -> Appraisal:
    """Refuse the figures, or take an agreement back, with a reason; raises Invalid, AppraisalMoveNotAllowed, Stale."""
    appraisal = _load(actor, appraisal_id, version, "appraisal.approve")
    if not reason.strip():
        raise Invalid([FieldError("reason", "required", errors.REQUIRED)])
    before = valuing.state_of(appraisal)
    _check_move(appraisal, AppraisalStatus.DECLINED)
    appraisal.status = AppraisalStatus.DECLINED.value
    appraisal.decided_by, appraisal.decided_at = actor.user_id, clock.now()
    appraisal.decline_reason = reason.strip()
    db.session.flush()
    _note(actor, "appraisal.decline", appraisal, before)
    return appraisal


def delete_appraisal(*, actor: Actor, appraisal_id: uuid.UUID, version: int | None = None) -> None:
    """Delete one that nobody has decided on, with its photos; raises AppraisalDecided, AppraisalReferredTo, Stale."""
    appraisal = asking.get_appraisal(actor, appraisal_id, lock=True)
    check(actor, "appraisal.delete", owner_id=appraisal.appraiser_id, store_id=appraisal.store_id)
    if version is not None and appraisal.version != version:
        raise Stale
    if appraisal.status not in (AppraisalStatus.DRAFT, AppraisalStatus.SUBMITTED):
        raise AppraisalDecided
    before = valuing.told(appraisal)
    photos.drop_photos(db.session.scalars(select(Photo).where(Photo.appraisal_id == appraisal_id)).all())
    db.session.delete(appraisal)
    try:
        db.session.flush()
    except IntegrityError as error:
        if is_reference(error):
            raise AppraisalReferredTo from error
        raise
    _tell(actor, "appraisal.delete", appraisal_id, {name: (value, None) for name, value in before.items()})
    search.refresh("appraisal", [appraisal_id])


def _load(actor: Actor, appraisal_id: uuid.UUID, version: int, permission: str) -> Appraisal:
    appraisal = asking.get_appraisal(actor, appraisal_id, lock=True)
    check(actor, permission, owner_id=appraisal.appraiser_id, store_id=appraisal.store_id)
    if appraisal.version != version:
        raise Stale
    return appraisal


def _check_move(appraisal: Appraisal, wanted: AppraisalStatus) -> None:
    if not rules.may_become(AppraisalStatus(appraisal.status), wanted):
        raise AppraisalMoveNotAllowed(before=appraisal.status, after=wanted.value)


def _take(actor: Actor, appraisal: Appraisal, found: Mapping[str, Any]) -> None:
    """Put what was found onto the appraisal, and a new reading onto its car; raises Invalid."""
    unknown = found.keys() - {*valuing.FIGURES, "note", "odometer_reason"}
    if unknown:
        raise TypeError(f"an appraisal has no {sorted(unknown)}")
    today = clock.today(tenants.get_store(appraisal.store_id).timezone)
    taken, problems = valuing.checked(actor, appraisal, found, today)
    if problems:
        raise Invalid(problems)
    reading, unit = taken.get("odometer", appraisal.odometer), taken.get("odometer_unit", appraisal.odometer_unit)
    if reading is not None and (reading, unit) != (appraisal.odometer, appraisal.odometer_unit):
        _read_odometer(actor, appraisal, reading, str(unit), found.get("odometer_reason"))
    money_before = appraisal.acv, appraisal.recon_estimate
    for name, value in taken.items():
        setattr(appraisal, name, value)
    if (appraisal.acv, appraisal.recon_estimate) != money_before:
        appraisal.valued_by = actor.user_id


def _read_odometer(actor: Actor, appraisal: Appraisal, reading: int, unit: str, reason: str | None) -> None:
    vehicle = queries.get_vehicle(actor, appraisal.vehicle_id, lock=True)
    if (vehicle.odometer, vehicle.odometer_unit) == (reading, unit):
        return
    try:
        take_reading(actor, vehicle, reading, unit, OdometerStatus.UNKNOWN.value, None, reason)
    except Invalid as refusal:
        names = {"reading": "odometer", "unit": "odometer_unit", "reason": "odometer_reason"}
        raise Invalid(
            [FieldError(names.get(e.field, e.field), e.code, e.message, e.params) for e in refusal.errors]
        ) from refusal


def _note(actor: Actor, action: str, appraisal: Appraisal, before: Mapping[str, Any]) -> None:
    now, then = valuing.told(appraisal), valuing.in_words(before)
    _tell(actor, action, appraisal.id, {name: (then.get(name), value) for name, value in now.items()})


def _tell(actor: Actor, action: str, appraisal_id: uuid.UUID, changes: dict[str, audit.Change]) -> None:
    """Words go under a key of the appraisal, which is destroyed when whoever brought the car is erased."""
    said = {name: changes.pop(name) for name in _WORDS if name in changes}
    audit.record(actor, action, "appraisal", appraisal_id, changes, said, subject_id=appraisal_id)
