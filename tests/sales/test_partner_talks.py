"""The talk with lenders: killed at any seam, out of reach, and no more told of anybody than was declared."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.db import db, transaction
from app.core.guard.models import AuditEntry
from app.core.jobs.models import Outbox
from app.crm.operations import disclosures
from app.sales.errors import ApplicationNotOpen, NothingToTell
from app.sales.operations import applications, partners
from app.sales.ports import Decision, PartnerFailed
from app.sales.queries import receivables as money
from app.sales.rules.financing import ApplicationStatus
from tests.factories.inventory import SYSTEM
from tests.fixtures.lenders import Killed, read, submit, waiting


def test_a_partner_is_told_the_declared_fields_alone_and_it_is_on_record(bank, borrower_deal):
    deal = borrower_deal
    key = submit(deal)
    partners.talk(key)
    question = bank.known[next(iter(bank.known))][0]
    assert dict(question.person) == {"name": "Mei Borrower", "phone": "+12125550147"}
    assert "Mei" not in repr(question)
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.record_id == key, AuditEntry.action == "application.send")
    ).one()
    assert entry.changes == {"partner": [None, "bank"], "given": [None, "name, phone"]}
    with pytest.raises(ValueError, match="given to nobody"):
        disclosures.disclose(deal.customer_id, ("name", "birth_date"))


@pytest.mark.parametrize("seam", ["begin", "ask", "settle"])
@pytest.mark.parametrize("step", ["submit", "decide"])
def test_a_talk_killed_at_any_seam_is_finished_by_the_next(bank, borrower_deal, monkeypatch, seam, step):
    deal = borrower_deal
    key = submit(deal)
    if step == "decide":
        partners.talk(key)
    if seam == "ask":
        bank.trouble[step] = Killed()
    else:
        name, original = {"begin": "_ask", "settle": "_settle"}[seam], None
        original = getattr(partners, name)

        def cut(*args):
            monkeypatch.setattr(partners, name, original)
            if seam == "settle":
                original(*args)  # All of it is written, and the commit never comes.
            raise Killed

        monkeypatch.setattr(partners, name, cut)
    with pytest.raises(Killed):
        partners.talk(key)
    found = read(key)
    assert (found.owed, found.status) == (step, "submitted")
    while read(key).owed is not None:
        partners.talk(key)
    found = read(key)
    assert (found.status, found.external_reference) == ("conditional", "BANK-1")
    assert len(bank.known) == 1, "the partner knows one application"
    counted = select(func.count()).where(AuditEntry.record_id == key, AuditEntry.action == "application.decide")
    assert db.session.scalar(counted) == 1


def test_a_partner_out_of_reach_is_shown_and_asked_again(bank, borrower_deal):
    deal = borrower_deal
    key = submit(deal)
    version = read(key).version
    for tries in (1, 2):
        bank.trouble["submit"] = PartnerFailed("timeout")
        with pytest.raises(PartnerFailed):
            partners.talk(key)
        found = read(key)
        assert (found.tries, found.failure, found.owed, found.version) == (tries, "timeout", "submit", version)
    with transaction():
        applications.retry_application(actor=SYSTEM, application_id=key)
    assert (read(key).tries, read(key).failure, waiting(key)) == (0, None, 2)
    partners.talk(key)
    partners.talk(key)
    assert (read(key).status, read(key).failure) == ("conditional", None)
    with pytest.raises(NothingToTell), transaction():
        applications.retry_application(actor=SYSTEM, application_id=key)


def test_one_who_has_not_decided_is_asked_later(bank, borrower_deal):
    deal = borrower_deal
    bank.answers["decide"] = None
    key = submit(deal)
    partners.talk(key)
    partners.talk(key)
    assert (read(key).status, read(key).owed) == ("submitted", "decide")
    latest = select(func.max(Outbox.available_at)).where(Outbox.payload["application_id"].astext == str(key))
    assert db.session.scalar(latest) > clock.now() + timedelta(seconds=30)
    bank.answers["decide"] = Decision(ApplicationStatus.DECLINED, reason="outside_the_programme")
    partners.talk(key)
    found = read(key)
    assert (found.status, found.decided) == ("declined", {"reason": "outside_the_programme"})
    assert money.financed_of(deal.id) == 0


def test_withdrawn_while_it_was_being_sent(bank, borrower_deal, monkeypatch):
    deal = borrower_deal
    key, submitted = submit(deal), bank.submit

    def slowly(question):
        with transaction():
            applications.withdraw_application(actor=SYSTEM, application_id=key)
        return submitted(question)

    monkeypatch.setattr(bank, "submit", slowly)
    partners.talk(key)
    found = read(key)
    assert (found.status, found.owed, found.external_reference) == ("withdrawn", "withdraw", "BANK-1")
    partners.talk(key)
    assert (read(key).owed, bank.calls) == (None, ["submit", "withdraw"])
    with pytest.raises(ApplicationNotOpen), transaction():
        applications.withdraw_application(actor=SYSTEM, application_id=key)
