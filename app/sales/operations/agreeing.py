"""Bringing a deal in work to where it is sold, by one press or by the buyer's signature."""

from __future__ import annotations

import uuid

from app.core.guard.permissions import Actor, covers
from app.sales import queries
from app.sales.operations import many
from app.sales.operations.moving import missing_for
from app.sales.rules.guards import steps_between
from app.sales.rules.status import AGREED, ENDED, DealStatus


def agree(actor: Actor, deal_id: uuid.UUID) -> None:
    """The deal is sold; raises what `edit_deal` raises."""
    many.move_status(actor, deal_id, {"to_status": DealStatus.SOLD.value})


def agree_if_ready(actor: Actor, deal_id: uuid.UUID) -> bool:
    """The deal is sold where this person may say so and nothing is missing; otherwise it stays where it stands."""
    deal = queries.get_deal(actor, deal_id, lock=True)
    if deal.status in AGREED or deal.status in ENDED:
        return False
    if not covers(actor, "deal.edit", owner_id=deal.salesperson_id, store_id=deal.store_id):
        return False
    other = queries.find_claiming_deal(deal.stock_unit_id)
    if other is not None and other.id != deal_id:
        return False
    if missing_for(actor, deal, steps_between(DealStatus(deal.status), DealStatus.SOLD)):
        return False
    agree(actor, deal_id)
    return True
