"""Receipts as PDF: what stands on them, in both languages, the same bytes later, for whoever sees the payment."""

from __future__ import annotations

import io
import re
from datetime import date
from decimal import Decimal

import pypdf
import pytest
from PIL import Image

from app.core.db import db, transaction
from app.core.db.ids import to_public
from app.core.errors import Invalid, NotFound
from app.core.guard.permissions import Actor
from app.sales.documents.receipts import compose, set_receipt
from app.sales.documents.writing import Hand
from app.sales.models import Deal, Payment
from app.sales.operations.logos import set_logo
from app.sales.operations.payments import refund_payment, take_payment
from tests.factories.inventory import SYSTEM
from tests.factories.sales import make_customer, make_deal
from tests.fixtures.programs import Program, make_key


@pytest.fixture
def paid(stores):
    deal = make_deal(stores[0], customer_id=make_customer(stores[0], "王小明").id)
    with transaction():
        return take_payment(
            actor=SYSTEM, deal_id=deal.id, amount=Decimal("1234.5"), method="card", reference="auth 77",
            received_on=date(2026, 3, 2),
        )  # fmt: skip


@pytest.fixture
def back(paid):
    with transaction():
        return refund_payment(actor=SYSTEM, payment_id=paid.id, reason="Words of ours", amount=Decimal(34))


def words_of(data):
    found = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    return re.sub(r"\s", "", found)


def test_what_stands_on_a_receipt_in_both_languages(paid, stores):
    data, name = set_receipt(actor=SYSTEM, payment_id=paid.id, locale="en")
    assert name == f"receipt-{paid.receipt_number}-en.pdf"
    deal = db.session.get(Deal, paid.deal_id)
    written = words_of(data)
    for part in ("Receipt", paid.receipt_number, "$1,234.50", "March2,2026", "王小明", "auth77", deal.deal_number,
                 "Receivedfrom", stores[0].name):  # fmt: skip
        assert part.replace(" ", "") in written, part
    chinese = words_of(set_receipt(actor=SYSTEM, payment_id=paid.id, locale="zh")[0])
    for part in ("收据", "付款人", "2026年3月2日", "1,234.50", paid.receipt_number):
        assert part in chinese, part


def test_a_refund_says_which_receipt_it_takes_back_and_keeps_our_words(paid, back):
    written = words_of(set_receipt(actor=SYSTEM, payment_id=back.id, locale="en")[0])
    for part in ("Refundreceipt", back.receipt_number, f"Takesback{paid.receipt_number}", "Paidto", "$34.00"):
        assert part in written, part
    assert "Wordsofours" not in written


def test_asked_again_it_is_the_same_bytes(paid):
    first = set_receipt(actor=SYSTEM, payment_id=paid.id, locale="zh")[0]
    refund_later = {"actor": SYSTEM, "payment_id": paid.id, "reason": "Later"}
    with transaction():
        refund_payment(**refund_later)
    picture = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(picture, "PNG")
    with transaction():
        set_logo(actor=SYSTEM, store_id=paid.store_id, data=picture.getvalue())
    # The logo of that day was none; one of today is printed on what is paid from today on.
    assert set_receipt(actor=SYSTEM, payment_id=paid.id, locale="zh")[0] == first
    with transaction():
        today = take_payment(actor=SYSTEM, deal_id=paid.deal_id, amount=Decimal(1), method="cash")
    assert b"/Subtype/Image" in set_receipt(actor=SYSTEM, payment_id=today.id, locale="zh")[0]
    assert b"/Subtype/Image" not in first


def test_yuan_stand_in_capitals_on_a_chinese_receipt(paid):
    deal = db.session.get(Deal, paid.deal_id)
    values = {
        column.name: getattr(paid, column.name)
        for column in Payment.__table__.columns
        if column.name not in ("signed_amount",)
    }
    yuan = Payment(**{**values, "currency": "CNY"})
    for locale, expected in (("zh", True), ("en", False)):
        amounts = compose(SYSTEM, deal, yuan, Hand(locale, "UTC"))["blocks"][0]
        assert (amounts["words"] is not None) is expected
        assert not expected or "壹仟贰佰叁拾肆元伍角" in amounts["words"]


def test_whom_somebody_may_not_see_does_not_stand_on_it(paid):
    till = Actor(None, "Till", {"payment.see": "all", "deal.see": "all"})
    written = words_of(set_receipt(actor=till, payment_id=paid.id, locale="en")[0])
    assert "王小明" not in written
    assert paid.receipt_number in written
    with pytest.raises(NotFound):
        set_receipt(actor=Actor(None, "Nobody", {"deal.see": "all"}), payment_id=paid.id)
    with pytest.raises(Invalid):
        set_receipt(actor=SYSTEM, payment_id=paid.id, locale="xx")


def test_the_page_and_programs_get_the_file(client_for, alpha, paid):
    client, at = client_for(alpha, "gm"), f"/payments/{to_public('pay', paid.id)}"
    page = client.get(at).text
    assert f"{at}/receipt?locale=zh" in page
    answer = client.get(f"{at}/receipt?locale=en")
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=receipt-{paid.receipt_number}-en.pdf"
    assert client_for(alpha, "technician").get(f"{at}/receipt").status_code == 403
    program = Program(client_for(alpha, None), make_key("gm"))
    told = program.get(f"{at}/receipt?locale=en")
    assert told.data == answer.data
    assert program.get(f"{at}/receipt?locale=xx").status_code == 422
