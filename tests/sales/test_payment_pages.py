"""Pages of money: taking it in one press, giving it back, the day's close, lenders and what they want."""

import re
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.db import db, transaction
from app.core.db.ids import to_public
from app.sales.models import Application, Deal, Payment
from app.sales.operations import applications, partners, payments
from tests.factories.inventory import SYSTEM
from tests.factories.sales import make_customer, make_deal
from tests.fixtures import people
from tests.fixtures.browsing import send
from tests.fixtures.lenders import decided
from tests.fixtures.shown import figures_of

TODAY = clock.today("America/New_York")


@pytest.fixture
def client(client_for, alpha):
    return client_for(alpha, "gm")


@pytest.fixture
def deal(stores):
    return make_deal(stores[0], customer_id=make_customer(stores[0], "Ann Payer").id)


def page_of(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def once_of(page, action):
    """The key of the form that posts to `action`."""
    form = re.search(rf'<form action="{re.escape(action)}".*?</form>', page, re.S).group(0)
    return re.search(r'name="once" value="([^"]+)"', form).group(1)


def rows_of(deal):
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(Payment.deal_id == deal.id))


def test_money_is_taken_on_the_deals_page_and_a_second_press_takes_none(client, deal):
    path = f"/deals/{to_public('deal', deal.id)}"
    sent = {
        "kind": "deposit", "amount": "$1,500.00", "method": "wechat_pay", "reference": "auth 7",
        "once": once_of(page_of(client, path), f"{path}/payments"),
    }  # fmt: skip
    for _ in range(2):
        answer = send(client, f"{path}/payments", **sent)
        assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert rows_of(deal) == 1
    shown = page_of(client, path)
    assert "R-" in shown
    assert "$10,500" in shown
    changed = send(client, f"{path}/payments", **{**sent, "amount": "3"})
    assert changed.status_code == 422
    assert rows_of(deal) == 1


