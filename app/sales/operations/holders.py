"""Who holds a unit, for refusals: which deal, whose, and since or until when."""

from __future__ import annotations

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from app.core.errors import NotFound
from app.sales import queries
from app.sales.errors import UnitHasDeal, UnitReserved
from app.sales.models import Deal
from app.tenants import queries as tenants


def refuse_other_claim(stock_unit_id: uuid.UUID, *, but: uuid.UUID | None = None) -> None:
    """Raise UnitHasDeal, saying which, whose and since when, where another deal holds the unit."""
    other = queries.find_claiming_deal(stock_unit_id)
    if other is not None and other.id != but:
        raise held_by(other)


def held_by(other: Deal) -> UnitHasDeal:
    """The refusal that names the deal which holds the unit."""
    who = _name(other.promised_by) or _name(other.salesperson_id) or other.deal_number
    since = _moment(other.promised_at or other.created_at, other.store_id)
    refusal = UnitHasDeal(field="stock_unit_id", deal_number=other.deal_number, who=who, since=since)
    refusal.extensions = dict(refusal.params)
    return refusal


def reserved_for(deal_id: uuid.UUID, made_by: uuid.UUID | None, until: datetime) -> UnitReserved:
    """The refusal that names the deal for which the unit is kept."""
    other = queries.deal_by_id(deal_id)
    who = _name(made_by) or _name(other.salesperson_id) or other.deal_number
    moment = _moment(until, other.store_id)
    refusal = UnitReserved(field="stock_unit_id", deal_number=other.deal_number, who=who, until=moment)
    refusal.extensions = dict(refusal.params)
    return refusal


def _name(user_id: uuid.UUID | None) -> str | None:
    if user_id is None:
        return None
    try:
        return tenants.get_user_name(user_id)
    except NotFound:
        return None


def _moment(at: datetime, store_id: uuid.UUID) -> str:
    """A moment by the clock of the store, to the minute."""
    return at.astimezone(ZoneInfo(tenants.get_store(store_id).timezone)).strftime("%Y-%m-%d %H:%M")
