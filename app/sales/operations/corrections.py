"""Correcting what was agreed: the agreed state is reversed and the corrected one put in its place, both on record."""

from __future__ import annotations

import uuid
from decimal import Decimal

from app.core import clock
from app.core.db import db
from app.core.errors import FieldError, Invalid
from app.core.guard.permissions import Actor
from app.core.jobs.events import publish
from app.core.lists import search
from app.core.money import round_amount
from app.sales import errors
from app.sales.errors import DealIsEnded, DealNotAgreed
from app.sales.events import DealChanged
from app.sales.models import Deal
from app.sales.operations import moving
from app.sales.operations.checks import figure_problems, people_problems
from app.sales.operations.deals import load_deal, note_change, state_of
from app.sales.operations.mirroring import follow_deal
from app.sales.operations.snapshots import take_snapshot
from app.sales.rules.guards import Step, Transition
from app.sales.rules.status import AGREED, ENDED, counts_as_sale
from app.tenants import queries as tenants


def correct_deal(
    *,
    actor: Actor,
    deal_id: uuid.UUID,
    version: int | None,
    reason: str,
    price: Decimal,
    discount: Decimal,
    customer_id: uuid.UUID | None,
) -> Deal:
    """Give an agreed deal another price, discount or buyer, for a reason; it needs whatever the sale needed.

    Raises DealNotAgreed, DealIsEnded, Invalid, Stale and what a guard finds missing; publishes DealChanged.
    """
    deal = load_deal(actor, deal_id, version, "deal.edit")
    if deal.status in ENDED:
        raise DealIsEnded(deal_number=deal.deal_number)
    if deal.status not in AGREED:
        raise DealNotAgreed(deal_number=deal.deal_number)
    today = clock.today(tenants.get_store(deal.store_id).timezone)
    problems = figure_problems(today, deal.deal_type, price, discount, deal.sold_on, deal.delivered_on)
    problems += people_problems(actor, customer_id if customer_id != deal.customer_id else None, None)
    if not reason.strip():
        problems.append(FieldError("reason", "required", errors.REQUIRED))
    if problems:
        raise Invalid(problems)
    before = state_of(deal)
    take_snapshot(actor, deal, Transition.REVERSED, before=deal.status, reason=reason)
    deal.price, deal.discount = round_amount(price, deal.currency), round_amount(discount, deal.currency)
    deal.customer_id = customer_id
    db.session.flush()
    follow_deal(deal)
    moving.require_steps(actor, deal, (Step.SOLD,))
    take_snapshot(actor, deal, Transition.CORRECTED, before=deal.status, reason=reason)
    note_change(actor, "deal.correct", deal, before, deal.note)
    search.refresh("deal", [deal.id])
    publish(DealChanged(deal.id, deal.stock_unit_id, deal.store_id, counts_as_sale(deal.delivered_on, deal.unwound_on)))
    return deal
