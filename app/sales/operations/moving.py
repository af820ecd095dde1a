"""Bringing a deal from one status to the next: its unit, the guards on the way, and a snapshot of where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from app.core.errors import DomainError
from app.core.guard.permissions import Actor
from app.core.jobs.events import publish
from app.inventory.operations import episodes, holds
from app.sales.errors import DealIsAgreed
from app.sales.events import DealLost
from app.sales.models import Deal
from app.sales.operations import claims, reservations
from app.sales.operations.guards import GUARDS
from app.sales.operations.holders import refuse_other_claim
from app.sales.operations.snapshots import take_snapshot
from app.sales.rules.guards import Step, Transition, steps_between, transition_of
from app.sales.rules.reservations import Release
from app.sales.rules.status import AGREED, CLAIMING, ENDED, DealStatus


@dataclass(frozen=True)
class Missing:
    """What keeps a deal from a step."""

    step: Step
    refusal: DomainError


def missing_for(actor: Actor, deal: Deal, steps: Iterable[Step]) -> list[Missing]:
    """Everything that is not in order for these steps, each thing once; changes nothing."""
    found: list[Missing] = []
    for step in steps:
        for guard in GUARDS:
            if step in guard.steps:
                known = {(type(item.refusal), str(item.refusal.params)) for item in found}
                found += [
                    Missing(step, refusal)
                    for refusal in guard.missing(actor, deal, step)
                    if (type(refusal), str(refusal.params)) not in known
                ]
    return found


def require_steps(actor: Actor, deal: Deal, steps: Sequence[Step]) -> None:
    """Raise the first thing that is missing; it names the codes of all of them to a program."""
    found = missing_for(actor, deal, steps)
    if found:
        refusal = found[0].refusal
        refusal.extensions = {**refusal.extensions, "missing": [item.refusal.code for item in found]}
        raise refusal


def begin_move(actor: Actor, deal: Deal, after: DealStatus) -> None:
    """Before a deal is written with another status: take its unit, or let it go.

    Raises UnitIsClosed, UnitHasDeal and UnitReserved.
    """
    before = DealStatus(deal.status)
    if after in CLAIMING and before not in CLAIMING:
        claims.take_unit(actor, deal)
    elif before in ENDED and after not in ENDED:
        refuse_other_claim(deal.stock_unit_id)
    elif before in CLAIMING and after not in CLAIMING:
        claims.let_unit_go(deal)


def end_move(actor: Actor, deal: Deal, before: DealStatus, *, reason: str | None = None) -> None:
    """After a deal was written: ask the guards on its way, have its unit follow, and keep how it stands.

    Raises what a guard finds missing; the caller's transaction is rolled back then. Publishes DealLost.
    """
    after = DealStatus(deal.status)
    require_steps(actor, deal, steps_between(before, after))
    _follow(actor, deal, before, after)
    if after is not before:
        if after is DealStatus.LOST:
            reservations.release_of(actor, deal.id, Release.DEAL_ENDED)
            publish(DealLost(deal.id, deal.store_id))
        take_snapshot(actor, deal, transition_of(before, after), before=before.value, reason=reason)


def begin_agreed(actor: Actor, deal: Deal, *, is_history: bool) -> None:
    """After a deal was recorded that holds its unit from the beginning; history is asked for nothing."""
    if not is_history:
        require_steps(actor, deal, steps_between(None, DealStatus(deal.status)))
    take_snapshot(actor, deal, Transition.RECORDED, before=None)


def refuse_change_of_agreed(deal: Deal, price: Decimal, discount: Decimal, customer_id: UUID | None) -> None:
    """Raise DealIsAgreed where an edit would change what was agreed; a buyer may still be named where there is none."""
    if deal.status not in AGREED:
        return
    is_other_buyer = deal.customer_id is not None and customer_id != deal.customer_id
    if (deal.price, deal.discount) != (price, discount) or is_other_buyer:
        raise DealIsAgreed(deal_number=deal.deal_number)


def _follow(actor: Actor, deal: Deal, before: DealStatus, after: DealStatus) -> None:
    """Bring the unit to where the deal now stands."""
    if deal.delivered_on is not None:
        episodes.correct_delivery(
            actor=actor, unit_id=deal.stock_unit_id, deal_type=deal.deal_type, on=deal.delivered_on
        )
    elif after in AGREED and before not in AGREED:
        episodes.take_up(actor=actor, unit_id=deal.stock_unit_id, sold=True)
    elif after is DealStatus.PENDING and before in AGREED:
        holds.hold_again(actor=actor, unit_id=deal.stock_unit_id)
    elif after is DealStatus.PENDING and before is not after:
        holds.hold(actor=actor, unit_id=deal.stock_unit_id)
    elif before is DealStatus.PENDING and before is not after:
        claims.put_unit_back(actor, deal)
    elif after not in AGREED and before in AGREED:
        episodes.release(actor=actor, unit_id=deal.stock_unit_id)
        holds.put_back(actor=actor, unit_id=deal.stock_unit_id, to=deal.unit_status)
    elif before in ENDED and after not in ENDED:
        episodes.take_up(actor=actor, unit_id=deal.stock_unit_id, sold=False)
