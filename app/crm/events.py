"""What happened in the CRM, in the past tense; handled in the same transaction by the table in wiring."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


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
