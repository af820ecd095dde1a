"""Whether the deal's unit is kept: for this deal, or for another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.guard.permissions import Actor, covers
from app.core.http.problems import sentence
from app.core.money import plain_amount
from app.sales.models import Deal
from app.sales.operations import reservations
from app.sales.operations.holders import reserved_for
from app.sales.queries import policies
from app.sales.rules.policies import PolicyKind, reservation_terms
from app.sales.rules.status import CLAIMING, ENDED
from app.sales.views.panels.parts import Panel


def _fill(actor: Actor, deal: Deal) -> Mapping[str, Any] | None:
    if deal.status in ENDED or deal.status in CLAIMING:
        return None
    kept = reservations.find_live(deal.stock_unit_id)
    policy = policies.in_force(deal.store_id, PolicyKind.RESERVATION) if kept is None else None
    terms = reservation_terms(policy.body if policy else None)
    is_own = kept is not None and kept.deal_id == deal.id
    other = sentence(reserved_for(kept.deal_id, kept.made_by, kept.expires_at)) if kept and not is_own else None
    return {
        "kept": kept if is_own else None,
        "other": other,
        "days": terms.days,
        "deposit": plain_amount(terms.deposit, deal.currency),
        "currency": deal.currency,
        "may_edit": covers(actor, "deal.edit", owner_id=deal.salesperson_id, store_id=deal.store_id),
    }


PANEL = Panel("sales/panels/reservation.html", "side", _fill)
