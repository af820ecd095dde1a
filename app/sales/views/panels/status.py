"""Where a deal stands: the next step and what is missing for it, and who else has the unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from app.core.guard.permissions import Actor, covers
from app.core.http.problems import sentence
from app.sales import queries
from app.sales.lists import STATUS_LABELS
from app.sales.models import Deal
from app.sales.operations.holders import held_by
from app.sales.operations.moving import missing_for
from app.sales.operations.snapshots import list_snapshots
from app.sales.rules.guards import Step, steps_between
from app.sales.rules.status import AGREED, CLAIMING, ENDED, DealStatus, moves_from
from app.sales.views.panels.parts import Panel
from app.tenants import queries as tenants

_FORWARD = {
    DealStatus.WORKING: (DealStatus.PENDING, DealStatus.SOLD),
    DealStatus.PENDING: (DealStatus.SOLD,),
    DealStatus.SOLD: (DealStatus.BOOKED,),
    DealStatus.BOOKED: (DealStatus.FINALIZED,),
}


def _fill(actor: Actor, deal: Deal) -> Mapping[str, Any] | None:
    status = DealStatus(deal.status)
    if status in ENDED:
        return None
    may_edit = covers(actor, "deal.edit", owner_id=deal.salesperson_id, store_id=deal.store_id)
    ways = [step for step in _FORWARD.get(status, ()) if step in moves_from(status, delivered=bool(deal.delivered_on))]
    moves = []
    for way in ways:
        missing = missing_for(actor, deal, steps_between(status, way))
        moves.append(
            {
                "status": way.value,
                "label": gettext(STATUS_LABELS[way.value]),
                "missing": [sentence(item.refusal) for item in missing],
            }
        )
    to_deliver = []
    if deal.delivered_on is None and status in AGREED:
        to_deliver = [sentence(item.refusal) for item in missing_for(actor, deal, (Step.DELIVERED,))]
    other = queries.find_claiming_deal(deal.stock_unit_id) if status not in CLAIMING else None
    promised = tenants.get_user_name(deal.promised_by) if deal.promised_by else None
    return {
        "moves": moves,
        "to_deliver": to_deliver,
        "held": sentence(held_by(other)) if other is not None else None,
        "promised_at": deal.promised_at,
        "promised_by": promised,
        "may_edit": may_edit,
        "may_correct": may_edit and status in AGREED,
        "snapshots": len(list_snapshots(deal.id)) if status in AGREED else 0,
        "version": deal.version,
        "imported": deal.imported,
    }


PANEL = Panel("sales/panels/status.html", "side", _fill)
