"""Applications to lenders and insurers: what people ask for; the talk itself is `operations.partners`.

The row comes first, the message after it: whoever asks is answered at once, and what is owed to the partner is told
by a task that bears running again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.errors import FieldError, Invalid, Stale
from app.core.guard import audit
from app.core.guard.permissions import Actor, check, system_actor
from app.core.jobs.events import publish
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName
from app.core.money import plain_amount, round_amount
from app.sales import errors, queries
from app.sales.errors import ApplicationNotFundable, ApplicationNotOpen, DealIsEnded, NothingToTell
from app.sales.events import DealFunded, DealLost, DealUnwound
from app.sales.models import Application, Deal, Payment
from app.sales.operations.payments import write_row
from app.sales.ports import BANDS, find_partner
from app.sales.queries import applications
from app.sales.queries import receivables as due
from app.sales.rules import financing, receivables
from app.sales.rules.financing import ApplicationKind, ApplicationStatus, Owed, StipulationState
from app.sales.rules.receivables import Method, PaymentKind
from app.sales.rules.status import ENDED
from app.tenants import queries as tenants

TALK = "sales.talk_to_partner"
_TOLD = ("deal_id", "kind", "partner", "status", "amount", "currency", "requested", "figures_hash")


def submit_application(
    *,
    actor: Actor,
    deal_id: uuid.UUID,
    partner: str,
    amount: Decimal,
    band: str,
    term_months: int | None = None,
) -> Application:
    """Lay the deal before a lender or an insurer; it is sent after the commit.

    `band` is what whoever asks knows of the buyer's credit; no bureau is asked. Raises DealIsEnded and Invalid.
    """
    deal = queries.get_deal(actor, deal_id, lock=True)
    check(actor, "application.create", owner_id=deal.salesperson_id, store_id=deal.store_id)
    if deal.status in ENDED:
        raise DealIsEnded(deal_number=deal.deal_number)
    entry = find_partner(partner)
    problems = []
    if entry is None:
        problems.append(FieldError("partner", "unknown_choice", errors.UNKNOWN_CHOICE))
    if band not in BANDS:
        problems.append(FieldError("band", "unknown_choice", errors.UNKNOWN_CHOICE))
    if deal.customer_id is None:
        problems.append(FieldError("partner", "no_applicant", errors.NOT_AN_APPLICANT))
    owed = due.figures_of(deal).owed
    if not receivables.amount_is_possible(amount):
        problems.append(FieldError("amount", "amount_not_possible", errors.AMOUNT_NOT_ABOVE_ZERO))
    elif entry is not None and entry.kind is ApplicationKind.LENDER and amount > owed:
        params = {"owed": f"{plain_amount(owed, deal.currency)} {deal.currency}"}
        problems.append(FieldError("amount", "more_than_owed", errors.MORE_THAN_OWED, params))
    if problems or entry is None:
        raise Invalid(problems)
    terms = {"band": band} | ({"term_months": str(term_months)} if term_months else {})
    made = Application(
        deal_id=deal.id,
        store_id=deal.store_id,
        kind=entry.kind.value,
        partner=entry.key,
        partner_name=entry.name,
        status=ApplicationStatus.SUBMITTED.value,
        amount=round_amount(amount, deal.currency),
        currency=deal.currency,
        requested={**terms, "amount": f"{round_amount(amount, deal.currency):f}"},
        stipulations=[],
        figures_hash=applications.hash_of(deal),
        asked_by=actor.user_id,
        asked_at=clock.now(),
        owed=Owed.SUBMIT.value,
    )
    db.session.add(made)
    db.session.flush()
    _note(actor, "application.create", made, {})
    tell_partner(made.id)
    return made


def withdraw_application(*, actor: Actor, application_id: uuid.UUID, version: int | None = None) -> Application:
    """Ask for nothing any more; the partner is told after the commit. Raises ApplicationNotOpen and Stale."""
    found = load_application(actor, application_id, version, "application.edit")
    if not financing.may_withdraw(found.status):
        raise ApplicationNotOpen(status=financing.STATUS_LABELS[found.status])
    return _withdraw(actor, found)


def settle_stipulation(
    *, actor: Actor, application_id: uuid.UUID, name: str, state: str, version: int | None = None
) -> Application:
    """Say that the partner has seen what he waited for, or that he does without it.

    Raises ApplicationNotOpen, Invalid and Stale.
    """
    found = load_application(actor, application_id, version, "application.edit")
    if found.status not in financing.AGREED:
        raise ApplicationNotOpen(status=financing.STATUS_LABELS[found.status])
    before = state_of(found)
    try:
        found.stipulations = financing.settled(found.stipulations, name, StipulationState(state))
    except (KeyError, ValueError) as error:
        raise Invalid([FieldError("name", "unknown_choice", errors.UNKNOWN_CHOICE)]) from error
    db.session.flush()
    _note(actor, "application.edit", found, before)
    return found


def retry_application(*, actor: Actor, application_id: uuid.UUID) -> Application:
    """Try again to tell the partner what he is owed; raises NothingToTell."""
    found = load_application(actor, application_id, None, "application.edit")
    if found.owed is None:
        raise NothingToTell
    found.tries, found.failure = 0, None
    db.session.flush()
    audit.record(actor, "application.retry", "application", found.id, changes={"owed": (None, found.owed)})
    tell_partner(found.id)
    return found


def ask_for_funding(*, actor: Actor, application_id: uuid.UUID, version: int | None = None) -> Application:
    """Ask the lender for his money; what he says of it is shown, and the money itself is written down when it came.

    Raises ApplicationNotFundable, ApplicationNotOpen and Stale.
    """
    found = load_application(actor, application_id, version, "application.fund")
    _refuse_unfundable(found)
    before = state_of(found)
    found.owed = Owed.FUND.value
    db.session.flush()
    _note(actor, "application.ask_funding", found, before)
    tell_partner(found.id)
    return found


def fund_deal(
    *,
    actor: Actor,
    application_id: uuid.UUID,
    amount: Decimal,
    funded_on: date | None = None,
    reference: str | None = None,
    version: int | None = None,
) -> Payment:
    """The lender's money came on that day (today by default): a row of the ledger, and the deal's day of funding.

    Raises ApplicationNotFundable, ApplicationNotOpen, DealIsEnded, Invalid and Stale; publishes DealFunded.
    """
    known = applications.get_application(actor, application_id)
    # The deal comes first, as for every row of its ledger.
    deal = queries.get_deal(actor, known.deal_id, lock=True)
    found = load_application(actor, application_id, version, "application.fund")
    if deal.status in ENDED:
        raise DealIsEnded(deal_number=deal.deal_number)
    _refuse_unfundable(found)
    today = clock.today(tenants.get_store(deal.store_id).timezone)
    problems = []
    if not receivables.amount_is_possible(amount):
        problems.append(FieldError("amount", "amount_not_possible", errors.AMOUNT_NOT_ABOVE_ZERO))
    if funded_on is not None and funded_on > today:
        problems.append(FieldError("funded_on", "in_future", errors.IN_FUTURE))
    if receivables.has_card_number(reference or ""):
        problems.append(FieldError("reference", "card_number", errors.CARD_NUMBER))
    if problems:
        raise Invalid(problems)
    day, before, funded_before = funded_on or today, state_of(found), deal.funded_on
    direction, party = receivables.side_of(PaymentKind.LENDER_FUNDING)
    paid = write_row(
        actor, deal, kind=PaymentKind.LENDER_FUNDING.value, direction=direction, party=party,
        method=Method.FINANCE.value, amount=round_amount(amount, deal.currency), received_on=day,
        reference=reference, application_id=found.id,
    )  # fmt: skip
    found.status, found.funded_on, found.owed = ApplicationStatus.FUNDED.value, day, None
    deal.funded_on = day
    db.session.flush()
    _note(actor, "application.fund", found, before)
    audit.record(actor, "deal.fund", "deal", deal.id, changes={"funded_on": (funded_before, day)})
    publish(DealFunded(deal.id, deal.store_id, day))
    return paid


def withdraw_of_ended(event: DealLost | DealUnwound) -> None:
    """A deal was lost or taken back: nothing more is asked of anybody for it. What a lender has paid goes back by a
    refund."""
    for found in _open_of(event.deal_id):
        _withdraw(system_actor("deal.lost" if isinstance(event, DealLost) else "deal.unwind"), found)


def load_application(
    actor: Actor, application_id: uuid.UUID, version: int | None, permission: str
) -> Application:
    """The application, locked, for whoever holds `permission` over it; raises NotFound, PermissionDenied and Stale."""
    found = applications.get_application(actor, application_id, lock=True)
    deal = db.session.get_one(Deal, found.deal_id)
    check(actor, permission, owner_id=deal.salesperson_id, store_id=found.store_id)
    if version is not None and found.version != version:
        raise Stale
    return found


def tell_partner(application_id: uuid.UUID, *, after: Any = None) -> None:
    """Owe the talk with the partner, now or at a later instant."""
    enqueue(TALK, queue=QueueName.DEFAULT, payload={"application_id": str(application_id)}, at=after)


def state_of(found: Application) -> dict[str, Any]:
    """The application as the audit tells of it; what the dealership pays for a rate is no part of that."""
    told = {name: getattr(found, name) for name in _TOLD}
    stipulations = ", ".join(f"{item['name']}: {item['state']}" for item in found.stipulations)
    requested = ", ".join(f"{name}: {value}" for name, value in sorted(found.requested.items()))
    return {**told, "requested": requested, "stipulations": stipulations, "funded_on": found.funded_on}


def _withdraw(actor: Actor, found: Application) -> Application:
    before = state_of(found)
    found.status, found.owed = ApplicationStatus.WITHDRAWN.value, Owed.WITHDRAW.value
    db.session.flush()
    _note(actor, "application.withdraw", found, before)
    tell_partner(found.id)
    return found


def _refuse_unfundable(found: Application) -> None:
    if found.kind != ApplicationKind.LENDER or found.status in (ApplicationStatus.FUNDED, ApplicationStatus.WITHDRAWN):
        raise ApplicationNotOpen(status=financing.STATUS_LABELS[found.status])
    if not financing.may_fund(found.status, found.stipulations):
        waiting = ", ".join(financing.open_stipulations(found.stipulations)) or "–"
        raise ApplicationNotFundable(waiting=waiting)


def _open_of(deal_id: uuid.UUID) -> Iterable[Application]:
    return db.session.scalars(
        select(Application)
        .where(Application.deal_id == deal_id, Application.status.in_(sorted(financing.OPEN)))
        .with_for_update()
    ).all()


def _note(actor: Actor, action: str, found: Application, before: dict[str, Any]) -> None:
    changes = {name: (before.get(name), value) for name, value in state_of(found).items()}
    audit.record(actor, action, "application", found.id, changes=changes)
