"""Whom a deal is booked for, and that the vehicle was handed over before it is final."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.errors import DomainError
from app.core.guard.permissions import Actor
from app.sales.errors import CustomerMissing, DeliveryMissing
from app.sales.models import Deal
from app.sales.operations.guards.parts import Guard
from app.sales.rules.guards import Step
from app.sales.rules.status import DealType


def _missing(_actor: Actor, deal: Deal, step: Step) -> Sequence[DomainError]:
    # At an auction nobody asks who bids.
    if step is Step.BOOKED and deal.customer_id is None and deal.deal_type != DealType.WHOLESALE:
        return [CustomerMissing(field="customer_id")]
    if step is Step.FINALIZED and deal.delivered_on is None:
        return [DeliveryMissing(field="delivered_on")]
    return []


GUARD = Guard("parties", frozenset({Step.BOOKED, Step.FINALIZED}), _missing)
