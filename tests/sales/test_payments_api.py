"""Payments and applications over the API: once by their keys, never beyond what came."""

import pytest
from sqlalchemy import func, select

from app.core.db import db
from app.core.db.ids import from_public, to_public
from app.sales.models import Payment
from app.sales.operations import partners
from tests.factories.sales import make_deal
from tests.fixtures.programs import Program, make_key


def usd(amount):
    return {"amount": amount, "currency": "USD"}


@pytest.fixture
def program(client_for, alpha, in_alpha):
    return Program(client_for(alpha, None), make_key("tenant_admin"))


def test_a_payment_happens_once_and_is_given_back_once(program, stores):
    deal = make_deal(stores[0])
    path, sent = f"/deals/{to_public('deal', deal.id)}/payments", {"amount": usd("500.00"), "method": "card"}
    assert program.post(path, sent).get_json()["code"] == "idempotency_key_required"
    first = program.post(path, sent, Idempotency_Key=f"till {deal.id}")
    again = program.post(path, sent, Idempotency_Key=f"till {deal.id}")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    db.session.rollback()
    assert db.session.scalar(select(func.count()).where(Payment.deal_id == deal.id)) == 1
    made = first.get_json()
    assert (made["signed_amount"], made["party"], made["direction"]) == (usd("500.00"), "buyer", "in")
    refund = f"/payments/{made['id']}/refund"
    too_much = program.post(refund, {"reason": "x", "amount": usd("500.01")}, Idempotency_Key="a")
    assert (too_much.status_code, too_much.get_json()["errors"][0]["code"]) == (422, "refund_too_much")
    back = program.post(refund, {"reason": "wrong car"}, Idempotency_Key="b")
    assert (back.status_code, back.get_json()["reverses_id"]) == (201, made["id"])
    assert back.get_json()["signed_amount"] == usd("-500.00")
    listed = program.get(f"/payments?filter[deal_id]={to_public('deal', deal.id)}").get_json()["data"]
    assert [row["kind"] for row in listed] == ["refund", "payment"]


def test_a_lender_is_asked_and_pays(program, bank, borrower_deal):
    path = f"/deals/{to_public('deal', borrower_deal.id)}/applications"
    sent = {"partner": "bank", "amount": usd("9000.00"), "band": "good"}
    made = program.post(path, sent, Idempotency_Key=f"bank {borrower_deal.id}").get_json()
    assert (made["status"], made["owed"], bank.calls) == ("submitted", "submit", [])
    mine = f"/applications/{made['id']}"
    assert program.get(mine).get_json() == made
    for _ in range(2):
        partners.talk(from_public("app", made["id"]))
    assert program.get(mine).get_json()["buy_rate"] in ("5.9", "5.900000")
    early = program.post(f"{mine}/fund", {"amount": usd("9000.00")}, Idempotency_Key="early")
    assert (early.status_code, early.get_json()["code"]) == (409, "application_not_fundable")
    seen = {"name": "proof_of_income", "state": "met"}
    assert program.post(f"{mine}/stipulations", seen, Idempotency_Key="seen").status_code == 200
    for _ in range(2):
        paid = program.post(f"{mine}/fund", {"amount": usd("9000.00")}, Idempotency_Key=f"wire {made['id']}")
        assert (paid.status_code, paid.get_json()["status"]) == (200, "funded")
    db.session.rollback()
    assert db.session.scalar(select(func.count()).where(Payment.deal_id == borrower_deal.id)) == 1
