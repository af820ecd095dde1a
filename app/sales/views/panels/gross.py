"""The gross card: what the deal earns, line by line under the policy it is counted by, for whoever may see margins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.errors import N_
from app.core.guard.permissions import Actor, covers
from app.core.guard.policy import Sight, policy_for
from app.core.money import plain_amount
from app.sales.models import Deal
from app.sales.queries.grossing import count_gross
from app.sales.rules.gross import Part
from app.sales.rules.status import ENDED
from app.sales.views.panels.parts import Panel
from app.sales.views.settings.gross import COUNTS

# What the lines of a recap are called; a line of a worksheet has its own name beside it.
LINES = {
    "selling_price": N_("Selling price"),
    "vehicle_cost": N_("Cost of the car"),
    "included_tax": N_("Tax inside the price"),
    "over_allowance": N_("Over-allowance"),
    # The same line where the car is worth more than was given for it.
    "under_allowance": N_("Under-allowance"),
    "extra": N_("Extra the store pays for"),
    "accessory": N_("Accessory"),
    "fee": N_("Fee"),
    "holdback": N_("Holdback"),
    "pack": N_("Pack"),
    "reserve": N_("Finance reserve"),
    "product": N_("Product"),
    "chargeback": N_("Chargeback"),
}


def _fill(actor: Actor, deal: Deal) -> Mapping[str, Any] | None:
    policy = policy_for(actor)
    if policy.field("deal", "front_gross") is not Sight.VISIBLE or deal.status in ENDED:
        return None
    counted = count_gross(deal)
    sees_cost = policy.field("stock_unit", "cost") is Sight.VISIBLE
    may_correct = (
        sees_cost
        and deal.delivered_on is not None
        and covers(actor, "stock.edit", owner_id=None, store_id=deal.store_id)
    )
    return {
        "gross": counted.gross,
        # The lines name costs; without a right over those only the sums are told.
        "front": [line for line in counted.gross.lines if line.part is Part.FRONT] if sees_cost else [],
        "back": [line for line in counted.gross.lines if line.part is Part.BACK] if sees_cost else [],
        "is_expected": deal.back_gross is None,
        "late_cost": deal.late_cost if sees_cost else None,
        "cost": plain_amount(counted.cost, deal.currency) if may_correct and counted.cost is not None else "",
        "may_correct": may_correct,
        "labels": LINES,
        "counts": COUNTS,
        "currency": deal.currency,
    }


PANEL = Panel("sales/panels/gross.html", "side", _fill)
