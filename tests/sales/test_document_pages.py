"""The jacket on a deal's page: made, read, brought in, signed, sent and voided there; and what a mailed link opens."""

import io
import json
import re

import pytest
from sqlalchemy import select

from app.core.db import db, transaction
from app.core.db.ids import to_public
from app.core.jobs.registry import Run
from app.crm.operations.contacts import add_contact_point
from app.sales.documents import sending
from app.sales.models import DealDocument, DocumentEvent
from app.sales.operations.documents import void_document
from app.sales.queries import documents as papers
from app.tenants.models import Mail
from tests.factories.inventory import SYSTEM
from tests.factories.pages import error_of, field_of, post
from tests.factories.sales import make_customer, make_deal

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
STROKES = json.dumps([[[10, 100], [200, 40], [300, 150]]])


@pytest.fixture
def client(client_for, alpha):
    return client_for(alpha)


@pytest.fixture
def deal(stores):
    customer = make_customer(stores[0], "Ana Ruiz")
    with transaction():
        add_contact_point(actor=SYSTEM, customer_id=customer.id, kind="email", value="ana@example.com")
    return make_deal(stores[0], customer_id=customer.id)


def address(deal, rest=""):
    return f"/deals/{to_public('deal', deal.id)}{rest}"


def documents_of(deal):
    wanted = select(DealDocument).where(DealDocument.deal_id == deal.id)
    return db.session.scalars(wanted.order_by(DealDocument.made_at)).all()


def test_a_paper_is_made_read_and_signed(client, deal):
    assert "No documents yet." in client.get(address(deal)).text
    assert post(client, address(deal, "/documents"), kind="contract", locale="en").status_code == 303
    (made,) = documents_of(deal)
    page, at = client.get(address(deal)).text, f"/documents/{to_public('doc', made.id)}"
    assert f"{at}/sign" in page
    shown = client.get(f"{at}/file?view=1")
    assert shown.data.startswith(b"%PDF")
    assert (shown.headers["Content-Disposition"].partition(";")[0], shown.headers["X-Content-Type-Options"]) == (
        "inline", "nosniff",
    )  # fmt: skip
    assert client.get(f"{at}/file").headers["Content-Disposition"].startswith("attachment")
    form = client.get(f"{at}/sign").text
    assert "free of rights of others" in form
    assert field_of(form, "signer") == "Ana Ruiz"
    values = {"shown": made.sha256.hex(), "signer": "Ana Ruiz", "strokes": STROKES}
    assert post(client, f"{at}/sign", **values).status_code == 422
    assert post(client, f"{at}/sign", **{**values, "agreed": "1", "shown": "0" * 64}).status_code == 409
    assert post(client, f"{at}/sign", agreed="1", **values).status_code == 303
    page = client.get(address(deal)).text
    assert "Signed" in page
    assert f"{at}/sign" not in page
    assert "cannot be signed" in client.get(f"{at}/sign").text


def test_what_is_brought_in_is_saved_and_never_shown(client, deal):
    files = {"kind": "licence", "files": [(io.BytesIO(PNG), "a.png"), (io.BytesIO(PNG), "b.html")]}
    sent = post(client, address(deal, "/files"), **files)
    assert sent.status_code == 303
    made = documents_of(deal)
    assert len(made) == 2
    answer = client.get(f"/documents/{to_public('doc', made[0].id)}/file?view=1")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert (answer.content_type, answer.data) == ("image/png", PNG)
    bad = post(client, address(deal, "/files"), kind="licence", files=[(io.BytesIO(b"<svg/>"), "x.png")])
    assert bad.status_code == 422
    assert "Only PDF, JPEG, PNG and WebP" in bad.text


def test_a_handover_is_ticked_and_leads_to_its_signature(client, deal):
    form = client.get(address(deal, "/delivery-checklist")).text
    assert "All keys" in form
    values = {"odometer": "12,345", "next_service_on": "2027-06-01", "photo": (io.BytesIO(PNG), "car.png")}
    answer = post(client, address(deal, "/delivery-checklist"), done=["0", "3"], **values)
    assert answer.status_code == 303
    made = next(one for one in documents_of(deal) if one.kind == "delivery_checklist")
    assert answer.location.endswith(f"/documents/{to_public('doc', made.id)}/sign")
    assert {one.kind for one in documents_of(deal)} == {"delivery_checklist", "other"}
    ticked = papers.content_of(made)["paper"]["blocks"][1]["rows"]
    assert [row[1] for row in ticked[:4]] == [True, False, False, True]


def test_a_voided_paper_says_so(client, deal):
    post(client, address(deal, "/documents"), kind="quote")
    (made,) = documents_of(deal)
    at = f"/documents/{to_public('doc', made.id)}/void"
    assert error_of(post(client, at, reason="").text, "reason")
    assert post(client, at, reason="Wrong car").status_code == 303
    assert "Superseded and void: 1" in client.get(address(deal)).text


def test_the_customer_opens_what_was_sent(client, client_for, alpha, deal, monkeypatch):
    post(client, address(deal, "/documents"), kind="quote", locale="en")
    (made,) = documents_of(deal)
    assert post(client, f"/documents/{to_public('doc', made.id)}/send").status_code == 303
    event = db.session.scalars(select(DocumentEvent).where(DocumentEvent.document_id == made.id)).one()
    monkeypatch.setattr(sending, "current_run", lambda: Run(event.id, 1))
    with transaction():
        sending.mail_document(event.id)
    mail = db.session.scalars(select(Mail).order_by(Mail.created_at.desc())).first()
    assert mail is not None
    assert "ana@" not in mail.recipient_masked
    path = re.sub(r"^https?://[^/]+", "", sending.link_of(event))
    stranger = client_for(alpha, role=None)
    assert "has sent you this document" in stranger.get(path).text
    assert stranger.get(f"{path}/file").data.startswith(b"%PDF")
    assert stranger.get(f"{path[:-2]}xx").status_code == 404
    assert "opened by customer" in client.get(address(deal)).text
    with transaction():
        void_document(actor=SYSTEM, document_id=made.id, reason="Wrong price")
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"{path}/file").status_code == 404


def test_a_store_says_what_stands_on_its_papers(client, deal):
    form = client.get("/sales-settings/documents").text
    values = {"terms_quote_en": "Our very own words.", "gates_sold": ["buyers_order"]}
    values["number"] = field_of(form, "number")
    assert post(client, "/sales-settings/documents", **values).status_code == 303
    assert "Still missing: Buyer" in client.get(address(deal)).text.replace("&#39;", "'")
    post(client, address(deal, "/documents"), kind="quote", locale="en")
    (made,) = documents_of(deal)
    assert papers.content_of(made)["paper"]["blocks"][-1]["paragraphs"] == ["Our very own words."]
    bad = post(client, "/sales-settings/documents/logo", picture=(io.BytesIO(PNG), "logo.png"))
    assert bad.status_code == 303
    assert "Choose a PNG or JPEG" in client.get("/sales-settings/documents").text
