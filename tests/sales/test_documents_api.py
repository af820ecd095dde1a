"""The papers of a deal over the API: made, brought in, read, signed and voided, once each and by whoever may."""

import hashlib
import io
import uuid

import pytest
from pypdf import PdfReader

from app.core.db import tenant
from app.core.db.ids import to_public
from tests.factories.sales import make_customer, make_deal
from tests.fixtures.programs import Program, make_key

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
MAKING = ("deal.see", "stock.see", "vehicle.see", "customer.see", "deal_document.create")
STROKES = [[[10, 100], [200, 40], [300, 150]]]


@pytest.fixture
def program(client_for, alpha, stores):
    return Program(client_for(alpha, None), make_key("tenant_admin"))


@pytest.fixture
def deal(stores):
    return make_deal(stores[0], customer_id=make_customer(stores[0], "Ana Ruiz").id)


def papers_at(deal, rest=""):
    return f"/deals/{to_public('deal', deal.id)}/documents{rest}"


def make(program, deal, kind="contract", key="make", **more):
    return program.post(papers_at(deal), {"kind": kind, **more}, Idempotency_Key=key)


def at(made, rest=""):
    return f"/documents/{made['id']}{rest}"


def text_of(data):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def codes(answer):
    return {error["pointer"]: error["code"] for error in answer.get_json()["errors"]}


