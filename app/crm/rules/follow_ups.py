"""What is true of follow-ups: what is to be done next, and how they are called."""

from __future__ import annotations

from enum import StrEnum

from app.core.errors import N_


class FollowUpKind(StrEnum):
    """What is to be done."""

    CALL = "call"
    MESSAGE = "message"
    APPOINTMENT = "appointment"
    PAPERS = "papers"
    OTHER = "other"


FOLLOW_UP_LABELS = {
    FollowUpKind.CALL.value: N_("Call"),
    FollowUpKind.MESSAGE.value: N_("Message"),
    FollowUpKind.APPOINTMENT.value: N_("Appointment"),
    FollowUpKind.PAPERS.value: N_("Papers"),
    FollowUpKind.OTHER.value: N_("Other step"),
}
