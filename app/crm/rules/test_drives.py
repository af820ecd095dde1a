"""What is true of test drives: where one stands, and whether the driver's licence lets him drive."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from app.core.errors import N_


class DriveState(StrEnum):
    """Where a test drive stands; it says so by its moments and holds no status of its own."""

    PLANNED = "planned"
    OUT = "out"
    BACK = "back"
    CANCELLED = "cancelled"


DRIVE_LABELS = {
    DriveState.PLANNED.value: N_("Planned"),
    DriveState.OUT.value: N_("Out now"),
    DriveState.BACK.value: N_("Back"),
    DriveState.CANCELLED.value: N_("Called off"),
}


def state_of(out_at: datetime | None, back_at: datetime | None, cancelled_at: datetime | None) -> DriveState:
    """Where a drive with these moments stands."""
    if cancelled_at is not None:
        return DriveState.CANCELLED
    if back_at is not None:
        return DriveState.BACK
    return DriveState.PLANNED if out_at is None else DriveState.OUT


def is_valid(valid_until: date | None, today: date) -> bool:
    """Whether a licence may be driven with on a day, its last one included; without an end it may."""
    return valid_until is None or today <= valid_until
