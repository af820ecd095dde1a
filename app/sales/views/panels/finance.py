"""The card of a deal's applications to lenders and insurers."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from app.core.db.ids import to_public
from app.core.guard.permissions import Actor, covers
from app.sales.models import Deal
from app.sales.queries import applications
from app.sales.rules.financing import STATUS_LABELS, open_stipulations
from app.sales.rules.status import ENDED
from app.sales.views.panels.parts import Panel


def _fill(actor: Actor, deal: Deal) -> dict[str, Any] | None:
    """The deal's applications, the latest first; nothing for who may not see them here."""

    def allowed(permission: str) -> bool:
        return covers(actor, permission, owner_id=deal.salesperson_id, store_id=deal.store_id)

    if not allowed("application.see"):
        return None
    return {
        "currency": deal.currency,
        "deal_id": to_public("deal", deal.id),
        "rows": [
            {
                "found": found,
                "id": to_public("app", found.id),
                "partner": gettext(found.partner_name),
                "status": gettext(STATUS_LABELS[found.status]),
                "waits": len(open_stipulations(found.stipulations)),
            }
            for found in applications.list_applications(deal.id)
        ],
        "funded_on": deal.funded_on,
        "may_ask": deal.status not in ENDED and deal.customer_id is not None and allowed("application.create"),
    }


PANEL = Panel("sales/panels/finance.html", "work", _fill)
