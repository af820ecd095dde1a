"""Figures beyond somebody's limits move on only with the approval of exactly these figures."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.errors import DomainError
from app.core.guard.permissions import Actor
from app.sales.errors import ApprovalNeeded
from app.sales.models import Deal
from app.sales.operations.guards.parts import Guard
from app.sales.queries import approvals, figures
from app.sales.rules.approvals import exceeded
from app.sales.rules.guards import Step


def _missing(actor: Actor, deal: Deal, _step: Step) -> Sequence[DomainError]:
    limits = approvals.limits_at(actor, deal.store_id)
    beyond = exceeded(figures.measured_figures(deal), limits) if approvals.is_bound(limits) else ()
    if not beyond or approvals.is_approved(deal.id, figures.digest_of(figures.agreed_body(deal))):
        return []
    return [approvals.needed(ApprovalNeeded, beyond)]


GUARD = Guard("approval", frozenset({Step.PENDING, Step.SOLD}), _missing)
