"""The papers of a deal over the API: made, brought in, read, signed, voided; none is ever changed.

The checklist of a handover is ticked beside the car, and a mail to the customer is sent by a person: both on the pages.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from flask import Response

from app.core.db.ids import from_public, to_public
from app.core.errors import NotFound
from app.core.guard import once
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.http.access import require
from app.core.http.api import ApiBlueprint, answer, documented, load_body
from app.core.http.api.dumping import plan_for
from app.core.http.api.effects import REPLAYED, run_once
from app.core.http.api.operations import OF_BODIES, OF_RECORDS, key_parameter
from app.core.http.api.records import PREFIX
from app.core.http.sessions import current_actor
from app.core.jobs.uploads import operations as uploads
from app.sales import queries
from app.sales.api.document_shapes import (
    BroughtDocument,
    DealDocumentSchema,
    DealDocumentsSchema,
    DocumentSignature,
    DocumentVoiding,
    NewDealDocument,
)
from app.sales.documents import making
from app.sales.errors import DocumentErased
from app.sales.models import Deal, DocumentEvent
from app.sales.operations import documents
from app.sales.queries import documents as papers
from app.sales.queries.documents import Paper
from app.sales.rules.documents import ENDINGS, MOST_BYTES, DocumentEventKind

bp = ApiBlueprint("deal-documents", "The papers of a deal, each an edition that stays as it is.")

BROUGHT = {"kind": "licence", "file_id": "file_…"}
SIGNATURE = {
    "shown": "digest_…", "signer": "Ana Ruiz", "strokes": [[[40, 120], [180, 60], [320, 150]]], "agreed": True,
}  # fmt: skip
PROBLEMS = (*OF_BODIES, *OF_RECORDS)


class _Shown(NamedTuple):
    """A paper as it is told of."""

    id: uuid.UUID
    deal_id: uuid.UUID
    kind: str
    edition: int
    state: str
    locale: str | None
    media_type: str
    size: int
    sha256: str
    made_by: uuid.UUID | None
    made_at: datetime
    signed_at: datetime | None
    signed_sha256: str | None
    sent_at: datetime | None
    opened_at: datetime | None
    voided_at: datetime | None
    void_reason: str | None


def _adds(body: type[Any], example: Mapping[str, Any], status: int, *more: int) -> Callable[[Any], Any]:
    return documented(
        parameters=[key_parameter(required=True)], body=body, example=example, gives={status: DealDocumentSchema},
        problems=(*PROBLEMS, *more),
    )  # fmt: skip


@bp.route("/deals/<deal_id>/documents", methods=["GET"])
@require("deal_document.see")
@documented(gives={200: DealDocumentsSchema}, problems=OF_RECORDS)
def list_documents(deal_id: str):
    """List the papers of a deal, the newest first"""
    actor = current_actor()
    return answer({"data": _dump(actor, papers.list_papers(actor, from_public("deal", deal_id)))})


@bp.route("/deals/<deal_id>/documents", methods=["POST"])
@require("deal_document.create")
@_adds(NewDealDocument, {"kind": "contract", "locale": "en"}, 201)
def make_document(deal_id: str):
    """Make the next edition of a paper out of the deal as it stands"""
    actor, deal = current_actor(), _reach(deal_id)
    data = load_body(NewDealDocument)
    return _once(lambda: making.make_document(actor=actor, deal_id=deal.id, **data).id, 201)


@bp.route("/deals/<deal_id>/documents/bring", methods=["POST"])
@require("deal_document.create")
@_adds(BroughtDocument, BROUGHT, 201, 413)
def bring_document(deal_id: str):
    """Put an uploaded file into the jacket of a deal: PDF, JPEG, PNG or WebP"""
    deal = _reach(deal_id)
    data = load_body(BroughtDocument)
    return _once(lambda: _bring(deal.id, **data), 201)


@bp.route("/documents/<document_id>", methods=["GET"])
@require("deal_document.see")
@documented(gives={200: DealDocumentSchema}, problems=OF_RECORDS)
def show_document(document_id: str):
    """Read how a paper of a deal stands"""
    actor = current_actor()
    _, paper = papers.get_paper(actor, from_public("doc", document_id))
    return answer(_dump(actor, [paper])[0])


@bp.route("/documents/<document_id>/file", methods=["GET"])
@require("deal_document.see")
@documented(gives={}, gives_file=tuple(ENDINGS), problems=(409, *OF_RECORDS))
def download_document(document_id: str):
    """Read the paper itself, with its signature where it has one"""
    actor = current_actor()
    deal, paper = papers.get_paper(actor, from_public("doc", document_id))
    papers.check_readable(actor, paper)
    document, data = paper.document, papers.bytes_of(paper)
    name = documents.file_name(deal, document.kind, document.edition, document.media_type)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(data, content_type=document.media_type, headers=headers)


@bp.route("/documents/<document_id>/sign", methods=["POST"])
@require("deal_document.sign")
@_adds(DocumentSignature, SIGNATURE, 200)
def sign_document(document_id: str):
    """Put the buyer's signature onto the edition that was shown to the buyer"""
    actor, key = current_actor(), from_public("doc", document_id)
    papers.get_paper(actor, key)
    data = load_body(DocumentSignature)
    strokes = json.dumps(data["strokes"]) if data["strokes"] else ""

    def sign() -> uuid.UUID:
        making.sign_document(
            actor=actor, document_id=key, shown=data["shown"], signer=data["signer"], strokes=strokes
        )
        return key

    return _once(sign, 200)