def test_a_paper_is_made_once_shown_and_downloaded(program, deal):
    assert program.get(papers_at(deal)).get_json() == {"data": []}
    assert program.post(papers_at(deal), {"kind": "quote"}).get_json()["code"] == "idempotency_key_required"
    answer = make(program, deal, locale="zh")
    made = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1{at(made)}"
    assert (made["kind"], made["edition"], made["state"], made["locale"]) == ("contract", 1, "current", "zh")
    again = make(program, deal, locale="zh")
    assert (again.get_json(), again.headers["Idempotency-Replayed"]) == (made, "true")
    assert program.get(papers_at(deal)).get_json()["data"] == [made] == [program.get(at(made)).get_json()]
    file = program.get(at(made, "/file"))
    assert file.headers["Content-Disposition"].startswith("attachment; filename=")
    assert (file.content_type, file.headers["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert (hashlib.sha256(file.data).hexdigest(), len(file.data)) == (made["sha256"], made["size"])
    second = make(program, deal, key="second").get_json()
    states = {one["edition"]: one["state"] for one in program.get(papers_at(deal)).get_json()["data"]}
    assert (second["edition"], states) == (2, {1: "superseded", 2: "current"})
    assert codes(make(program, deal, "licence", key="third")).keys() == {"/kind"}


@pytest.mark.parametrize(("strokes", "key"), [(STROKES, "drawn"), (None, "typed")])
def test_what_was_shown_is_signed_and_stays(program, deal, strokes, key):
    made = make(program, deal, locale="en").get_json()
    body = {"shown": made["sha256"], "signer": "Ana Ruiz", "strokes": strokes, "agreed": True}
    for wrong, pointer in (
        ({"agreed": False}, "/agreed"), ({"signer": ""}, "/signer"), ({"shown": "x"}, "/shown"),
        ({"strokes": [[[10, 10]]]}, "/strokes"), ({"strokes": [[[10, 900], [300, 10]]]}, "/strokes"),
    ):  # fmt: skip
        refused = program.post(at(made, "/sign"), {**body, **wrong}, Idempotency_Key=f"{key} wrong {pointer}{wrong}")
        assert (refused.status_code, set(codes(refused))) == (422, {pointer}), wrong
    other = program.post(at(made, "/sign"), {**body, "shown": "0" * 64}, Idempotency_Key="other")
    assert (other.status_code, other.get_json()["code"]) == (409, "document_changed")
    signed = program.post(at(made, "/sign"), body, Idempotency_Key=key)
    assert (signed.status_code, signed.get_json()["state"]) == (200, "signed")
    found = signed.get_json()
    file = program.get(at(made, "/file")).data
    assert (found["sha256"], found["signed_sha256"]) == (made["sha256"], hashlib.sha256(file).hexdigest())
    assert "Ana Ruiz" in text_of(file)
    assert program.post(at(made, "/sign"), body, Idempotency_Key=key).headers["Idempotency-Replayed"] == "true"
    twice = program.post(at(made, "/sign"), body, Idempotency_Key="twice")
    assert (twice.status_code, twice.get_json()["code"]) == (409, "document_not_signable")
    assert program.get(at(made, "/file")).data == file


def test_a_voided_paper_says_why(program, deal):
    made = make(program, deal, "quote").get_json()
    assert codes(program.post(at(made, "/void"), {"reason": ""}, Idempotency_Key="none")).keys() == {"/reason"}
    voided = program.post(at(made, "/void"), {"reason": "Wrong car"}, Idempotency_Key="void").get_json()
    assert (voided["state"], voided["void_reason"]) == ("voided", "Wrong car")
    assert voided["voided_at"]
    assert program.get(at(made, "/file")).status_code == 200
    again = program.post(at(made, "/void"), {"reason": "Again"}, Idempotency_Key="again")
    assert again.get_json()["code"] == "document_is_void"


def test_a_file_sent_by_parts_is_brought_in(program, deal):
    def bring(file_id, key, kind="licence"):
        return program.post(papers_at(deal, "/bring"), {"kind": kind, "file_id": file_id}, Idempotency_Key=key)

    answer = bring(program.upload(PNG, purpose="deal_document"), "licence")
    made = answer.get_json()
    assert answer.status_code == 201
    assert (made["kind"], made["media_type"], made["sha256"]) == (
        "licence", "image/png", hashlib.sha256(PNG).hexdigest(),
    )  # fmt: skip
    assert program.get(at(made, "/file")).data == PNG
    hostile = bring(program.upload(b"<svg onload=alert(1)/>", purpose="deal_document"), "hostile")
    assert codes(hostile) == {"/file_id": "file_type"}
    assert codes(bring(program.upload(PNG), "for something else")) == {"/file_id": "no_such_file"}
    assert codes(bring(to_public("file", uuid.uuid4()), "none")) == {"/file_id": "no_such_file"}
    large = program.upload(b"%PDF-" + b"0" * (15 * 1024 * 1024), 2, purpose="deal_document")
    assert bring(large, "large").get_json()["code"] == "file_too_large"
    assert len(program.get(papers_at(deal)).get_json()["data"]) == 1


def test_each_verb_takes_its_own_right(program, deal, client_for, alpha):
    made = make(program, deal).get_json()
    signing = {"shown": made["sha256"], "signer": "Ana Ruiz", "agreed": True}
    reader = Program(client_for(alpha, None), make_key("tenant_admin", ["deal.see", "deal_document.see"]))
    for asked in (
        make(reader, deal, key="r1"),
        reader.post(at(made, "/sign"), signing, Idempotency_Key="r2"),
        reader.post(at(made, "/void"), {"reason": "No"}, Idempotency_Key="r3"),
        reader.announce(PNG, purpose="deal_document"),
    ):
        assert (asked.status_code, asked.get_json()["code"]) == (403, "permission_denied")
    assert reader.get(at(made)).get_json()["state"] == "current"
    blind = Program(client_for(alpha, None), make_key("tenant_admin", ["deal.see"]))
    assert blind.get(at(made)).status_code == 403
    maker = Program(client_for(alpha, None), make_key("tenant_admin", MAKING))
    kept = make(maker, deal, "quote", key="unseen")
    assert (kept.status_code, kept.get_json().keys()) == (201, {"id"})
    assert maker.announce(PNG, purpose="deal_document").status_code == 201


def test_another_dealership_has_no_such_paper(program, deal, client_for, beta):
    made = make(program, deal).get_json()
    with tenant(beta.id):
        stranger = Program(client_for(beta, None), make_key("tenant_admin"))
        signing = {"shown": made["sha256"], "signer": "Ana Ruiz", "agreed": True}
        for asked in (
            stranger.get(papers_at(deal)),
            stranger.get(at(made)),
            stranger.get(at(made, "/file")),
            stranger.post(at(made, "/sign"), signing, Idempotency_Key="sign"),
            stranger.post(at(made, "/void"), {"reason": "No"}, Idempotency_Key="void"),
            make(stranger, deal),
        ):
            assert asked.status_code == 404
    assert program.get(at(made)).get_json()["state"] == "current"
