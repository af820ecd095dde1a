"""What can be done to many deals at once: each of these does it to one, as its form would."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from app.core.guard.permissions import Actor
from app.core.lists.bulk.changing import Unchanged
from app.sales import queries
from app.sales.errors import DealMoveNotAllowed
from app.sales.operations import deals
from app.sales.rules.status import STATUS_LABELS

_KEPT = ("price", "discount", "customer_id", "salesperson_id", "deal_type", "status", "sold_on", "delivered_on", "note")


def assign(actor: Actor, deal_id: uuid.UUID, values: Mapping[str, Any]) -> None:
    """Give the deal to another salesperson, or to nobody; raises DealIsEnded for an unwound one, and Unchanged."""
    _change(actor, deal_id, salesperson_id=values["salesperson_id"])


def move_status(actor: Actor, deal_id: uuid.UUID, values: Mapping[str, Any]) -> None:
    """Bring the deal to another status; raises DealMoveNotAllowed and Unchanged, and what stands in a unit's way."""
    try:
        _change(actor, deal_id, status=values["to_status"])
    except DealMoveNotAllowed as refusal:
        refusal.params = {name: STATUS_LABELS[value] for name, value in refusal.params.items()}
        raise


def _change(actor: Actor, deal_id: uuid.UUID, **wanted: Any) -> None:
    deal = queries.get_deal(actor, deal_id, lock=True)
    if all(getattr(deal, name) == value for name, value in wanted.items()):
        raise Unchanged
    values = {name: getattr(deal, name) for name in _KEPT} | wanted
    deals.edit_deal(actor=actor, deal_id=deal_id, version=deal.version, **values)
