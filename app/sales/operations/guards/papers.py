"""The papers that a store wants in the jacket, signed where they can be, before a deal is sold or delivered."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.errors import DomainError
from app.core.guard.permissions import Actor
from app.sales import errors
from app.sales.models import Deal
from app.sales.operations.guards.parts import Guard
from app.sales.queries import policies
from app.sales.queries.documents import missing_documents
from app.sales.rules.documents import policy_from
from app.sales.rules.guards import Step
from app.sales.rules.policies import PolicyKind


def _missing(_actor: Actor, deal: Deal, step: Step) -> Sequence[DomainError]:
    found = policies.in_force(deal.store_id, PolicyKind.DOCUMENTS)
    if found is None:
        return ()
    return [errors.PAPERS_MISSING[kind]() for kind in missing_documents(policy_from(found.body), deal.id, step.value)]


GUARD = Guard("papers", frozenset({Step.SOLD, Step.DELIVERED}), _missing)
