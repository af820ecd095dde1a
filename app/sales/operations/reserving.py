"""Reserving and releasing the unit of a deal, for whoever may edit the deal."""

from __future__ import annotations

import uuid
from decimal import Decimal

from app.core.guard.permissions import Actor
from app.sales.models import Deal
from app.sales.operations import reservations
from app.sales.operations.deals import load_deal


def reserve(
    *,
    actor: Actor,
    deal_id: uuid.UUID,
    version: int | None = None,
    days: int | None = None,
    deposit: Decimal | None = None,
) -> Deal:
    """Keep the deal's unit for it; as `reservations.reserve_unit`."""
    deal = load_deal(actor, deal_id, version, "deal.edit")
    reservations.reserve_unit(actor=actor, deal=deal, days=days, deposit=deposit)
    return deal


def release(*, actor: Actor, deal_id: uuid.UUID, version: int | None = None) -> Deal:
    """Let the deal's unit go; raises NotReserved."""
    deal = load_deal(actor, deal_id, version, "deal.edit")
    reservations.release_unit(actor=actor, deal=deal)
    return deal
