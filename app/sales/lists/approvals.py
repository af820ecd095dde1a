"""How a request for approval is named where it is only mentioned, and what can be done about it there."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

from sqlalchemy import select

from app.core.db import db
from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.permissions import Actor, covers, scope_clause
from app.core.jobs.topics import Deed, Named, Phrase, declare_subject, verbatim
from app.core.money import plain_amount
from app.sales.models import Approval, Deal
from app.sales.operations.approvals import link_mark, seen_mark
from app.sales.rules.approvals import RequestState

DETAIL = N_("Price {price}, discount {discount}")


def name_approvals(actor: Actor, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Named]:
    """Requests of deals the actor may see; one he may decide has its two buttons."""
    visible = scope_clause(actor, "deal.see", owner=Deal.salesperson_id, store=Deal.store_id)
    asked = select(Approval, Deal).join(Deal, Deal.id == Approval.deal_id).where(Approval.id.in_(ids), visible)
    return {row.Approval.id: _named(actor, row.Approval, row.Deal) for row in db.session.execute(asked)}


def _named(actor: Actor, row: Approval, deal: Deal) -> Named:
    amounts = {
        name: verbatim(f"{plain_amount(getattr(row, name), deal.currency)} {deal.currency}")
        for name in ("price", "discount")
    }
    args = {"approval_id": to_public("apv", row.id)}
    is_his = covers(actor, "deal.approve", owner_id=deal.salesperson_id, store_id=deal.store_id)
    deeds: tuple[Deed, ...] = ()
    if row.state == RequestState.WAITING and is_his and row.asked_by != actor.user_id:
        # The button is about the figures that stand beside it.
        seen = {"digest": seen_mark(row), "back": "today"}
        deeds = (
            Deed(N_("Approve"), "sales.approve", args, seen),
            Deed(N_("Decline"), "sales.decline", args, seen),
        )
    mailed = {"key": link_mark(row, actor.user_id)}
    return Named(verbatim(deal.deal_number), Phrase(DETAIL, amounts), "sales.show_approval", args, mailed, deeds)


declare_subject("approval", name_approvals)
