"""The papers of a deal: kept as made, brought in, signed, voided. None is ever changed; a newer one follows."""

from __future__ import annotations

import hashlib
import hmac
import io
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import FieldError, Invalid
from app.core.guard import audit, files, vault
from app.core.guard.permissions import Actor, check
from app.sales import errors, queries
from app.sales.models import Deal, DealDocument, DocumentEvent
from app.sales.queries import documents as papers
from app.sales.queries.documents import EVENTS, TABLE, Paper
from app.sales.rules.documents import (
    BROUGHT,
    ENDINGS,
    MOST_BYTES,
    MOST_FILES,
    PDF,
    SIGNABLE,
    DocumentEventKind,
    DocumentState,
    media_type_of,
)

CREATE, SIGN, VOID = "deal_document.create", "deal_document.sign", "deal_document.delete"
KIND: Final = "deal_document"


def begin_document(actor: Actor, deal_id: uuid.UUID, kind: str) -> tuple[Deal, int]:
    """The deal, locked until the transaction ends, and the number of the edition that is made of it now.

    Two who make a document at the same time get two editions, one after the other. Raises NotFound, PermissionDenied.
    """
    deal = queries.get_deal(actor, deal_id, lock=True)
    check(actor, CREATE, owner_id=deal.salesperson_id, store_id=deal.store_id)
    return deal, papers.next_edition(deal_id, kind)


def keep_document(
    actor: Actor,
    deal: Deal,
    kind: str,
    edition: int,
    data: bytes,
    *,
    name: str,
    media_type: str = PDF,
    locale: str | None = None,
    content: Mapping[str, Any] | None = None,
) -> DealDocument:
    """Keep one edition, its bytes sealed; `content` is what it was made of. The deal is the one of `begin_document`."""
    key = new_id()
    subject_id = deal.customer_id or key
    stored = _store(vault.Place(subject_id, TABLE, "file", key), data, name, actor)
    document = DealDocument(
        id=key,
        deal_id=deal.id,
        kind=kind,
        edition=edition,
        locale=locale,
        subject_id=subject_id,
        file_id=stored,
        media_type=media_type,
        size=len(data),
        sha256=hashlib.sha256(data).digest(),
        content_enc=vault.seal(subject_id, TABLE, "content_enc", key, vault.to_json(dict(content or {}))),
        made_by=actor.user_id,
    )
    db.session.add(document)
    db.session.flush()
    facts = {"kind": (None, kind), "edition": (None, edition), "deal_id": (None, str(deal.id))}
    audit.record(actor, "deal_document.create", KIND, key, changes=facts)
    return document


