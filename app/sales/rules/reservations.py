"""What is true of reservations: how one ends, and whether it still keeps its unit."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from app.core.errors import N_


class Release(StrEnum):
    """Why a unit is kept no longer."""

    SOLD = "sold"
    RELEASED = "released"
    EXPIRED = "expired"
    DEAL_ENDED = "deal_ended"


RELEASE_LABELS = {
    Release.SOLD.value: N_("Sold"),
    Release.RELEASED.value: N_("Released"),
    Release.EXPIRED.value: N_("Expired"),
    Release.DEAL_ENDED.value: N_("Deal ended"),
}


def is_live(expires_at: datetime, released_at: datetime | None, now: datetime) -> bool:
    """Whether it keeps the unit: until its moment, and not an instant longer, whether anybody has noticed or not."""
    return released_at is None and now < expires_at
