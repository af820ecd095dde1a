"""Pages of a deal's papers: made, brought in, read, signed on the screen, sent, voided."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import current_tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, Invalid
from app.core.http.access import public, require
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import current_actor
from app.sales import queries
from app.sales.documents import making, sending
from app.sales.operations import agreeing, documents
from app.sales.operations.logos import set_logo
from app.sales.queries import documents as papers
from app.sales.rules.documents import (
    KIND_LABELS,
    LOGO_BYTES,
    MOST_BYTES,
    PAD_HEIGHT,
    PAD_WIDTH,
    PDF,
    SENDABLE,
    DocumentKind,
    DocumentState,
)
from app.sales.schemas.documents import BroughtForm, ChecklistForm, MadeForm, SignForm, VoidForm
from app.sales.views.pages import bp, deal_page, to_deal
from app.tenants import queries as tenants

SIGN, VOID, CHECKLIST = "sales/documents/sign.html", "sales/documents/void.html", "sales/documents/checklist.html"
PREFIX = "doc"


@bp.post("/deals/<deal_id>/documents")
@require("deal_document.create")
def make_document(deal_id: str):
    key = from_public("deal", deal_id)
    try:
        data = load_form(MadeForm)
        with transaction():
            then = data.pop("then")
            made = making.make_document(actor=current_actor(), deal_id=key, **data)
            kind, made_id = made.kind, made.id
    except DomainError as error:
        return deal_page(key, error)
    if then == "sign":
        return redirect(url_for("sales.edit_signature", document_id=to_public(PREFIX, made_id), then="agree"), 303)
    flash(gettext("%(document)s made.", document=gettext(KIND_LABELS[kind])))
    return _to_jacket(key)


@bp.post("/deals/<deal_id>/files")
@require("deal_document.create")
def bring_documents(deal_id: str):
    key = from_public("deal", deal_id)
    try:
        data = load_form(BroughtForm)
        # A byte more than is allowed is enough to refuse it.
        sent = [(item.filename or "", item.read(MOST_BYTES + 1)) for item in request.files.getlist("files")]
        uploads = [(name, content) for name, content in sent if content]
        with transaction():
            made = len(documents.bring_documents(actor=current_actor(), deal_id=key, uploads=uploads, **data))
    except DomainError as error:
        return deal_page(key, error)
    flash(gettext("Files put into the jacket: %(number)s.", number=made))
    return _to_jacket(key)


@bp.get("/deals/<deal_id>/delivery-checklist")
@require("deal_document.create")
def edit_checklist(deal_id: str):
    return _checklist(from_public("deal", deal_id))


@bp.post("/deals/<deal_id>/delivery-checklist")
@require("deal_document.create")
def make_checklist(deal_id: str):
    key, actor = from_public("deal", deal_id), current_actor()
    try:
        data = load_form(ChecklistForm)
        day = data.pop("next_service_on")
        ticks = {**data, "next_service_on": day.isoformat() if day else None}
        photo = request.files.get("photo")
        content = photo.read(MOST_BYTES + 1) if photo is not None else b""
        with transaction():
            if content and photo is not None:
                uploads = [(photo.filename or "photo", content)]
                documents.bring_documents(
                    actor=actor, deal_id=key, kind=DocumentKind.OTHER.value, uploads=uploads, field="photo"
                )
            made = making.make_document(
                actor=actor, deal_id=key, kind=DocumentKind.DELIVERY_CHECKLIST.value, ticks=ticks
            )
            made_id = made.id
    except DomainError as error:
        return _checklist(key, error)
    if papers.may(actor, queries.get_deal(actor, key), documents.SIGN):
        return redirect(url_for("sales.edit_signature", document_id=to_public(PREFIX, made_id)), 303)
    return _to_jacket(key)


@bp.get("/documents/<document_id>/file")
@require("deal_document.see")
def download_document(document_id: str):
    deal, paper = papers.get_paper(current_actor(), from_public(PREFIX, document_id))
    papers.check_readable(current_actor(), paper)
    document, data = paper.document, papers.bytes_of(paper)
    name = documents.file_name(deal, document.kind, document.edition, document.media_type)
    # Only what we set ourselves is ever shown by the browser; what somebody brought in is saved.
    inline = "view" in request.args and document.media_type == PDF and document.kind in SENDABLE
    return _file(data, document.media_type, name, inline=inline)


@bp.get("/documents/<document_id>/sign")
@require("deal_document.sign")
def edit_signature(document_id: str):
    return _sign_page(from_public(PREFIX, document_id))


@bp.post("/documents/<document_id>/sign")
@require("deal_document.sign")
def sign_document(document_id: str):
    key = from_public(PREFIX, document_id)
    try:
        data = load_form(SignForm)
        del data["agreed"]
        then = data.pop("then")
        with transaction():
            making.sign_document(actor=current_actor(), document_id=key, **data)
            if then == "agree":
                agreeing.agree_if_ready(current_actor(), papers.get_paper(current_actor(), key)[0].id)
    except DomainError as error:
        return _sign_page(key, error)
    flash(gettext("The document is signed and kept as it is."))
    return _to_jacket(papers.get_paper(current_actor(), key)[0].id)


@bp.get("/documents/<document_id>/void")
@require("deal_document.delete")
def edit_voiding(document_id: str):
    return _void_page(from_public(PREFIX, document_id))


@bp.post("/documents/<document_id>/void")
@require("deal_document.delete")
def void_document(document_id: str):
    key = from_public(PREFIX, document_id)
    try:
        with transaction():
            documents.void_document(actor=current_actor(), document_id=key, **load_form(VoidForm))
    except DomainError as error:
        return _void_page(key, error)
    flash(gettext("The document is void. It stays readable in the jacket."))
    return _to_jacket(papers.get_paper(current_actor(), key)[0].id)


@bp.post("/documents/<document_id>/send")
@require("deal_document.create")
def send_document(document_id: str):
    key = from_public(PREFIX, document_id)
    deal_id = papers.get_paper(current_actor(), key)[0].id
    try:
        with transaction():
            sending.send_document(actor=current_actor(), document_id=key)
    except DomainError as error:
        return deal_page(deal_id, error)
    flash(gettext("The customer gets a mail with a link to this document."))
    return _to_jacket(deal_id)


@bp.post("/sales-settings/documents/logo")
@require("sales_setting.edit")
def save_logo():
    store, picture = request.form.get("store", ""), request.files.get("picture")
    store_id = tenants.get_store(from_public("store", store)).id if store else None
    try:
        with transaction():
            data = picture.read(LOGO_BYTES + 1) if picture is not None else b""
            set_logo(actor=current_actor(), store_id=store_id, data=data)
    except Invalid as error:
        flash(" ".join(gettext(found.message).format(**found.params) for found in error.errors), "error")
    else:
        flash(gettext("The logo stands on every new document."))
    return redirect(url_for("sales.show_setting", policy_kind="documents", store=store or None), 303)


@bp.get("/papers/<sent_id>/<paper_token>")
@public("the token in the mailed link is the proof")
def show_paper(sent_id: str, paper_token: str):
    paper = sending.open_link(sent_id, paper_token)
    return render_template(
        "sales/documents/paper.html",
        kind=gettext(KIND_LABELS[paper.document.kind]),
        dealership=current_tenant().name,
        made_at=paper.document.made_at,
        is_signed=paper.signed is not None,
        url=url_for("sales.read_paper", sent_id=sent_id, paper_token=paper_token),
    )


@bp.get("/papers/<sent_id>/<paper_token>/file")
@public("the token in the mailed link is the proof")
def read_paper(sent_id: str, paper_token: str):
    with transaction():
        paper, data = sending.read_by_link(sent_id, paper_token)
        kind, edition = paper.document.kind, paper.document.edition
    response = _file(data, PDF, f"{kind.replace('_', '-')}-{edition}.pdf")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _file(data: bytes, media_type: str, name: str, *, inline: bool = False) -> Response:
    response = Response(data, content_type=media_type)
    response.headers.set("Content-Disposition", "inline" if inline else "attachment", filename=name)
    return response


def _sign_page(document_id: uuid.UUID, error: DomainError | None = None) -> Any:
    deal, paper = papers.get_paper(current_actor(), document_id, "deal_document.sign")
    papers.check_readable(current_actor(), paper)
    content = papers.content_of(paper.document)["paper"]
    buyer = next((row[1] for row in content["parties"][-1]["rows"]), "")
    return render_form(
        SIGN,
        error,
        values={"signer": "" if buyer == "–" else buyer, "then": request.args.get("then", "")},
        deal=deal,
        public_id=to_public(PREFIX, document_id),
        deal_public_id=to_public("deal", deal.id),
        title=gettext(KIND_LABELS[paper.document.kind]),
        paper=content,
        digest=paper.document.sha256.hex(),
        edition=paper.document.edition,
        is_open=paper.state is DocumentState.CURRENT,
        pad=(PAD_WIDTH, PAD_HEIGHT),
    )


def _void_page(document_id: uuid.UUID, error: DomainError | None = None) -> Any:
    deal, paper = papers.get_paper(current_actor(), document_id, "deal_document.delete")
    return render_form(
        VOID,
        error,
        deal=deal,
        public_id=to_public(PREFIX, document_id),
        deal_public_id=to_public("deal", deal.id),
        title=gettext(KIND_LABELS[paper.document.kind]),
        edition=paper.document.edition,
    )


def _checklist(deal_id: uuid.UUID, error: DomainError | None = None) -> Any:
    actor = current_actor()
    deal = queries.get_deal(actor, deal_id)
    return render_form(
        CHECKLIST,
        error,
        deal=deal,
        public_id=to_public("deal", deal_id),
        items=list(enumerate(making.checklist_items(actor, deal))),
        done=request.form.getlist("done"),
        unit=making.distance_unit(actor, deal),
    )


def _to_jacket(deal_id: uuid.UUID) -> BaseResponse:
    found = to_deal(deal_id)
    found.location += "#jacket"
    return found
