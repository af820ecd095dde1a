"""What the finance office can offer in this deal, and what stands against the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from app.core.db.ids import to_public
from app.core.guard.permissions import Actor, allows, covers
from app.sales.models import Deal
from app.sales.queries import catalogue, sheets
from app.sales.queries.cases import case_of
from app.sales.rules.catalogue import KIND_LABELS, LENDING, REASON_LABELS, Product, Reason
from app.sales.views.panels.parts import Panel


def fill(actor: Actor, deal: Deal) -> Mapping[str, Any] | None:
    """The offers of the day for a deal whose figures may still change."""
    if sheets.is_frozen(deal) or not allows(actor, "fi_product.see"):
        return None
    if not covers(actor, "deal.edit", owner_id=deal.salesperson_id, store_id=deal.store_id):
        return None
    desk = sheets.desk_of(actor, deal)
    found = catalogue.offers_for(case_of(actor, deal, desk))
    if not found:
        return None
    taken = {item.line.label for item in desk.lines}
    shown = [
        {
            "id": to_public("fip", offer.id),
            "product": offer.product,
            "kind": gettext(KIND_LABELS[offer.product.kind.value]),
            "provider": offer.provider,
            "is_lending": offer.product.kind in LENDING,
            "taken": offer.product.name in taken,
            "against": [_words(offer.product, reason) for reason in offer.against],
        }
        for offer in found
    ]
    return {
        "public_id": to_public("deal", deal.id),
        "currency": desk.currency,
        "offers": [item for item in shown if not item["against"]],
        "closed": [item for item in shown if item["against"]],
    }


def _words(product: Product, reason: Reason) -> str:
    asked = product.eligibility
    values = {
        "since": product.since, "until": product.until, "max_age_years": asked.max_age_years,
        "max_odometer": asked.max_odometer, "min_amount": asked.min_amount, "max_amount": asked.max_amount,
    }  # fmt: skip
    return gettext(REASON_LABELS[reason]).format(**values)


PANEL = Panel("sales/panels/catalogue.html", "side", fill)
