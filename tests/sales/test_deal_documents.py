"""The papers of a deal: what stands on them, editions at once, signing what was shown, and what never changes."""

import hashlib
import io
import json
import re
import threading
from decimal import Decimal

import pypdf
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.db import db, tenant, transaction
from app.core.errors import FieldClosed, Invalid, NotFound, PermissionDenied
from app.core.guard.erasing import erase_subject
from app.core.guard.permissions import Actor
from app.crm.operations.contacts import add_contact_point
from app.sales.documents.making import make_document, sign_document
from app.sales.errors import DocumentChanged, DocumentErased, DocumentIsVoid, DocumentNotSignable
from app.sales.operations import documents
from app.sales.operations.deals import edit_deal
from app.sales.queries import documents as papers
from app.sales.rules.documents import DocumentState
from tests.factories.inventory import SYSTEM
from tests.factories.sales import make_customer, make_deal

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
STROKES = json.dumps([[[10, 100], [200, 40], [300, 150]], [[320, 90], [500, 95]]])


def words_of(data):
    found = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    return re.sub(r"\s", "", found)


def make(deal, kind="contract", **more):
    with transaction():
        return make_document(actor=SYSTEM, deal_id=deal.id, kind=kind, **more)


def sign(document, **more):
    values = {"shown": document.sha256.hex(), "signer": "王小明", "strokes": STROKES, **more}
    with transaction():
        return sign_document(actor=SYSTEM, document_id=document.id, **values)


def paper_of(document):
    return papers.find_paper(db.session.get(type(document), document.id))


@pytest.fixture
def deal(stores):
    customer = make_customer(stores[0], "王小明")
    with transaction():
        add_contact_point(actor=SYSTEM, customer_id=customer.id, kind="email", value="wang@example.com")
    return make_deal(stores[0], customer_id=customer.id, discount=Decimal(500))


@pytest.mark.parametrize(
    ("locale", "words"), [("en", ("Buyer'sorder", "Sellingprice")), ("zh", ("购车订单", "售价"))]
)
def test_a_paper_says_who_with_whom_what_and_for_how_much(deal, locale, words):
    made = make(deal, "buyers_order", locale=locale)
    data = papers.bytes_of(paper_of(made))
    found = words_of(data)
    for word in (*words, "王小明", "wang@example.com", deal.deal_number, "11,500.00"):
        assert word in found
    assert (made.edition, made.locale, made.sha256) == (1, locale, hashlib.sha256(data).digest())
    assert papers.content_of(made)["paper"]["locale"] == locale


def test_papers_speak_the_customers_language_before_the_dealerships(stores):
    customer = make_customer(stores[0], "Li Lei")
    customer.language = "zh"
    db.session.flush()
    deal = make_deal(stores[0], customer_id=customer.id)
    assert make(deal, "quote").locale == "zh"
    assert make(make_deal(stores[0]), "quote").locale == "en"


def test_a_later_edition_supersedes_and_a_signed_one_stays(deal):
    first, second = make(deal), make(deal)
    assert (paper_of(first).state, paper_of(second).state) == (DocumentState.SUPERSEDED, DocumentState.CURRENT)
    with pytest.raises(DocumentNotSignable):
        sign(first)
    sign(second)
    third = make(deal)
    assert third.edition == 3
    assert paper_of(second).state is DocumentState.SIGNED
    with pytest.raises(DocumentNotSignable):
        sign(second)


def test_what_is_signed_is_what_was_shown(deal):
    made = make(deal)
    with pytest.raises(DocumentChanged):
        sign(made, shown="0" * 64)
    event = sign(made)
    paper = paper_of(made)
    data = papers.bytes_of(paper)
    assert hashlib.sha256(data).digest() == event.sha256
    found = words_of(data)
    assert made.sha256.hex() in found
    assert "byhandonthescreen" in found
    assert papers.bytes_of(paper, signed=False) != data
    detail = papers.detail_of(event)
    assert (detail["signer"], detail["method"], detail["shown"]) == ("王小明", "drawn", made.sha256.hex())
    # What the deal becomes later changes nothing of it.
    with transaction():
        edit_deal(
            actor=SYSTEM, deal_id=deal.id, version=deal.version, status=deal.status, customer_id=deal.customer_id,
            salesperson_id=None, deal_type=deal.deal_type, price=Decimal(9999), discount=Decimal(0),
            sold_on=None, delivered_on=None, note=None,
        )  # fmt: skip
    assert papers.bytes_of(paper_of(made)) == data


def test_a_typed_name_is_a_signature_too(deal):
    made = make(deal)
    assert papers.detail_of(sign(made, strokes="", signer="  Wang   Xiaoming "))["method"] == "typed"
    assert "WangXiaoming" in words_of(papers.bytes_of(paper_of(made)))