def test_two_presses_at_one_moment_pay_once(client_for, app, alpha, deal):
    path, start, codes = f"/deals/{to_public('deal', deal.id)}", Barrier(2), []
    clients = [client_for(alpha, "gm") for _ in range(2)]
    sent = {"amount": "10", "method": "cash", "once": once_of(page_of(clients[0], path), f"{path}/payments")}

    def press(client):
        start.wait(timeout=20)
        codes.append(send(client, f"{path}/payments", **sent).status_code)

    threads = [Thread(target=press, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert (codes, rows_of(deal)) == ([303, 303], 1)


def test_a_receipt_its_refund_and_what_is_left(client, deal):
    with transaction():
        paid = payments.take_payment(actor=SYSTEM, deal_id=deal.id, amount=Decimal(800), method="cash")
    path = f"/payments/{to_public('pay', paid.id)}"
    assert "Ann Payer" in page_of(client, path)
    form = page_of(client, f"{path}/refund")
    sent = {"amount": "900", "method": "cash", "reason": "changed his mind", "once": once_of(form, f"{path}/refund")}
    refused = send(client, f"{path}/refund", **sent)
    assert refused.status_code == 422
    assert "800 USD" in refused.get_data(as_text=True)
    sent |= {"amount": "300", "once": once_of(refused.get_data(as_text=True), f"{path}/refund")}
    answer = send(client, f"{path}/refund", **sent)
    assert answer.status_code == 303
    assert "changed his mind" in page_of(client, answer.headers["Location"])
    assert "$300" in page_of(client, path)


def test_who_may_not_see_money_sees_none_and_a_cashier_gives_none_back(client_for, alpha, deal):
    path = f"/deals/{to_public('deal', deal.id)}"
    with transaction():
        paid = payments.take_payment(actor=SYSTEM, deal_id=deal.id, amount=Decimal(77), method="cash")
    cashier = client_for(alpha, "cashier")
    shown = page_of(cashier, path)
    assert paid.receipt_number in shown
    assert "/refund" not in shown
    assert cashier.get(f"/payments/{to_public('pay', paid.id)}/refund").status_code == 403
    assert client_for(alpha, "salesperson").get(f"/payments/{to_public('pay', paid.id)}").status_code == 404
    assert client_for(alpha, "technician").get("/payments").status_code == 403


def test_the_days_close_adds_up_to_the_rows_it_opens(client, deal, stores):
    other = make_deal(stores[1])
    with transaction():
        for amount, method in (("100.10", "cash"), ("50", "cash"), ("20", "card")):
            payments.take_payment(actor=SYSTEM, deal_id=other.id, amount=Decimal(amount), method=method)
    paid = db.session.scalars(select(Payment).where(Payment.deal_id == other.id, Payment.amount == 50)).one()
    with transaction():
        payments.refund_payment(actor=SYSTEM, payment_id=paid.id, amount=Decimal(5), reason="change")
    store = to_public("store", stores[1].id)
    rows = db.session.execute(
        select(Payment.method, func.sum(Payment.signed_amount))
        .where(Payment.store_id == stores[1].id, Payment.received_on == TODAY)
        .group_by(Payment.method)
    )
    sums = dict(rows.all())
    shown = page_of(client, f"/payments/day?day={TODAY}&store={store}")
    assert f"${sums['cash']:,.2f}".removesuffix(".00") in shown
    assert f"${sum(sums.values()):,.2f}".removesuffix(".00") in shown
    link = re.search(r'href="(/payments\?[^"]*method=cash[^"]*)"', shown).group(1).replace("&amp;", "&")
    assert page_of(client, link).count("data-row=") == sum(
        1 for row in db.session.scalars(select(Payment).where(Payment.store_id == stores[1].id)) if row.method == "cash"
    )
    assert page_of(client, "/payments/day?day=nonsense&store=")


def test_a_lender_is_asked_answers_and_pays_by_pages_alone(client, bank, borrower_deal):
    path = f"/deals/{to_public('deal', borrower_deal.id)}"
    form = page_of(client, f"{path}/applications/new")
    sent = {
        "partner": "bank", "amount": "9000", "band": "good", "term_months": "60",
        "once": once_of(form, f"{path}/applications"),
    }  # fmt: skip
    answer = send(client, f"{path}/applications", **sent)
    assert send(client, f"{path}/applications", **sent).headers["Location"] == answer.headers["Location"]
    mine = answer.headers["Location"]
    assert "On its way" in page_of(client, mine)
    found = db.session.scalars(select(Application).where(Application.deal_id == borrower_deal.id)).one()
    for _ in range(2):
        partners.talk(found.id)
    shown = page_of(client, mine)
    assert "5.9" in shown
    assert "Proof of income" in shown
    early = send(client, f"{mine}/fund", amount="9000", once="early")
    assert early.status_code == 409
    version = re.search(r'name="version" value="(\d+)"', shown).group(1)
    seen = {"version": version, "name": "proof_of_income", "state": "met"}
    assert send(client, f"{mine}/stipulations", **seen).status_code == 303
    shown = page_of(client, mine)
    assert send(client, f"{mine}/fund", amount="9000", once=once_of(shown, f"{mine}/fund")).status_code == 303
    db.session.rollback()
    assert db.session.get_one(Deal, borrower_deal.id, populate_existing=True).funded_on == TODAY
    assert "Funded" in page_of(client, path)


def test_the_buy_rate_is_for_those_who_see_costs(client_for, alpha, bank, borrower_deal, stores):
    found = decided(borrower_deal, bank)
    path = f"/applications/{to_public('app', found.id)}"
    assert "5.900000" in page_of(client_for(alpha, "gm"), path)
    with transaction():
        deal = db.session.get_one(Deal, borrower_deal.id)
        deal.salesperson_id = people.find_user("salesperson").id
    shown = page_of(client_for(alpha, "salesperson"), path)
    assert "5.9" not in figures_of(shown)


def test_a_partner_out_of_reach_is_shown_and_tried_again(client, bank, borrower_deal):
    with transaction():
        key = applications.submit_application(
            actor=SYSTEM, deal_id=borrower_deal.id, partner="bank", amount=Decimal(9), band="good"
        ).id
    bank.trouble["submit"] = OSError("down")
    with pytest.raises(OSError, match="down"):
        partners.talk(key)
    path = f"/applications/{to_public('app', key)}"
    assert "could not be reached" in page_of(client, path)
    assert send(client, f"{path}/retry").status_code == 303
    assert "could not be reached" not in page_of(client, path)
    assert send(client, f"{path}/withdraw").status_code == 303
    assert "Contracts in transit" in page_of(client, "/applications?transit=yes")
