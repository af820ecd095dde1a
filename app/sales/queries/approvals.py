"""Limits of people, and the approvals of a deal."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import TypeVar

from sqlalchemy import select

from app.core.db import db
from app.core.db.reads import kept
from app.core.errors import DomainError, Marked
from app.core.guard.permissions import Actor
from app.sales.models import Approval, Deal
from app.sales.queries import policies
from app.sales.queries.figures import measured_figures
from app.sales.rules.approvals import LIMIT_LABELS, UNLIMITED, Excess, Limits, RequestState, exceeded, limits_of
from app.sales.rules.policies import PolicyKind
from app.tenants.queries.holders import acting_roles, acting_roles_of, holders_at

# Roles with one of these act on deals; another role of somebody says nothing about his limits.
ACTING = ("deal.create", "deal.edit", "deal.approve", "deal.deliver")
Refusal = TypeVar("Refusal", bound=DomainError)


def limits_at(actor: Actor, store_id: uuid.UUID) -> Limits:
    """How far the actor may go alone at the store; the system, and everybody without a policy, may go anywhere."""
    if actor.system:
        return UNLIMITED
    policy = policies.in_force(store_id, PolicyKind.APPROVAL)
    if policy is None:
        return UNLIMITED
    return limits_of(policy.body, acting_roles(actor, store_id, ACTING))


def is_bound(limits: Limits) -> bool:
    """Whether there is any limit at all."""
    return limits != UNLIMITED


def needed(refusal: type[Refusal], beyond: Collection[Excess]) -> Refusal:
    """A refusal that names the first limit, and all of them to a program; by how much, margins tell."""
    made = refusal(limit=Marked(LIMIT_LABELS[next(iter(beyond)).limit.value]))
    made.extensions = {"limits": [item.limit.value for item in beyond]}
    return made


def is_approved(deal_id: uuid.UUID, digest: bytes) -> bool:
    """Whether exactly these figures of the deal were approved."""
    same = Approval.deal_id == deal_id, Approval.digest == digest, Approval.state == RequestState.APPROVED.value
    return db.session.scalar(select(Approval.id).where(*same).limit(1)) is not None


def find_waiting(deal_id: uuid.UUID) -> Approval | None:
    """The request of the deal that waits for a decision."""
    waiting = Approval.deal_id == deal_id, Approval.state == RequestState.WAITING.value
    return db.session.scalar(select(Approval).where(*waiting))


@kept
def list_approvals(deal_id: uuid.UUID) -> Sequence[Approval]:
    """The requests of a deal, the last on top; the caller has checked that the deal may be seen."""
    asked = select(Approval).where(Approval.deal_id == deal_id).order_by(Approval.asked_at.desc(), Approval.id.desc())
    return db.session.scalars(asked).all()


def deciders(deal: Deal, asked_by: uuid.UUID | None) -> dict[uuid.UUID, str]:
    """(id, name) of the people who may approve the deal's figures now: with the right at its store, within their own
    limits, and not whoever asks."""
    held = {key: name for key, name in holders_at(deal.store_id, "deal.approve").items() if key != asked_by}
    policy = policies.in_force(deal.store_id, PolicyKind.APPROVAL)
    by_user = acting_roles_of(held, deal.store_id, ACTING)
    measured, body = measured_figures(deal), policy.body if policy else None
    return {key: name for key, name in held.items() if not exceeded(measured, limits_of(body, by_user[key]))}
