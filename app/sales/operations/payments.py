"""Writing money down as it comes, and giving it back: rows that are only ever added.

Whatever adds to a deal's ledger holds the deal's row, so that two who give the same payment back do it one after the
other, and the second finds what the first has left.
"""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

from app.core import clock
from app.core.db import db
from app.core.db.numbering import next_number
from app.core.errors import FieldError, Invalid
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.core.jobs.events import publish
from app.core.lists import search
from app.core.money import plain_amount, round_amount
from app.sales import errors, queries
from app.sales.errors import DealIsEnded, RefundOfRefund
from app.sales.events import PaymentRecorded
from app.sales.models import Application, Deal, Payment
from app.sales.queries import payments
from app.sales.rules import receivables
from app.sales.rules.financing import ApplicationStatus
from app.sales.rules.receivables import Method, Party, PaymentKind
from app.sales.rules.status import ENDED
from app.tenants import queries as tenants

# What is taken by hand; a lender's money is written down with his application.
TAKEN = (PaymentKind.DEPOSIT, PaymentKind.PAYMENT, PaymentKind.PAYOFF)
_TOLD = (
    "receipt_number", "deal_id", "kind", "direction", "party", "method", "amount", "currency", "received_on",
    "reverses_id", "application_id",
)  # fmt: skip


def take_payment(
    *,
    actor: Actor,
    deal_id: uuid.UUID,
    amount: Decimal,
    method: str,
    kind: str = PaymentKind.PAYMENT.value,
    received_on: date | None = None,
    reference: str | None = None,
) -> Payment:
    """Write down a deposit, a payment, or the payoff of a trade-in, on that day of the store (today by default).

    Raises DealIsEnded and Invalid; publishes PaymentRecorded.
    """
    deal = _load(actor, deal_id, "payment.create")
    if deal.status in ENDED:
        raise DealIsEnded(deal_number=deal.deal_number)
    problems = [] if kind in TAKEN else [FieldError("kind", "unknown_choice", errors.UNKNOWN_CHOICE)]
    problems += _problems(amount, method, reference)
    day = _day(deal, received_on, problems)
    direction, party = receivables.side_of(PaymentKind(kind))
    return write_row(
        actor, deal, kind=kind, direction=direction, party=party, method=method,
        amount=round_amount(amount, deal.currency), received_on=day, reference=reference,
    )  # fmt: skip


def refund_payment(
    *,
    actor: Actor,
    payment_id: uuid.UUID,
    reason: str,
    amount: Decimal | None = None,
    method: str | None = None,
    received_on: date | None = None,
    reference: str | None = None,
) -> Payment:
    """Take a payment back, in part or, without an amount, all that is left of it, the way it came if no other is said.

    Raises NotFound, RefundOfRefund, and Invalid where more is asked than is left; publishes PaymentRecorded. A
    lender's money that goes back whole leaves his contract without funding again.
    """
    paid = payments.get_payment(actor, payment_id)
    deal = _load(actor, paid.deal_id, "payment.refund")
    if paid.kind == PaymentKind.REFUND:
        raise RefundOfRefund
    # Under the deal's lock: nobody else takes anything of it back meanwhile.
    rest = paid.amount - payments.taken_back_of([paid.id]).get(paid.id, receivables.ZERO)
    wanted, way = rest if amount is None else amount, method or paid.method
    problems = _problems(wanted, way, reference)
    if not reason.strip():
        problems.append(FieldError("reason", "required", errors.REQUIRED))
    if not problems and round_amount(wanted, paid.currency) > rest:
        params = {"rest": f"{plain_amount(rest, paid.currency)} {paid.currency}"}
        problems.append(FieldError("amount", "refund_too_much", errors.REFUND_TOO_MUCH, params))
    day = _day(deal, received_on, problems)
    made = write_row(
        actor, deal, kind=PaymentKind.REFUND.value, direction=receivables.contrary(paid.direction), party=paid.party,
        method=way, amount=round_amount(wanted, paid.currency), received_on=day, reference=reference,
        reason=reason.strip(), reverses_id=paid.id, application_id=paid.application_id,
    )  # fmt: skip
    if paid.kind == PaymentKind.LENDER_FUNDING and made.amount == rest:
        _unfund(actor, deal, paid)
    return made


