"""Handing the vehicle over, and taking a delivered deal back."""

from __future__ import annotations

import uuid
from datetime import date

from app.core import clock
from app.core.db import db
from app.core.errors import FieldError, Invalid
from app.core.guard import audit
from app.core.guard.permissions import Actor
from app.core.jobs.events import publish
from app.inventory.operations import episodes, holds
from app.inventory.rules.stock import StockStatus
from app.sales import errors
from app.sales.errors import DealAlreadyDelivered, DealIsEnded, DealNotDelivered
from app.sales.events import DealDelivered, DealUnwound
from app.sales.models import Deal
from app.sales.operations import claims, moving
from app.sales.operations.deals import flush_claim, load_deal, state_of
from app.sales.operations.handovers import give_back_trades, take_in_trades
from app.sales.operations.snapshots import take_snapshot
from app.sales.rules.guards import Step, Transition, steps_between
from app.sales.rules.status import AGREED, ENDED, DealStatus
from app.tenants import queries as tenants


def deliver_deal(*, actor: Actor, deal_id: uuid.UUID, version: int | None, delivered_on: date | None = None) -> Deal:
    """The vehicle was handed over on that day (today where none is given): the deal counts, the unit's episode ends,
    and each car taken in trade becomes a unit in stock at what it is worth.

    Raises DealIsEnded, DealAlreadyDelivered, Invalid, UnitIsClosed, UnitHasDeal, UnitReserved, VehicleAlreadyInStock,
    Stale and what a guard finds missing; publishes DealDelivered. A deal that was not agreed yet is sold by this.
    """
    deal = load_deal(actor, deal_id, version, "deal.deliver")
    if deal.status in ENDED:
        raise DealIsEnded(deal_number=deal.deal_number)
    if deal.delivered_on is not None:
        raise DealAlreadyDelivered(deal_number=deal.deal_number, delivered_on=deal.delivered_on.isoformat())
    day = _day(deal, "delivered_on", delivered_on)
    if deal.sold_on is not None and day < deal.sold_on:
        params = {"sold_on": deal.sold_on.isoformat()}
        raise Invalid([FieldError("delivered_on", "before_sold", errors.BEFORE_SOLD, params)])
    before, status = state_of(deal), DealStatus(deal.status)
    if status not in AGREED:
        moving.begin_move(actor, deal, DealStatus.SOLD)
        deal.status = DealStatus.SOLD.value
    deal.sold_on, deal.delivered_on = deal.sold_on or day, day
    flush_claim(deal)
    moving.require_steps(actor, deal, (*steps_between(status, DealStatus(deal.status)), Step.DELIVERED))
    take_in_trades(actor, deal, day)
    episodes.end_by_delivery(actor=actor, unit_id=deal.stock_unit_id, deal_type=deal.deal_type, on=day)
    audit.record(actor, "deal.deliver", "deal", deal.id, changes={k: (v, getattr(deal, k)) for k, v in before.items()})
    take_snapshot(actor, deal, Transition.DELIVERED, before=status.value)
    publish(DealDelivered(deal.id, deal.stock_unit_id, deal.store_id, deal.deal_type, day, deal.lead_id))
    return deal


def unwind_deal(
    *,
    actor: Actor,
    deal_id: uuid.UUID,
    version: int | None,
    reason: str,
    unwound_on: date | None = None,
    keep_trades: bool = False,
) -> Deal:
    """Take a delivered deal back on that day (today where none is given): it counts no longer, the unit's episode goes
    on with its day of acquisition where it stood before, and cars taken in trade leave stock as if never come.

    Raises DealNotDelivered, DealIsEnded, Invalid, VehicleAlreadyInStock and Stale, and TradeUnitChanged where a car
    taken in trade was sold, priced or moved meanwhile: `keep_trades` unwinds all the same and keeps such cars in stock.
    Publishes DealUnwound.
    """
    deal = load_deal(actor, deal_id, version, "deal.unwind")
    if deal.status in ENDED:
        raise DealIsEnded(deal_number=deal.deal_number)
    if deal.delivered_on is None:
        raise DealNotDelivered(deal_number=deal.deal_number)
    day = _day(deal, "unwound_on", unwound_on)
    problems = []
    if day < deal.delivered_on:
        params = {"delivered_on": deal.delivered_on.isoformat()}
        problems.append(FieldError("unwound_on", "before_delivered", errors.BEFORE_DELIVERED, params))
    if not reason.strip():
        problems.append(FieldError("reason", "required", errors.REQUIRED))
    if problems:
        raise Invalid(problems)
    before = state_of(deal)
    stood = None if deal.unit_status == StockStatus.IN_TRANSIT else deal.unit_status
    deal.status, deal.unwound_on, deal.unwind_reason = DealStatus.UNWOUND.value, day, reason.strip()
    claims.let_unit_go(deal)
    db.session.flush()
    episodes.reopen(actor=actor, unit_id=deal.stock_unit_id)
    # What was on its way when it was sold has arrived since.
    holds.put_back(actor=actor, unit_id=deal.stock_unit_id, to=stood)
    kept = give_back_trades(actor, deal, keep=keep_trades)
    changes = {name: (value, getattr(deal, name)) for name, value in before.items()}
    why = {"unwind_reason": (None, deal.unwind_reason)}
    audit.record(actor, "deal.unwind", "deal", deal.id, changes, why, subject_id=deal.customer_id)
    take_snapshot(actor, deal, Transition.UNWOUND, before=before["status"], reason=reason)
    whose = deal.delivered_on, deal.salesperson_id
    publish(DealUnwound(deal.id, deal.stock_unit_id, deal.store_id, day, *whose, tuple(kept), deal.lead_id))
    return deal


def _day(deal: Deal, field: str, given: date | None) -> date:
    today = clock.today(tenants.get_store(deal.store_id).timezone)
    if given is not None and given > today:
        raise Invalid([FieldError(field, "in_future", errors.IN_FUTURE)])
    return given or today