@pytest.mark.parametrize(
    "strokes", ['[[[1,1],[1,2]]]', "[]", "nonsense", '[[["<svg>",1],[2,2]]]', "[[[1,1],[9999,1]]]", '{"a":1}',
        "[[1,2]]", '[[[1.5,1],[300,1]]]', "[[[true,1],[300,1]]]"],
)  # fmt: skip
def test_what_is_no_signature_is_refused(deal, strokes):
    made = make(deal)
    with pytest.raises(Invalid):
        sign(made, strokes=strokes)
    assert paper_of(made).state is DocumentState.CURRENT


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sales_documents SET sha256 = ''", "DELETE FROM sales_documents",
        "UPDATE sales_document_events SET kind = 'sent'", "DELETE FROM sales_document_events",
    ],
)  # fmt: skip
def test_the_database_itself_takes_no_change(deal, statement):
    sign(make(deal))
    with pytest.raises(DBAPIError, match="permission denied"), transaction():
        db.session.execute(text(statement))


def test_voiding_needs_a_reason_and_happens_once(deal):
    made = make(deal)
    sign(made)
    with pytest.raises(Invalid), transaction():
        documents.void_document(actor=SYSTEM, document_id=made.id, reason="  ")
    with transaction():
        documents.void_document(actor=SYSTEM, document_id=made.id, reason="Wrong buyer")
    assert paper_of(made).state is DocumentState.VOIDED
    with pytest.raises(DocumentIsVoid), transaction():
        documents.void_document(actor=SYSTEM, document_id=made.id, reason="Again")
    assert papers.bytes_of(paper_of(made)).startswith(b"%PDF")


def test_editions_of_many_at_once_follow_one_another(deal, alpha, app):
    deal_id, failed = deal.id, []

    def once():
        try:
            with app.app_context(), tenant(alpha.id), transaction():
                make_document(actor=SYSTEM, deal_id=deal_id, kind="quote")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(paper.document.edition for paper in papers.papers_of(deal_id)) == [1, 2, 3, 4]


def test_files_are_what_their_bytes_say(deal):
    def bring(*uploads, kind="licence"):
        with transaction():
            return documents.bring_documents(actor=SYSTEM, deal_id=deal.id, kind=kind, uploads=uploads)

    made = bring(("front.png", PNG), ("C:\\back.html", PNG))
    assert [(one.edition, one.media_type) for one in made] == [(1, "image/png"), (2, "image/png")]
    for bad in (b"<html><script>", b"<svg xmlns='x'/>", b"MZ\x90", b"GIF89a"):
        with pytest.raises(Invalid):
            bring(("licence.png", bad))
    with pytest.raises(Invalid):
        bring(("x.png", PNG), kind="contract")
    with pytest.raises(Invalid):
        bring(*[("x.png", PNG)] * 11)


def test_contacts_on_a_paper_are_for_those_who_see_contacts(deal):
    made = make(deal)
    grants = {"deal.see": "all", "deal_document.see": "all", "customer.see": "all", "stock.see": "all"}
    masked = Actor(user_id=None, name="x", grants=grants, sights={"contact": "masked"})
    paper = papers.get_paper(masked, made.id)[1]
    with pytest.raises(FieldClosed):
        papers.check_readable(masked, paper)
    papers.check_readable(Actor(user_id=None, name="x", grants=grants, sights={"contact": "visible"}), paper)


def test_rights_over_papers_are_those_over_the_deal(deal):
    made = make(deal)
    nobody = Actor(user_id=None, name="x", grants={"deal.see": "all"})
    with pytest.raises(NotFound):
        papers.get_paper(nobody, made.id)
    reader = Actor(user_id=None, name="x", grants={"deal.see": "all", "deal_document.see": "all"})
    with pytest.raises(PermissionDenied):
        papers.get_paper(reader, made.id, documents.VOID)
    with pytest.raises(PermissionDenied), transaction():
        make_document(actor=reader, deal_id=deal.id, kind="quote")


def test_an_erased_person_can_be_read_on_no_paper(deal):
    made = make(deal)
    event = sign(made)
    with transaction():
        documents.bring_documents(actor=SYSTEM, deal_id=deal.id, kind="licence", uploads=[("Wang.png", PNG)])
    with transaction():
        erase_subject(SYSTEM, deal.customer_id, "customer")
    with pytest.raises(DocumentErased):
        papers.bytes_of(paper_of(made))
    with pytest.raises(DocumentErased):
        papers.content_of(made)
    with pytest.raises(DocumentErased):
        papers.detail_of(event)
    names = db.session.execute(text("SELECT name FROM core_files WHERE kind = 'deal_document'")).scalars().all()
    assert "Wang.png" not in names


def test_what_a_customer_is_called_stays_a_name(stores):
    name = '#eval("1") *x* <b> $a$ [z] \\ `q`'
    deal = make_deal(stores[0], customer_id=make_customer(stores[0], name).id)
    made = make(deal, "quote")
    assert re.sub(r"\s", "", name) in words_of(papers.bytes_of(paper_of(made)))
