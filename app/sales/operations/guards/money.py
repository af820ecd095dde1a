"""A vehicle is handed over once its buyer has paid his part and a lender who agreed to these figures stands for his."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.core.errors import DomainError
from app.core.guard.permissions import Actor
from app.core.money import plain_amount, round_amount
from app.sales.errors import BuyerOwes, LenderNotBound
from app.sales.models import Deal
from app.sales.operations.guards.parts import Guard
from app.sales.queries import applications, policies, receivables
from app.sales.rules.documents import policy_from
from app.sales.rules.guards import Step
from app.sales.rules.policies import PolicyKind
from app.sales.rules.receivables import Party, open_at_delivery

_REFUSALS = {Party.BUYER: BuyerOwes, Party.LENDER: LenderNotBound}


def _missing(actor: Actor, deal: Deal, _step: Step) -> Sequence[DomainError]:
    # What programs of the house write down has happened already.
    if actor.system:
        return ()
    found = policies.in_force(deal.store_id, PolicyKind.DOCUMENTS)
    if policy_from(found.body if found else None).open_balance:
        return ()
    balance = receivables.balance_of(deal)
    # Nobody asks the applications where no lender has anything left to pay.
    stands = balance.from_lender <= 0 or applications.stands_for(deal)
    return [_refusal(deal, party, amount) for party, amount in open_at_delivery(balance, lender_stands=stands)]


def _refusal(deal: Deal, party: Party, amount: Decimal) -> DomainError:
    refusal = _REFUSALS[party](amount=f"{plain_amount(amount, deal.currency)} {deal.currency}")
    exact = f"{round_amount(amount, deal.currency):f}"
    refusal.extensions = {"party": party.value, "amount": exact, "currency": deal.currency}
    return refusal


GUARD = Guard("money", frozenset({Step.DELIVERED}), _missing)
