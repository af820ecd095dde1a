"""What happened in the CRM, in the past tense; handled in the same transaction by the table in wiring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.errors import N_
from app.core.jobs.topics import Topic, declare_topic

_GROUP = N_("Leads")
LEAD_ASSIGNED = declare_topic(
    Topic(
        key="lead.assigned", label=N_("A lead is yours"), sentence=N_("This lead is yours: {subject}"),
        general=N_("A lead was assigned to you"), group=_GROUP, icon="users", tone="amber", action=N_("Answer"),
    )
)  # fmt: skip
LEAD_UNANSWERED = declare_topic(
    Topic(
        key="lead.unanswered", label=N_("A lead waits too long"), sentence=N_("Nobody has answered: {subject}"),
        general=N_("A lead waits for an answer"), group=_GROUP, icon="users", tone="red", action=N_("Answer"),
    )
)  # fmt: skip
FOLLOW_UP_DUE = declare_topic(
    Topic(
        key="followup.due", label=N_("A follow-up is due"), sentence=N_("Due now: {subject}"),
        general=N_("A follow-up is due"), group=_GROUP, icon="clock", tone="amber", action=N_("Open"),
    )
)  # fmt: skip


@dataclass(frozen=True)
class CustomerCreated:
    """A customer was added."""

    customer_id: UUID


@dataclass(frozen=True)
class ActivityLogged:
    """Something was done with a customer, now or earlier."""

    activity_id: UUID
    customer_id: UUID


@dataclass(frozen=True)
class ActivitiesLogged:
    """Several things were done with one customer; one event for all of them."""

    activity_ids: tuple[UUID, ...]
    customer_id: UUID


@dataclass(frozen=True)
class ActivityChanged:
    """A logged activity was corrected, its time perhaps too."""

    activity_id: UUID
    customer_id: UUID


@dataclass(frozen=True)
class ActivityDeleted:
    """A logged activity was taken back."""

    activity_id: UUID
    customer_id: UUID


@dataclass(frozen=True)
class LeadReceived:
    """An enquiry came in."""

    lead_id: UUID
    store_id: UUID
    received_at: datetime


@dataclass(frozen=True)
class LeadAssigned:
    """A lead became somebody's; `by` is who decided, None where it was the rotation."""

    lead_id: UUID
    assignee_id: UUID
    before_id: UUID | None
    by: UUID | None


@dataclass(frozen=True)
class LeadAnswered:
    """Somebody of ours has tried to reach the person for the first time."""

    lead_id: UUID


@dataclass(frozen=True)
class LeadUnanswered:
    """The time in which the store wants to answer is over, and nobody has tried."""

    lead_id: UUID
    store_id: UUID
    assignee_id: UUID | None


@dataclass(frozen=True)
class LeadLost:
    """An enquiry came to nothing, for the stated reason."""

    lead_id: UUID
    reason: str


@dataclass(frozen=True)
class LeadWon:
    """A vehicle was delivered to whoever asked."""

    lead_id: UUID


@dataclass(frozen=True)
class FollowUpDue:
    """The moment of a follow-up that is not done has come."""

    follow_up_id: UUID
    assignee_id: UUID


@dataclass(frozen=True)
class FollowUpDone:
    """It was done, or is not to be done any more."""

    follow_up_id: UUID
