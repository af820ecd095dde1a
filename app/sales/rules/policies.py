"""Store policies as values: which kinds there are, and what those of approval and of reservations say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID


class PolicyKind(StrEnum):
    """What a policy is about; each has a body of its own shape."""

    APPROVAL = "approval"
    GROSS = "gross"
    DOCUMENTS = "documents"
    FEES = "fees"
    RESERVATION = "reservation"


@dataclass(frozen=True)
class Policy:
    """A version of a policy as it was set; nobody changes one, a later one takes its place from its day on."""

    id: UUID
    kind: PolicyKind
    store_id: UUID | None
    number: int
    effective_from: date
    body: Mapping[str, Any]


@dataclass(frozen=True)
class ReservationTerms:
    """For how many days a unit is kept for somebody, and the deposit that is asked for."""

    days: int
    deposit: Decimal


LONGEST_RESERVATION = 365
# Where a store has said nothing.
DEFAULT_RESERVATION = ReservationTerms(7, Decimal(0))


def reservation_terms(body: Mapping[str, Any] | None) -> ReservationTerms:
    """What the policy's body says of reservations."""
    if body is None:
        return DEFAULT_RESERVATION
    return ReservationTerms(int(body["days"]), Decimal(body["deposit"]))


def as_stored(value: Any) -> Any:
    """A body as it is stored: amounts as exact texts, without what is not said."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {str(key): as_stored(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [as_stored(item) for item in value]
    return value
