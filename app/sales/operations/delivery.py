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
from app.inventory.operations import episodes
from app.sales import errors
from app.sales.errors import DealAlreadyDelivered, DealIsEnded, DealNotDelivered
from app.sales.events import DealDelivered, DealUnwound
from app.sales.models import Deal
from app.sales.operations.deals import load_deal, state_of
from app.sales.rules.status import AGREED, ENDED, DealStatus
from app.tenants import queries as tenants


def deliver_deal(*, actor: Actor, deal_id: uuid.UUID, version: int | None, delivered_on: date | None = None) -> Deal:
    """The vehicle was handed over on that day (today where none is given): the deal counts, the unit's episode ends.

    Raises DealIsEnded, DealAlreadyDelivered, Invalid, UnitIsClosed and Stale; publishes DealDelivered. A deal that
    was not agreed yet is sold by this.
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
    before = state_of(deal)
    deal.delivered_on = day
    if deal.status not in AGREED:
        deal.status = DealStatus.SOLD.value
    deal.sold_on = deal.sold_on or day
    db.session.flush()
    episodes.end_by_delivery(actor=actor, unit_id=deal.stock_unit_id, deal_type=deal.deal_type, on=day)
    audit.record(actor, "deal.deliver", "deal", deal.id, changes={k: (v, getattr(deal, k)) for k, v in before.items()})
    publish(DealDelivered(deal.id, deal.stock_unit_id, deal.store_id, deal.deal_type, day))
    return deal


def unwind_deal(
    *, actor: Actor, deal_id: uuid.UUID, version: int | None, reason: str, unwound_on: date | None = None
) -> Deal:
    """Take a delivered deal back on that day (today where none is given): it counts no longer, and the unit's episode
    goes on with its day of acquisition.

    Raises DealNotDelivered, DealIsEnded, Invalid, VehicleAlreadyInStock and Stale; publishes DealUnwound.
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
    deal.status, deal.unwound_on, deal.unwind_reason = DealStatus.UNWOUND.value, day, reason.strip()
    db.session.flush()
    episodes.reopen(actor=actor, unit_id=deal.stock_unit_id)
    audit.record(actor, "deal.unwind", "deal", deal.id, changes={k: (v, getattr(deal, k)) for k, v in before.items()})
    publish(DealUnwound(deal.id, deal.stock_unit_id, deal.store_id, day))
    return deal


def _day(deal: Deal, field: str, given: date | None) -> date:
    today = clock.today(tenants.get_store(deal.store_id).timezone)
    if given is not None and given > today:
        raise Invalid([FieldError(field, "in_future", errors.IN_FUTURE)])
    return given or today