def bring_documents(
    *, actor: Actor, deal_id: uuid.UUID, kind: str, uploads: Sequence[tuple[str, bytes]], field: str = "files"
) -> list[DealDocument]:
    """Put files that somebody brought into the jacket, each an edition of its kind.

    What they are is read from the bytes. Raises NotFound, PermissionDenied, Invalid and FileTooLarge.
    """
    if kind not in BROUGHT:
        raise Invalid([FieldError("kind", "not_offered", errors.UNKNOWN_CHOICE)])
    if not uploads:
        raise Invalid([FieldError(field, "required", errors.REQUIRED)])
    if len(uploads) > MOST_FILES:
        raise Invalid([FieldError(field, "too_many_files", errors.TOO_MANY_FILES, {"most": MOST_FILES})])
    deal, edition = begin_document(actor, deal_id, kind)
    made = []
    for name, data in uploads:
        if len(data) > MOST_BYTES:
            raise files.FileTooLarge(field=field, megabytes=MOST_BYTES // (1024 * 1024))
        media_type = media_type_of(data)
        if media_type is None:
            raise Invalid([FieldError(field, "file_type", errors.FILE_TYPE)])
        made.append(keep_document(actor, deal, kind, edition, data, name=files.clean_name(name), media_type=media_type))
        edition += 1
    return made


def check_signable(actor: Actor, document_id: uuid.UUID, shown: str) -> tuple[Deal, Paper]:
    """The paper that is about to be signed, its deal locked, if it is what the signer was shown.

    `shown` is the SHA-256 of that, in hex. Raises NotFound, PermissionDenied, DocumentNotSignable and DocumentChanged.
    """
    deal, paper = papers.get_paper(actor, document_id, SIGN)
    queries.get_deal(actor, deal.id, lock=True)
    paper = papers.find_paper(paper.document)
    if paper.document.kind not in SIGNABLE or paper.state is not DocumentState.CURRENT:
        raise errors.DocumentNotSignable
    if not hmac.compare_digest(paper.document.sha256.hex(), shown.lower()):
        raise errors.DocumentChanged
    return deal, paper


def keep_signature(actor: Actor, paper: Paper, data: bytes, *, name: str, detail: Mapping[str, Any]) -> DocumentEvent:
    """Keep the signed file beside what was signed, once and for all; `detail` says who signed, how and from where."""
    document, key = paper.document, new_id()
    place = vault.Place(document.subject_id, EVENTS, "file", key)
    event = _event(document, DocumentEventKind.SIGNED, detail, actor, key=key)
    event.file_id, event.sha256 = _store(place, data, name, actor), hashlib.sha256(data).digest()
    db.session.add(event)
    db.session.flush()
    audit.record(
        actor,
        "deal_document.sign",
        KIND,
        document.id,
        changes={"sha256": (None, document.sha256.hex()), "method": (None, detail["method"])},
        personal={"signer": (None, detail["signer"])},
        subject_id=document.subject_id,
    )
    return event


def void_document(*, actor: Actor, document_id: uuid.UUID, reason: str) -> DocumentEvent:
    """Declare a document void; it stays readable, with the reason. Raises NotFound, Invalid and DocumentIsVoid."""
    deal, paper = papers.get_paper(actor, document_id, VOID)
    queries.get_deal(actor, deal.id, lock=True)
    if papers.find_paper(paper.document).state is DocumentState.VOIDED:
        raise errors.DocumentIsVoid
    if not reason.strip():
        raise Invalid([FieldError("reason", "required", errors.REQUIRED)])
    event = _event(paper.document, DocumentEventKind.VOIDED, {"reason": reason.strip()}, actor)
    db.session.add(event)
    db.session.flush()
    audit.record(actor, "deal_document.delete", KIND, document_id, changes={"kind": (paper.document.kind, None)})
    return event


def note_event(actor: Actor, document: DealDocument, kind: DocumentEventKind, detail: Mapping[str, Any]) -> uuid.UUID:
    """Note that a document was sent, or opened by whom it was sent to; the id of the note."""
    event = _event(document, kind, detail, actor)
    db.session.add(event)
    db.session.flush()
    action = "deal_document.send" if kind is DocumentEventKind.SENT else "deal_document.open"
    audit.record(actor, action, KIND, document.id)
    return event.id


def file_name(deal: Deal, kind: str, edition: int, media_type: str = PDF) -> str:
    """How a document is called when it is saved: nobody's name, so that it can be shown anywhere."""
    number = "".join(letter if letter.isalnum() else "-" for letter in deal.deal_number)
    return f"{number}-{kind.replace('_', '-')}-{edition}.{ENDINGS[media_type]}"


def _event(
    document: DealDocument,
    kind: DocumentEventKind,
    detail: Mapping[str, Any],
    actor: Actor,
    *,
    key: uuid.UUID | None = None,
) -> DocumentEvent:
    key = key or new_id()
    subject_id = document.subject_id
    sealed = vault.seal(subject_id, EVENTS, "detail_enc", key, vault.to_json(dict(detail)))
    return DocumentEvent(
        id=key, document_id=document.id, kind=kind.value, subject_id=subject_id, detail_enc=sealed, by_id=actor.user_id
    )


def _store(place: vault.Place, data: bytes, name: str, actor: Actor) -> uuid.UUID:
    sealed = vault.seal_bytes_many([(place, data)])[0]
    return files.save_file(io.BytesIO(sealed), name, KIND, created_by=actor.user_id).id
