"""The card that says whose a deal is and in which parts, for whoever decides how people are paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.guard.permissions import Actor, covers
from app.sales.models import Deal
from app.sales.queries.pay import shares_of
from app.sales.rules.status import DealStatus
from app.sales.views.panels.parts import Panel
from app.tenants import queries as tenants

ROWS = 3


def _fill(actor: Actor, deal: Deal) -> Mapping[str, Any] | None:
    may_edit = covers(actor, "commission.edit", owner_id=None, store_id=deal.store_id)
    if not may_edit or deal.status in (DealStatus.LOST, DealStatus.UNWOUND):
        return None
    shares = [(str(user), f"{share.normalize():f}") for user, share in shares_of(deal).items()]
    people = [(str(user.id), user.name) for user in tenants.list_active_users()]
    names = dict(people)
    return {
        # Somebody who has left since is named by nothing but his part.
        "shared": [(names.get(user, "…"), share) for user, share in shares],
        "rows": [*shares, *([("", "")] * (ROWS - len(shares)))],
        "house": bool((deal.shares or {}).get("house")),
        "people": people,
    }


PANEL = Panel("sales/panels/shares.html", "side", _fill)