def write_row(
    actor: Actor,
    deal: Deal,
    *,
    kind: str,
    direction: str,
    party: str,
    method: str,
    amount: Decimal,
    received_on: date,
    reference: str | None = None,
    reason: str | None = None,
    reverses_id: uuid.UUID | None = None,
    application_id: uuid.UUID | None = None,
) -> Payment:
    """Add one row to the ledger of a deal that is locked and whose actor was asked; publishes PaymentRecorded."""
    made = Payment(
        deal_id=deal.id,
        store_id=deal.store_id,
        customer_id=deal.customer_id,
        receipt_number=f"R-{next_number('receipt', deal.store_id)}",
        kind=kind,
        direction=direction,
        party=party,
        method=method,
        amount=amount,
        currency=deal.currency,
        received_on=received_on,
        received_at=clock.now(),
        received_by=actor.user_id,
        reference=(reference or "").strip() or None,
        reason=reason or None,
        reverses_id=reverses_id,
        application_id=application_id,
    )
    db.session.add(made)
    db.session.flush()
    personal = {name: (None, value) for name in ("reference", "reason") if (value := getattr(made, name))}
    changes = {name: (None, getattr(made, name)) for name in _TOLD}
    action = "payment.refund" if kind == PaymentKind.REFUND else "payment.create"
    audit.record(actor, action, "payment", made.id, changes, personal, subject_id=made.customer_id)
    search.refresh("payment", [made.id], new=True)
    publish(PaymentRecorded(made.id, deal.id, deal.store_id, kind, made.received_on))
    return made


def _load(actor: Actor, deal_id: uuid.UUID, permission: str) -> Deal:
    deal = queries.get_deal(actor, deal_id, lock=True)
    check(actor, permission, owner_id=deal.salesperson_id, store_id=deal.store_id)
    return deal


def _problems(amount: Decimal, method: str, reference: str | None) -> list[FieldError]:
    problems = []
    if not receivables.amount_is_possible(amount):
        problems.append(FieldError("amount", "amount_not_possible", errors.AMOUNT_NOT_ABOVE_ZERO))
    if method not in set(Method):
        problems.append(FieldError("method", "unknown_choice", errors.UNKNOWN_CHOICE))
    if receivables.has_card_number(reference or ""):
        problems.append(FieldError("reference", "card_number", errors.CARD_NUMBER))
    return problems


def _day(deal: Deal, given: date | None, problems: list[FieldError]) -> date:
    """The day of the row; raises Invalid with all problems, this one among them."""
    today = clock.today(tenants.get_store(deal.store_id).timezone)
    if given is not None and given > today:
        problems.append(FieldError("received_on", "in_future", errors.IN_FUTURE))
    if problems:
        raise Invalid(problems)
    return given or today


def _unfund(actor: Actor, deal: Deal, paid: Payment) -> None:
    """The lender has his money back: the contract is not funded any more."""
    if paid.party != Party.LENDER or paid.application_id is None:
        return
    application = db.session.get(Application, paid.application_id, with_for_update=True)
    if application is None or application.status != ApplicationStatus.FUNDED:
        return
    # Of a deal that has ended there is nothing left to approve.
    after = ApplicationStatus.WITHDRAWN if deal.status in ENDED else ApplicationStatus.APPROVED
    changes = {"status": (application.status, after.value), "funded_on": (application.funded_on, None)}
    application.status, application.funded_on = after.value, None
    before, deal.funded_on = deal.funded_on, None
    db.session.flush()
    audit.record(actor, "application.unfund", "application", application.id, changes=changes)
    audit.record(actor, "deal.unfund", "deal", deal.id, changes={"funded_on": (before, None)})
