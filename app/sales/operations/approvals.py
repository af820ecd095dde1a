"""Asking to go beyond one's limits, and deciding: bound to exact figures, by somebody else, once."""

from __future__ import annotations

import hmac
import uuid
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.columns import new_id
from app.core.db.tenancy import current_settings
from app.core.errors import NotFound, PermissionDenied
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.core.jobs.events import publish
from app.sales import queries
from app.sales.errors import (
    ApprovalClosed,
    ApprovalOutdated,
    BeyondOwnLimits,
    DealIsEnded,
    NothingExceeded,
    OwnApproval,
)
from app.sales.events import ApprovalAsked, ApprovalSettled
from app.sales.models import Approval, Deal
from app.sales.operations.deals import load_deal
from app.sales.queries import approvals, figures
from app.sales.rules.approvals import LIMIT_LABELS, RequestState, exceeded, may_decide
from app.sales.rules.status import ENDED
from app.tenants import queries as tenants


def ask_approval(*, actor: Actor, deal_id: uuid.UUID, version: int | None = None, note: str | None = None) -> Approval:
    """Ask for the approval of the deal's figures as they are; asking again for the same ones is the same request.

    Raises DealIsEnded, NothingExceeded and Stale; publishes ApprovalAsked.
    """
    deal = load_deal(actor, deal_id, version, "deal.edit")
    if deal.status in ENDED:
        raise DealIsEnded(deal_number=deal.deal_number)
    beyond = exceeded(figures.measured_figures(deal), approvals.limits_at(actor, deal.store_id))
    if not beyond:
        raise NothingExceeded
    digest, waiting = figures.digest_of(figures.agreed_body(deal)), approvals.find_waiting(deal.id)
    if waiting is not None and waiting.digest == digest:
        return waiting
    if waiting is not None:
        _close(waiting, RequestState.DROPPED)
    row = Approval(
        id=new_id(),
        deal_id=deal.id,
        state=RequestState.WAITING.value,
        digest=digest,
        price=deal.price,
        discount=deal.discount,
        limits=[item.limit.value for item in beyond],
        measures={item.limit.value: {"allowed": str(item.allowed), "asked": str(item.asked)} for item in beyond},
        asked_by=actor.user_id,
        asked_at=clock.now(),
        note=(note or "").strip() or None,
    )
    db.session.add(row)
    db.session.flush()
    told: dict[str, Any] = {"limits": (None, [LIMIT_LABELS[limit] for limit in row.limits])}
    audit.record(actor, "deal.ask_approval", "deal", deal.id, changes=told)
    publish(ApprovalAsked(row.id, deal.id, deal.store_id, row.asked_by))
    return row


def decide(
    *, actor: Actor, approval_id: uuid.UUID, approve: bool, digest: str | None = None, answer: str | None = None
) -> Approval:
    """Approve or decline what was asked for; `digest` is the `seen_mark` of the figures whoever decides saw.

    Of two who decide at once, and of a decision and a change of the figures, one comes first: the other is refused.
    Raises NotFound, PermissionDenied, ApprovalClosed, OwnApproval, ApprovalOutdated and BeyondOwnLimits; publishes
    ApprovalSettled.
    """
    deal, row = find_request(actor, approval_id, lock=True)
    check(actor, "deal.approve", owner_id=deal.salesperson_id, store_id=deal.store_id)
    if actor.user_id is None:
        # A program has nobody's judgement.
        raise PermissionDenied("deal.approve")
    if row.state != RequestState.WAITING:
        raise ApprovalClosed(who=tenants.get_user_name(row.decided_by) if row.decided_by else "–")
    if row.asked_by == actor.user_id:
        raise OwnApproval
    if approve:
        if not hmac.compare_digest(seen_mark(row), digest or seen_mark(row)) or is_outdated(deal, row):
            raise ApprovalOutdated
        measured, limits = figures.measured_figures(deal), approvals.limits_at(actor, deal.store_id)
        if not may_decide(measured, limits, asked_by=row.asked_by, decider=actor.user_id):
            raise approvals.needed(BeyondOwnLimits, exceeded(measured, limits))
    row.decided_by, row.decided_at, row.answer = actor.user_id, clock.now(), (answer or "").strip() or None
    _close(row, RequestState.APPROVED if approve else RequestState.DECLINED)
    told: dict[str, Any] = {"price": (None, row.price), "discount": (None, row.discount)}
    audit.record(actor, "deal.approve" if approve else "deal.decline", "deal", deal.id, changes=told)
    return row


def find_request(actor: Actor, approval_id: uuid.UUID, *, lock: bool = False) -> tuple[Deal, Approval]:
    """A request with its deal, if the actor may see that; raises NotFound. The deal is locked first."""
    deal_id = db.session.scalar(select(Approval.deal_id).where(Approval.id == approval_id))
    if deal_id is None:
        raise NotFound
    deal = queries.get_deal(actor, deal_id, lock=lock)
    row = db.session.get(Approval, approval_id, populate_existing=True, with_for_update=lock or None)
    if row is None:
        raise NotFound
    return deal, row


def is_outdated(deal: Deal, row: Approval) -> bool:
    """Whether the deal's figures are others than those of the request."""
    return row.digest != figures.digest_of(figures.agreed_body(deal))


def seen_mark(row: Approval) -> str:
    """What a page carries of the figures it shows. They hold costs, which a hash without a key would let be guessed."""
    return _keyed("figures", current_tenant().id, str(row.id), row.digest.hex())


def link_mark(row: Approval, reader_id: uuid.UUID | None) -> str:
    """What a mail's link carries: that it was made for this reader and these figures. It opens nothing by itself."""
    return _keyed("approval", current_tenant().id, str(row.id), str(reader_id), row.digest.hex())[:32]


def is_link_of(row: Approval, reader_id: uuid.UUID | None, mark: str) -> bool:
    """Whether a link's mark is this reader's for these figures."""
    return hmac.compare_digest(link_mark(row, reader_id).encode(), mark.encode())


def _close(row: Approval, state: RequestState) -> None:
    row.state = state.value
    db.session.flush()
    publish(ApprovalSettled(row.id, row.deal_id, row.asked_by, row.decided_by))


def _keyed(*parts: str) -> str:
    return hmac.digest(current_settings().secret_key.encode(), "\0".join(parts).encode(), "sha256").hex()
