"""Keeping a unit for a deal with a deposit, until a moment; a reservation that is over holds nothing."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import FieldError, Invalid
from app.core.guard import audit
from app.core.guard.permissions import Actor, system_actor
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName
from app.core.money import round_amount
from app.inventory.operations import holds
from app.sales import errors, queries
from app.sales.errors import DealIsEnded, NotReserved
from app.sales.models import Deal, Reservation
from app.sales.operations.holders import refuse_other_claim, reserved_for
from app.sales.queries import policies
from app.sales.rules.policies import LONGEST_RESERVATION, PolicyKind, reservation_terms
from app.sales.rules.reservations import Release, is_live
from app.sales.rules.status import ENDED, DealStatus, amounts_are_possible

EXPIRE = "sales.expire_reservation"


def find_live(stock_unit_id: uuid.UUID) -> Reservation | None:
    """The reservation that keeps the unit now; one whose moment is over keeps nothing."""
    open_ones = Reservation.stock_unit_id == stock_unit_id, Reservation.released_at.is_(None)
    found = db.session.scalar(select(Reservation).where(*open_ones).execution_options(populate_existing=True))
    if found is None or not is_live(found.expires_at, found.released_at, clock.now()):
        return None
    return found


def end(actor: Actor, kept: Reservation, reason: Release) -> None:
    """Release it; its unit goes back to where it stood unless the deal takes it now, or has it already."""
    kept.released_at, kept.release_reason, kept.released_by = clock.now(), reason.value, actor.user_id
    db.session.flush()
    if reason is not Release.SOLD and queries.find_claiming_deal(kept.stock_unit_id) is None:
        holds.let_go(actor=actor, unit_id=kept.stock_unit_id, to=kept.status_before)
    told: dict[str, Any] = {"release_reason": (None, reason.value), "expires_at": (kept.expires_at, None)}
    audit.record(actor, "deal.release", "deal", kept.deal_id, changes=told)


def end_expired(stock_unit_id: uuid.UUID) -> None:
    """Release what keeps the unit no longer though nobody has written that down yet; the unit is locked."""
    open_ones = Reservation.stock_unit_id == stock_unit_id, Reservation.released_at.is_(None)
    for found in db.session.scalars(select(Reservation).where(*open_ones, Reservation.expires_at <= clock.now())):
        end(system_actor("reservations"), found, Release.EXPIRED)


def expire(reservation_id: uuid.UUID) -> None:
    """What the task does at the reservation's moment: release it, unless that was done or its moment was put off."""
    found = db.session.get(Reservation, reservation_id)
    if found is None or found.released_at is not None:
        return
    holds.status_of(found.stock_unit_id)
    end_expired(found.stock_unit_id)


def of_deal(deal_id: uuid.UUID) -> Reservation | None:
    """The reservation a deal has now."""
    open_ones = Reservation.deal_id == deal_id, Reservation.released_at.is_(None)
    found = db.session.scalar(select(Reservation).where(*open_ones))
    return found if found is not None and is_live(found.expires_at, None, clock.now()) else None


def release_of(actor: Actor, deal_id: uuid.UUID, reason: Release) -> None:
    """Release what a deal keeps, if it keeps anything."""
    kept = of_deal(deal_id)
    if kept is not None:
        end(actor, kept, reason)


def reserve_unit(
    *, actor: Actor, deal: Deal, days: int | None = None, deposit: Decimal | None = None
) -> Reservation:
    """Keep the unit of a deal, which the caller has locked and checked; days and deposit are the store's where none is
    given. Reserving again puts the moment off.

    Raises DealIsEnded, Invalid, UnitIsClosed, UnitHasDeal and UnitReserved.
    """
    if deal.status in ENDED:
        raise DealIsEnded(deal_number=deal.deal_number)
    policy = policies.in_force(deal.store_id, PolicyKind.RESERVATION)
    terms = reservation_terms(policy.body if policy else None)
    days, deposit = terms.days if days is None else days, terms.deposit if deposit is None else deposit
    problems = []
    if not 1 <= days <= LONGEST_RESERVATION:
        problems.append(FieldError("days", "out_of_range", errors.DAYS_OUT_OF_RANGE, {"most": LONGEST_RESERVATION}))
    if not amounts_are_possible(deposit, Decimal(0)):
        problems.append(FieldError("deposit", "not_possible", errors.DEPOSIT_NOT_POSSIBLE))
    if problems:
        raise Invalid(problems)
    before = holds.lock_open(deal.stock_unit_id)
    end_expired(deal.stock_unit_id)
    refuse_other_claim(deal.stock_unit_id, but=deal.id)
    kept = find_live(deal.stock_unit_id)
    if kept is not None and kept.deal_id != deal.id:
        raise reserved_for(kept.deal_id, kept.made_by, kept.expires_at)
    until = clock.now() + timedelta(days=days)
    if kept is None:
        before = holds.hold(actor=actor, unit_id=deal.stock_unit_id)
        if deal.status == DealStatus.PENDING and deal.unit_status is not None:
            # Kept already; it stood elsewhere when the deal took it.
            before = deal.unit_status
        kept = Reservation(id=new_id(), stock_unit_id=deal.stock_unit_id, deal_id=deal.id, status_before=before)
        kept.currency, kept.made_by = deal.currency, actor.user_id
        db.session.add(kept)
    was = kept.expires_at
    kept.customer_id, kept.expires_at, kept.deposit = deal.customer_id, until, round_amount(deposit, deal.currency)
    db.session.flush()
    enqueue(EXPIRE, queue=QueueName.DEFAULT, payload={"reservation": str(kept.id)}, at=until)
    told: dict[str, Any] = {"expires_at": (was, until), "deposit": (None, kept.deposit)}
    audit.record(actor, "deal.reserve", "deal", deal.id, changes=told)
    return kept


def release_unit(*, actor: Actor, deal: Deal) -> None:
    """Let the unit of a deal go; raises NotReserved."""
    kept = of_deal(deal.id)
    if kept is None:
        raise NotReserved(deal_number=deal.deal_number)
    holds.status_of(deal.stock_unit_id)
    end(actor, kept, Release.RELEASED)
