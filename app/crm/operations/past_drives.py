"""Test drives that have taken place: written on paper then, entered here afterwards."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from app.core import clock
from app.core.db import db
from app.core.errors import FieldError, Invalid
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.crm import errors
from app.crm.models import TestDrive
from app.crm.operations import activities, pipeline
from app.crm.operations.test_drives import plan_test_drive
from app.crm.rules.customers import ActivityType, is_too_late

_MOMENTS = ("licence_checked_by", "licence_checked_at", "out_at", "back_at")


def log_test_drive(
    *,
    actor: Actor,
    customer_id: uuid.UUID,
    stock_unit_id: uuid.UUID,
    out_at: datetime,
    back_at: datetime,
    lead_id: uuid.UUID | None = None,
    salesperson_id: uuid.UUID | None = None,
    licence_valid_until: date | None = None,
    note: str = "",
) -> TestDrive:
    """Write down a drive that is over, whose licence the salesperson saw; it enters the timeline at its own time.

    Raises Invalid for moments out of order or still to come, and whatever planning a drive raises.
    """
    if back_at < out_at or is_too_late(back_at, clock.now()):
        raise Invalid([FieldError("back_at", "in_future", errors.IN_FUTURE)])
    drive = plan_test_drive(
        actor=actor, customer_id=customer_id, stock_unit_id=stock_unit_id, planned_at=out_at, lead_id=lead_id,
        salesperson_id=salesperson_id, note=note, is_over=True,
    )  # fmt: skip
    check(actor, "test_drive.edit", owner_id=drive.salesperson_id, store_id=drive.store_id)
    drive.licence_checked_by, drive.licence_checked_at = drive.salesperson_id, out_at
    drive.licence_valid_until = licence_valid_until
    drive.out_at, drive.back_at = out_at, back_at
    db.session.flush()
    changes = {name: (None, getattr(drive, name)) for name in _MOMENTS}
    personal = {"licence_valid_until": (None, licence_valid_until)} if licence_valid_until else {}
    audit.record(actor, "test_drive.back", "test_drive", drive.id, changes, personal, subject_id=customer_id)
    activities.note_deed(actor, customer_id, ActivityType.TEST_DRIVE, out_at, drive.salesperson_id, drive.store_id)
    if lead_id is not None:
        pipeline.note_visit(actor, lead_id)
    return drive
