"""Approvals of a deal's figures: whether one is needed, who could give it, and those there have been."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext

from app.core.db.ids import to_public
from app.core.guard.permissions import Actor, covers
from app.sales.models import Deal
from app.sales.operations.approvals import is_outdated, seen_mark
from app.sales.queries import approvals, figures
from app.sales.rules.approvals import LIMIT_LABELS, REQUEST_LABELS, RequestState, exceeded
from app.sales.rules.status import ENDED
from app.sales.views.panels.parts import Panel
from app.tenants import queries as tenants


def _fill(actor: Actor, deal: Deal) -> Mapping[str, Any] | None:
    rows = approvals.list_approvals(deal.id)
    limits = approvals.limits_at(actor, deal.store_id)
    beyond = exceeded(figures.measured_figures(deal), limits) if approvals.is_bound(limits) else ()
    if (not rows and not beyond) or (deal.status in ENDED and not rows):
        return None
    current = next((row for row in rows if row.state == RequestState.WAITING), None)
    outdated = current is not None and is_outdated(deal, current)
    digest = figures.digest_of(figures.agreed_body(deal))
    approved = any(row.state == RequestState.APPROVED and row.digest == digest for row in rows)
    may_edit = covers(actor, "deal.edit", owner_id=deal.salesperson_id, store_id=deal.store_id)
    may_approve = covers(actor, "deal.approve", owner_id=deal.salesperson_id, store_id=deal.store_id)
    names = tenants.list_names({row.asked_by for row in rows if row.asked_by}, ())
    people = {row.id: row.name for row in names}
    return {
        "beyond": [gettext(LIMIT_LABELS[item.limit.value]) for item in beyond],
        "approved": approved,
        "outdated": outdated,
        "may_ask": may_edit and bool(beyond) and not approved and (current is None or outdated)
        and deal.status not in ENDED,
        "deciders": sorted(approvals.deciders(deal, actor.user_id).values())[:3] if beyond and not approved else [],
        "requests": [
            {
                "state": row.state,
                "label": gettext(REQUEST_LABELS[row.state]),
                "who": people.get(row.asked_by) if row.asked_by else None,
                "at": row.asked_at,
                "url": url_for("sales.show_approval", approval_id=to_public("apv", row.id)),
                "id": to_public("apv", row.id),
                "digest": seen_mark(row),
                "may_decide": row is current and may_approve and row.asked_by != actor.user_id and not outdated,
            }
            for row in rows[:5]
        ],
    }


PANEL = Panel("sales/panels/approval.html", "side", _fill)