@bp.route("/documents/<document_id>/void", methods=["POST"])
@require("deal_document.delete")
@_adds(DocumentVoiding, {"reason": "Made for the wrong car"}, 200)
def void_document(document_id: str):
    """Declare a paper void; it stays readable"""
    actor, key = current_actor(), from_public("doc", document_id)
    papers.get_paper(actor, key)
    data = load_body(DocumentVoiding)

    def void() -> uuid.UUID:
        documents.void_document(actor=actor, document_id=key, **data)
        return key

    return _once(void, 200)


def _reach(deal_id: str) -> Deal:
    return queries.get_deal(current_actor(), from_public("deal", deal_id))


def _bring(deal_id: uuid.UUID, kind: str, file_id: uuid.UUID) -> uuid.UUID:
    actor = current_actor()
    name, stream = uploads.open_upload(actor, file_id, uploads.DEAL_DOCUMENT, most=MOST_BYTES)
    sent = [(name, stream.read())]
    (made,) = documents.bring_documents(actor=actor, deal_id=deal_id, kind=kind, uploads=sent, field="file_id")
    return made.id


def _once(do: Callable[[], uuid.UUID], status: int) -> Response:
    """Do it once and answer with the paper as it stands now, or its id alone to whoever does not see papers."""
    effect, repeated = run_once(lambda: once.Effect(status, "deal_document", do()), required=True)
    actor, key = current_actor(), effect.record_id
    if key is None:
        raise NotFound
    headers = dict(REPLAYED) if repeated else {}
    if status == 201:
        headers["Location"] = f"{PREFIX}/documents/{to_public('doc', key)}"
    try:
        _, paper = papers.get_paper(actor, key)
    except NotFound:
        if repeated:
            raise
        return answer({"id": to_public("doc", key)}, status, headers)
    return answer(_dump(actor, [paper])[0], status, headers)


def _dump(actor: Actor, found: Iterable[Paper]) -> list[dict[str, Any]]:
    plan = plan_for(DealDocumentSchema, _Shown._fields, policy_for(actor))
    return [plan.dump(_told(paper)) for paper in found]


def _told(paper: Paper) -> _Shown:
    document, signed = paper.document, paper.signed
    voided = next((event for event in paper.events if event.kind == DocumentEventKind.VOIDED), None)
    return _Shown(
        id=document.id,
        deal_id=document.deal_id,
        kind=document.kind,
        edition=document.edition,
        state=paper.state.value,
        locale=document.locale,
        media_type=document.media_type,
        size=document.size,
        sha256=document.sha256.hex(),
        made_by=document.made_by,
        made_at=document.made_at,
        signed_at=signed.at if signed else None,
        signed_sha256=signed.sha256.hex() if signed and signed.sha256 else None,
        sent_at=paper.sent_at,
        opened_at=paper.opened_at,
        voided_at=voided.at if voided else None,
        void_reason=_reason(voided) if voided else None,
    )


def _reason(event: DocumentEvent) -> str | None:
    try:
        return str(papers.detail_of(event)["reason"])
    except DocumentErased:
        return None
