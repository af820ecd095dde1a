"""Applications to lenders and insurers: what may be asked, and the money when it comes."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from app.core import clock
from app.core.db import db, transaction
from app.core.errors import Invalid, PermissionDenied, Stale
from app.sales.errors import ApplicationNotFundable, ApplicationNotOpen, DealIsEnded
from app.sales.models import Deal, Payment
from app.sales.operations import applications, delivery, many, partners, payments
from app.sales.ports import Decision, Funding
from app.sales.queries import applications as asked
from app.sales.queries import receivables as money
from app.sales.rules.financing import ApplicationStatus
from tests.factories.inventory import SYSTEM
from tests.factories.sales import make_deal
from tests.fixtures.lenders import decided, fund, read, settle, submit, waiting
from tests.sales.test_deal_operations import edit

TODAY = clock.today("America/New_York")


def test_asking_writes_rows_and_sends_nothing(bank, borrower_deal):
    deal = borrower_deal
    key = submit(deal)
    found = read(key)
    assert (found.status, found.owed, found.sent_at, bank.calls) == ("submitted", "submit", None, [])
    assert found.requested == {"band": "good", "term_months": "60", "amount": "9000.00"}
    assert waiting(key) == 1


def test_what_the_partner_says_is_written_with_what_is_still_wanted(bank, borrower_deal):
    deal = borrower_deal
    found = decided(deal, bank)
    assert bank.calls == ["submit", "decide"]
    assert (found.status, found.external_reference, found.owed) == ("conditional", "BANK-1", None)
    assert (found.decided_amount, found.buy_rate) == (9000, Decimal("5.9"))
    assert found.decided == {"apr": "6.9", "term_months": "60"}
    assert found.stipulations == [{"name": "proof_of_income", "state": "open"}]
    assert (found.tries, found.failure) == (0, None)
    partners.talk(found.id)
    assert bank.calls == ["submit", "decide"], "nothing is owed any more"
    assert asked.stands_for(deal)
    with transaction():
        db.session.execute(update(Deal).where(Deal.id == deal.id).values(price=Deal.price + 1))
    db.session.expire_all()
    assert not asked.stands_for(db.session.get_one(Deal, deal.id)), "another price is another question"


def test_the_lenders_money_waits_for_what_he_wants_and_settles_his_part(bank, borrower_deal):
    deal = borrower_deal
    found = decided(deal, bank)
    assert money.balance_of(deal).from_lender == 9000
    assert money.balance_of(deal).from_buyer == 3000
    with pytest.raises(ApplicationNotFundable) as refused:
        fund(found.id)
    assert refused.value.params == {"waiting": "proof_of_income"}
    with pytest.raises(Invalid):
        settle(found.id, name="a_letter")
    settle(found.id)
    with pytest.raises(Stale):
        settle(found.id, version=found.version - 1)
    paid = fund(found.id, 8950, funded_on=date(2026, 3, 5), reference="WIRE 7")
    assert (paid.kind, paid.party, paid.method, paid.application_id) == (
        "lender_funding",
        "lender",
        "finance",
        found.id,
    )
    found, funded = read(found.id), db.session.get_one(Deal, deal.id, populate_existing=True)
    assert (found.status, found.funded_on, funded.funded_on) == ("funded", date(2026, 3, 5), date(2026, 3, 5))
    assert money.balance_of(funded).from_lender == 50
    with pytest.raises(ApplicationNotOpen):
        fund(found.id)


def test_a_lender_who_takes_his_money_back_leaves_the_contract_unfunded(bank, borrower_deal):
    deal = borrower_deal
    found = decided(deal, bank)
    settle(found.id)
    paid = fund(found.id)
    with transaction():
        payments.refund_payment(actor=SYSTEM, payment_id=paid.id, amount=Decimal(100), reason="fee")
    assert read(found.id).status == "funded"
    with transaction():
        back = payments.refund_payment(actor=SYSTEM, payment_id=paid.id, reason="charged back")
    assert (back.party, back.direction, back.amount) == ("lender", "out", 8900)
    assert (read(found.id).status, read(found.id).funded_on) == ("approved", None)
    assert db.session.get_one(Deal, deal.id, populate_existing=True).funded_on is None
    fund(found.id)
    assert money.balance_of(db.session.get_one(Deal, deal.id)).from_lender == 0


def test_a_lost_deal_withdraws_what_is_open_and_tells_the_partner(bank, borrower_deal):
    deal = borrower_deal
    agreed, asked_for = decided(deal, bank).id, submit(deal, amount=Decimal(100))
    bank.answers["decide"] = Decision(ApplicationStatus.DECLINED)
    declined = decided(deal, bank, amount=Decimal(200)).id
    edit(db.session.get_one(Deal, deal.id), status="lost")
    assert [read(key).status for key in (agreed, asked_for, declined)] == ["withdrawn", "withdrawn", "declined"]
    assert [read(key).owed for key in (agreed, asked_for, declined)] == ["withdraw", "withdraw", None]
    assert waiting(agreed)
    for key in (agreed, asked_for):
        partners.talk(key)
        assert (read(key).owed, bank.calls[-1]) == (None, "withdraw")
    # Taken up again, it is asked for anew.
    edit(db.session.get_one(Deal, deal.id), status="working")
    assert read(agreed).status == "withdrawn"
    assert read(submit(db.session.get_one(Deal, deal.id))).status == "submitted"


def test_what_keeps_a_deal_from_being_lost_withdraws_nothing(bank, borrower_deal):
    found = decided(borrower_deal, bank).id
    with pytest.raises(RuntimeError), transaction():
        deal = db.session.get_one(Deal, borrower_deal.id)
        many.move_status(SYSTEM, deal.id, {"to_status": "lost"})
        raise RuntimeError
    assert (read(found).status, read(found).owed) == ("conditional", None)


def test_unwinding_withdraws_what_is_open_and_owes_the_lender_his_money(bank, borrower_deal):
    deal = borrower_deal
    found = decided(deal, bank)
    settle(found.id)
    paid = fund(found.id)
    other = submit(deal, amount=Decimal(100))
    with transaction():
        delivery.deliver_deal(actor=SYSTEM, deal_id=deal.id, version=None, delivered_on=date(2026, 3, 1))
    with transaction():
        delivery.unwind_deal(actor=SYSTEM, deal_id=deal.id, version=None, reason="back")
    assert (read(other).status, read(other).owed) == ("withdrawn", "withdraw")
    unwound = db.session.get_one(Deal, deal.id, populate_existing=True)
    assert (money.balance_of(unwound).from_lender, money.balance_of(unwound).owed) == (-9000, 0)
    with transaction():
        payments.refund_payment(actor=SYSTEM, payment_id=paid.id, reason="unwound")
    unwound = db.session.get_one(Deal, deal.id, populate_existing=True)
    assert money.balance_of(unwound).is_settled
    assert (read(found.id).status, unwound.funded_on) == ("withdrawn", None)
    with pytest.raises(DealIsEnded):
        submit(deal)


def test_the_lenders_word_of_his_money_is_no_money_yet(bank, borrower_deal):
    deal = borrower_deal
    found = decided(deal, bank)
    settle(found.id)
    bank.answers["fund"] = Funding(Decimal(9000), TODAY, "F-1")
    with transaction():
        applications.ask_for_funding(actor=SYSTEM, application_id=found.id)
    partners.talk(found.id)
    assert read(found.id).decided["funding"] == {"amount": "9000", "sent_on": TODAY.isoformat(), "reference": "F-1"}
    assert db.session.scalar(select(func.count()).where(Payment.deal_id == deal.id)) == 0
    assert read(found.id).status == "conditional"


def test_what_is_no_application(bank, borrower_deal, stores, actor, alpha):
    deal = borrower_deal
    for values, wrong in (
        ({"partner": "nobody"}, "partner"),
        ({"band": "superb"}, "band"),
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal(12001)}, "amount"),
    ):
        with pytest.raises(Invalid) as refused:
            submit(deal, **values)
        assert [item.field for item in refused.value.errors] == [wrong]
    with pytest.raises(Invalid):
        submit(make_deal(stores[0]))
    with pytest.raises(PermissionDenied):
        submit(deal, actor=actor(alpha, "cashier"))
