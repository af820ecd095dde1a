"""Whose a unit is: taking it for a deal, so that of two people exactly one gets it, and telling the other at once."""

from __future__ import annotations

from app.core import clock
from app.core.guard.permissions import Actor
from app.inventory.operations import episodes, holds
from app.sales.models import Deal
from app.sales.operations import reservations
from app.sales.operations.holders import refuse_other_claim, reserved_for
from app.sales.rules.reservations import Release
from app.sales.rules.status import AGREED, CLAIMING, DealStatus


def take_unit(actor: Actor, deal: Deal) -> None:
    """Claim the unit for the deal: from here on until the transaction ends nobody else does.

    The lock on the unit makes a second claim wait until the first one is decided; a unique index stands behind it.
    Raises UnitIsClosed, UnitHasDeal and UnitReserved.
    """
    holds.status_of(deal.stock_unit_id)
    # Asked before whether the unit is open: whoever sold and delivered it meanwhile is to be named.
    refuse_other_claim(deal.stock_unit_id, but=deal.id)
    reservations.end_expired(deal.stock_unit_id)
    status = holds.lock_open(deal.stock_unit_id)
    kept = reservations.find_live(deal.stock_unit_id)
    if kept is not None and kept.deal_id != deal.id:
        raise reserved_for(kept.deal_id, kept.made_by, kept.expires_at)
    if kept is not None:
        status = kept.status_before
        reservations.end(actor, kept, Release.SOLD)
    deal.promised_at, deal.promised_by, deal.unit_status = clock.now(), actor.user_id, status


def let_unit_go(deal: Deal) -> None:
    """The deal holds its unit no longer."""
    deal.promised_at = deal.promised_by = None


def begin_with_unit(actor: Actor, deal: Deal) -> None:
    """A deal begins, or is brought back: its unit stands as the deal does. Raises UnitIsClosed."""
    if deal.status == DealStatus.PENDING:
        holds.hold(actor=actor, unit_id=deal.stock_unit_id)
    else:
        episodes.take_up(actor=actor, unit_id=deal.stock_unit_id, sold=deal.status in AGREED)


def put_unit_back(actor: Actor, deal: Deal) -> None:
    """The unit of a deal that was pending stands where it stood before, unless it is reserved for the deal still."""
    if deal.unit_status is not None and reservations.of_deal(deal.id) is None:
        holds.let_go(actor=actor, unit_id=deal.stock_unit_id, to=deal.unit_status)


def holds_unit(status: str) -> bool:
    """Whether a deal in this status has its unit for itself."""
    return status in CLAIMING
