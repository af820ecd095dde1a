"""Money of deals: taking it, giving it back never beyond what came, and what an unwound deal owes back."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import psycopg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.errors import Invalid, NotFound, PermissionDenied
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor
from app.sales.errors import DealIsEnded, DealReferredTo, RefundOfRefund
from app.sales.models import Deal, Payment
from app.sales.operations import delivery, payments, removal, trade_ins
from app.sales.queries import payments as queries
from app.sales.queries import receivables
from app.sales.rules.sheet import total
from tests.factories.desk import desk, save
from tests.factories.inventory import SYSTEM, make_vehicle
from tests.factories.sales import make_customer, make_deal

TODAY = clock.today("America/New_York")


def take(deal, amount, **values):
    with transaction():
        return payments.take_payment(
            actor=values.pop("actor", SYSTEM), deal_id=deal.id, amount=Decimal(amount), **{"method": "card", **values}
        )


def refund(payment, amount=None, **values):
    wanted = None if amount is None else Decimal(amount)
    with transaction():
        return payments.refund_payment(
            actor=values.pop("actor", SYSTEM), payment_id=payment.id, amount=wanted, **{"reason": "wrong", **values}
        )


def balance(deal):
    return receivables.balance_of(db.session.get(Deal, deal.id, populate_existing=True))


def test_money_that_comes_lowers_what_the_buyer_owes(stores):
    deal = make_deal(stores[0], customer_id=make_customer(stores[0]).id)
    deposit = take(deal, "500", kind="deposit", method="wechat_pay", reference=" 4200…17 ")
    assert (deposit.direction, deposit.party, deposit.amount, deposit.currency) == ("in", "buyer", 500, "USD")
    assert (deposit.received_on, deposit.reference, deposit.customer_id) == (TODAY, "4200…17", deal.customer_id)
    take(deal, "1500.005")
    take(deal, "300", kind="payoff", method="bank_transfer")
    found = balance(deal)
    assert (found.paid, found.from_buyer, found.to_payee) == (Decimal("2000.01"), Decimal("9999.99"), -300)
    assert queries.deposits_of(deal.id) == 500
    refund(deposit, "120.50")
    assert queries.deposits_of(deal.id) == Decimal("379.50")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == deposit.id)).one()
    assert (entry.action, entry.changes["amount"][1]) == ("payment.create", "500.00")
    assert "reference" not in entry.changes


def test_receipts_are_numbered_by_store_without_gaps(stores):
    one, other = make_deal(stores[0]), make_deal(stores[1])
    first = int(take(one, 1).receipt_number.removeprefix("R-"))
    with pytest.raises(RuntimeError), transaction():
        payments.take_payment(actor=SYSTEM, deal_id=one.id, amount=Decimal(1), method="cash")
        raise RuntimeError
    take(other, 1)
    assert take(one, 1).receipt_number == f"R-{first + 1}"


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"amount": "0"}, "amount", "amount_not_possible"),
        ({"amount": "-5"}, "amount", "amount_not_possible"),
        ({"amount": "NaN"}, "amount", "amount_not_possible"),
        ({"amount": "5", "method": "shells"}, "method", "unknown_choice"),
        ({"amount": "5", "kind": "refund"}, "kind", "unknown_choice"),
        ({"amount": "5", "kind": "lender_funding"}, "kind", "unknown_choice"),
        ({"amount": "5", "received_on": TODAY + timedelta(days=2)}, "received_on", "in_future"),
        ({"amount": "5", "reference": "4242 4242 4242 4242"}, "reference", "card_number"),
    ],
)
def test_what_is_no_payment(stores, values, field, code):
    with pytest.raises(Invalid) as refused:
        take(make_deal(stores[0]), **values)
    assert [(item.field, item.code) for item in refused.value.errors] == [(field, code)]


def test_a_refund_is_never_more_than_what_is_left(stores):
    paid = take(make_deal(stores[0]), "800", method="cash")
    part = refund(paid, "300")
    assert (part.direction, part.party, part.method, part.reverses_id) == ("out", "buyer", "cash", paid.id)
    with pytest.raises(Invalid) as refused:
        refund(paid, "500.01")
    assert refused.value.errors[0].params == {"rest": "500 USD"}
    assert refund(paid).amount == 500
    with pytest.raises(Invalid):
        refund(paid)
    with pytest.raises(Invalid):
        refund(paid, "0.01")
    with pytest.raises(RefundOfRefund):
        refund(part)
    with pytest.raises(Invalid):
        refund(take(make_deal(stores[0]), 5), reason="  ")


def test_many_who_give_one_payment_back_at_once_give_it_back_once(app, alpha, stores):
    paid = take(make_deal(stores[0]), "100")
    payment_id, start, outcomes = paid.id, Barrier(6), []

    def give_back():
        with app.app_context(), tenant(alpha.id):
            start.wait(timeout=20)
            try:
                with transaction():
                    payments.refund_payment(actor=SYSTEM, payment_id=payment_id, amount=Decimal(40), reason="twice")
                outcomes.append("back")
            except Invalid as refusal:
                outcomes.append(refusal.errors[0].code)

    threads = [Thread(target=give_back) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["back", "back", *["refund_too_much"] * 4]
    db.session.rollback()
    assert queries.taken_back_of([payment_id]) == {payment_id: 80}
    numbers = db.session.scalars(select(Payment.receipt_number).where(Payment.deal_id == paid.deal_id)).all()
    assert len(numbers) == len(set(numbers)) == 3


def test_the_ledger_is_only_added_to(stores):
    paid = take(make_deal(stores[0]), "100")
    for statement in (
        "UPDATE sales_payments SET amount = 1 WHERE id = :id",
        "DELETE FROM sales_payments WHERE id = :id",
    ):
        with pytest.raises(ProgrammingError) as refused, transaction():
            db.session.execute(text(statement), {"id": paid.id})
        assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


def test_an_unwound_deal_owes_back_exactly_what_was_paid(stores):
    deal = make_deal(stores[0])
    before = balance(deal)
    rows = [take(deal, "500", kind="deposit"), take(deal, "11000", method="bank_transfer")]
    rows.append(take(deal, "250", kind="payoff"))
    with transaction():
        delivery.deliver_deal(actor=SYSTEM, deal_id=deal.id, version=None, delivered_on=date(2026, 3, 1))
    assert balance(deal).from_buyer == 500
    with transaction():
        delivery.unwind_deal(actor=SYSTEM, deal_id=deal.id, version=None, reason="back", unwound_on=date(2026, 3, 2))
    unwound = balance(deal)
    assert (unwound.owed, unwound.refundable, unwound.to_payee) == (0, 11500, -250)
    for row in rows:
        refund(row, reason="the deal was unwound")
    after = balance(deal)
    assert after.is_settled
    assert (after.paid, after.funded, after.paid_off) == (before.paid, before.funded, before.paid_off) == (0, 0, 0)
    with pytest.raises(DealIsEnded):
        take(deal, 1)


def test_a_deal_with_money_is_not_deleted(stores):
    deal = make_deal(stores[0])
    take(deal, 1)
    with pytest.raises(DealReferredTo), transaction():
        removal.delete_deal(actor=SYSTEM, deal_id=deal.id)


def test_rights_hold_where_the_deal_is(stores, actor, alpha):
    deal = make_deal(stores[0])
    paid = take(deal, 10, actor=actor(alpha, "cashier"))
    assert paid.received_by == actor(alpha, "cashier").user_id
    with pytest.raises(PermissionDenied):
        refund(paid, actor=actor(alpha, "cashier"))
    with pytest.raises(NotFound):
        take(deal, 10, actor=actor(alpha, "salesperson"))
    blind = Actor(user_id=None, name="blind", grants={"deal.see": "all", "payment.refund": "all"})
    with pytest.raises(NotFound):
        refund(paid, actor=blind)
    elsewhere = Actor(
        user_id=None, name="elsewhere", grants={"deal.see": "all", "payment.create": "store"},
        store_ids=frozenset({stores[1].id}),
    )  # fmt: skip
    with pytest.raises(PermissionDenied):
        take(deal, 10, actor=elsewhere)
    assert db.session.scalar(select(func.count()).where(Payment.deal_id == deal.id)) == 1


def test_a_deal_comes_to_what_its_worksheet_says_with_lines_taxes_and_trades(stores):
    deal = make_deal(stores[0], price=Decimal(31950))
    take(deal, 500, kind="deposit")
    save(deal, version=-deal.version)
    vehicle = make_vehicle()
    with transaction():
        trade_ins.add_trade(
            actor=SYSTEM, deal_id=deal.id, vehicle_id=vehicle.id, allowance=Decimal(9000), payoff=Decimal(4000)
        )
    found, sums = balance(deal), total(desk(deal).sheet)
    assert found.owed == sums.total - sums.rebates_applied - 5000
    assert found.owed > 31950 - 1200 - 5000, "lines and taxes are in it"
    assert (found.from_buyer, found.to_payee) == (sums.due, 4000)
