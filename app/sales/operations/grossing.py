"""Keeping the gross of agreed deals: counted when a deal is agreed, and again whenever what it hangs on changes."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from app.core.db import db
from app.core.guard import audit
from app.core.guard.permissions import system_actor
from app.inventory.events import UnitCostChanged
from app.sales.models import Deal
from app.sales.queries.grossing import count_gross
from app.sales.rules.status import AGREED

_SYSTEM = system_actor("gross")
_NOTHING = dict.fromkeys(("front_gross", "back_gross", "gross_policy_id", "sold_cost", "late_cost"))


class DealEvent(Protocol):
    """An event about a deal."""

    @property
    def deal_id(self) -> uuid.UUID:
        """Which deal it is."""


def note_deal(event: DealEvent) -> None:
    """Handler of every event after which a deal may earn something else; one that was deleted earns nothing."""
    refresh_gross(event.deal_id)


def note_cost(event: UnitCostChanged) -> None:
    """Handler of UnitCostChanged: the agreed deal of the unit earns more or less."""
    asked = select(Deal.id).where(Deal.stock_unit_id == event.unit_id, Deal.status.in_(sorted(AGREED)))
    for deal_id in db.session.scalars(asked):
        refresh_gross(deal_id)


def refresh_gross(deal_id: uuid.UUID) -> None:
    """Write the gross of an agreed deal as it is now; any other deal has none.

    The deal's version stays what it is: nobody typed this. What changes after it was counted first is told in the
    audit; a cost that comes after the delivery is flagged (`late_cost`).
    """
    deal = db.session.get(Deal, deal_id)
    if deal is None:
        return
    values = _values(deal) if deal.status in AGREED else dict(_NOTHING)
    before = {name: getattr(deal, name) for name in values}
    if values == before:
        return
    table = Deal.__table__
    db.session.execute(
        table.update()
        .where(table.c.id == deal_id)
        .values(**values, updated_at=table.c.updated_at)
    )
    for name, value in values.items():
        set_committed_value(deal, name, value)
    db.session.expire(deal, ["total_gross"])
    if before["back_gross"] is not None:
        changes = {name: (before[name], values[name]) for name in ("front_gross", "back_gross", "late_cost")}
        audit.record(_SYSTEM, "deal.gross", "deal", deal_id, changes=changes)


def _values(deal: Deal) -> dict[str, Any]:
    counted = count_gross(deal)
    sold_cost = None
    if deal.delivered_on is not None:
        sold_cost = counted.cost if deal.sold_cost is None else deal.sold_cost
    return {
        "front_gross": counted.gross.front,
        "back_gross": counted.gross.back,
        "gross_policy_id": counted.policy_id,
        "sold_cost": sold_cost,
        "late_cost": _late(sold_cost, counted.cost),
    }


def _late(sold_cost: Decimal | None, cost: Decimal | None) -> Decimal | None:
    """What was added to the cost after the delivery, or taken from it; None where nothing was."""
    if sold_cost is None or cost is None or cost == sold_cost:
        return None
    return cost - sold_cost
