"""The talk with lenders and insurers, as a task: look what is owed, ask outside every transaction, write the answer.

It may be killed at any line and run again: what is owed stands in the row until the answer is written with it, and a
partner who is asked twice knows the reference. Two runs at once ask twice, and the second finds nothing owed.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from app.core import clock
from app.core.db import db, transaction
from app.core.db.ids import to_public
from app.core.guard import audit
from app.core.guard.permissions import Actor, system_actor
from app.core.jobs.events import publish
from app.core.logging import get_logger
from app.crm.operations import disclosures
from app.sales.events import ApplicationDecided
from app.sales.models import Application, Deal
from app.sales.operations.applications import tell_partner
from app.sales.ports import Decision, Entry, Funding, PartnerFailed, Question, find_partner
from app.sales.rules.financing import ApplicationKind, ApplicationStatus, Owed, StipulationState

log = get_logger(__name__)
# How long a partner who has not decided is left alone.
LOOKS_AGAIN = timedelta(minutes=1)
_SYSTEM = "partners"


def talk(application_id: uuid.UUID) -> None:
    """Tell the partner what he is owed and write down what he says; raises PartnerFailed, to be tried again."""
    with transaction():
        begun = _begin(application_id)
    if begun is None:
        return
    owed, entry, question = begun
    try:
        answer = _ask(owed, entry, question)
    except Exception as error:
        code = error.code if isinstance(error, PartnerFailed) else "unexpected"
        with transaction():
            _mark(application_id, failure=code)
        raise
    with transaction():
        _settle(application_id, owed, answer)


def _begin(application_id: uuid.UUID) -> tuple[Owed, Entry, Question] | None:
    found = db.session.get(Application, application_id, with_for_update=True, populate_existing=True)
    if found is None or found.owed is None:
        return None
    owed, entry = Owed(found.owed), find_partner(found.partner)
    if entry is None:
        raise PartnerFailed("partner_gone")
    actor, person = system_actor(_SYSTEM), {}
    if owed is Owed.SUBMIT:
        person = _person(actor, found, entry)
    _mark(application_id, tries=Application.tries + 1, tried_at=clock.now())
    # Of money the lender is asked for what he has agreed to.
    amount = found.decided_amount if owed is Owed.FUND and found.decided_amount is not None else found.amount
    return (
        owed,
        entry,
        Question(
            reference=to_public("app", found.id),
            kind=ApplicationKind(found.kind),
            amount=amount,
            currency=found.currency,
            asked_at=found.asked_at,
            terms={name: str(value) for name, value in found.requested.items()},
            person=person,
            external_reference=found.external_reference,
        ),
    )


def _person(actor: Actor, found: Application, entry: Entry) -> dict[str, str]:
    """What the partner is told of the person: what he has declared and nothing else, on record before it leaves."""
    customer_id = db.session.scalar(select(Deal.customer_id).where(Deal.id == found.deal_id))
    if customer_id is None:
        return {}
    person = disclosures.disclose(customer_id, entry.person_fields)
    given = {"partner": (None, entry.key), "given": (None, ", ".join(sorted(person)))}
    audit.record(actor, "application.send", "application", found.id, changes=given)
    return person


def _ask(owed: Owed, entry: Entry, question: Question) -> Any:
    partner = entry.adapter
    asked = {
        Owed.SUBMIT: partner.submit,
        Owed.DECIDE: partner.decide,
        Owed.WITHDRAW: partner.withdraw,
        Owed.FUND: partner.fund,
    }
    return asked[owed](question)


def _settle(application_id: uuid.UUID, owed: Owed, answer: Any) -> None:
    found = db.session.get(Application, application_id, with_for_update=True, populate_existing=True)
    if found is None:
        return
    if owed is Owed.SUBMIT and found.external_reference is None:
        # Also where it was withdrawn meanwhile: it is known there under this name.
        found.external_reference, found.sent_at = answer, clock.now()
        db.session.flush()
        sent = {"external_reference": (None, answer)}
        audit.record(system_actor(_SYSTEM), "application.sent", "application", found.id, changes=sent)
    if found.owed != owed:
        return
    _mark(application_id, tries=0, failure=None)
    if owed is Owed.SUBMIT:
        _owe(found, Owed.DECIDE)
        tell_partner(application_id)
    elif answer is None and owed is not Owed.WITHDRAW:
        tell_partner(application_id, after=clock.now() + LOOKS_AGAIN)
    elif isinstance(answer, Decision):
        _decide(found, answer)
    elif isinstance(answer, Funding):
        _note_funding(found, answer)
    else:
        _owe(found, None)
        audit.record(system_actor(_SYSTEM), "application.withdrawal_told", "application", found.id)


def _decide(found: Application, decision: Decision) -> None:
    terms = {"apr": decision.apr, "term_months": decision.term_months, "reason": decision.reason or None}
    found.status, found.owed, found.decided_at = decision.status.value, None, clock.now()
    found.decided_amount, found.buy_rate = decision.amount, decision.buy_rate
    found.decided = {name: str(value) for name, value in terms.items() if value is not None}
    state = StipulationState.OPEN.value
    found.stipulations = [{"name": name, "state": state} for name in decision.stipulations]
    db.session.flush()
    changes = {
        "status": (ApplicationStatus.SUBMITTED.value, found.status),
        "decided_amount": (None, found.decided_amount),
        "stipulations": (None, ", ".join(decision.stipulations) or None),
    }
    audit.record(system_actor(_SYSTEM), "application.decide", "application", found.id, changes=changes)
    publish(ApplicationDecided(found.id, found.deal_id, found.store_id, found.status, found.asked_by))


def _note_funding(found: Application, funding: Funding) -> None:
    told = {"amount": f"{funding.amount:f}", "sent_on": funding.sent_on.isoformat(), "reference": funding.reference}
    found.decided, found.owed = {**(found.decided or {}), "funding": told}, None
    db.session.flush()
    changes = {name: (None, value) for name, value in told.items()}
    audit.record(system_actor(_SYSTEM), "application.funding_sent", "application", found.id, changes=changes)


def _owe(found: Application, owed: Owed | None) -> None:
    _mark(found.id, owed=owed.value if owed else None)


def _mark(application_id: uuid.UUID, **values: Any) -> None:
    """How the talk goes: no edit of the application, so that nobody's form is stale because of it."""
    db.session.execute(update(Application).where(Application.id == application_id).values(**values))
