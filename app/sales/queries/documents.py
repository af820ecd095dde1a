"""What can be asked of a deal's papers: which there are and how they stand, what they hold, and what is missing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.core.db import db
from app.core.db.reads import kept
from app.core.errors import NotFound
from app.core.guard import files, vault
from app.core.guard.keys import KeyMissing
from app.core.guard.permissions import Actor, check, covers
from app.core.guard.policy import policy_for
from app.sales import queries
from app.sales.errors import DocumentErased
from app.sales.models import Deal, DealDocument, DocumentEvent
from app.sales.rules.documents import DocumentEventKind, DocumentState, PaperPolicy, missing_kinds, state_of

SEE = "deal_document.see"
TABLE, EVENTS = DealDocument.__tablename__, DocumentEvent.__tablename__


@dataclass(frozen=True)
class Paper:
    """A document of a deal, how it stands, and what became of it."""

    document: DealDocument
    state: DocumentState
    events: tuple[DocumentEvent, ...] = ()

    @property
    def signed(self) -> DocumentEvent | None:
        """The event that holds the signed file, if it was signed."""
        return next((event for event in self.events if event.kind == DocumentEventKind.SIGNED), None)

    @property
    def opened_at(self) -> datetime | None:
        """When its reader opened it last, as far as is known."""
        return max((event.at for event in self.events if event.kind == DocumentEventKind.OPENED), default=None)

    @property
    def sent_at(self) -> datetime | None:
        """When it was sent last."""
        return max((event.at for event in self.events if event.kind == DocumentEventKind.SENT), default=None)


def sees_documents(actor: Actor, deal: Deal) -> bool:
    """Whether `actor`, who sees the deal, sees its papers."""
    return covers(actor, SEE, owner_id=deal.salesperson_id, store_id=deal.store_id)


def may(actor: Actor, deal: Deal, permission: str) -> bool:
    """Whether `actor` holds `permission` over the papers of this deal."""
    return covers(actor, permission, owner_id=deal.salesperson_id, store_id=deal.store_id)


def check_readable(actor: Actor, paper: Paper) -> None:
    """Raise FieldClosed where contacts stand on it that are masked for `actor`: a paper is no way around the policy."""
    if content_of(paper.document).get("contacts"):
        policy_for(actor).check_write("customer", "contact")


def list_papers(actor: Actor, deal_id: uuid.UUID) -> list[Paper]:
    """The papers of a deal the actor sees, the newest first; raises NotFound and PermissionDenied."""
    deal = queries.get_deal(actor, deal_id)
    check(actor, SEE, owner_id=deal.salesperson_id, store_id=deal.store_id)
    return papers_of(deal_id)


def get_paper(actor: Actor, document_id: uuid.UUID, permission: str = SEE) -> tuple[Deal, Paper]:
    """One paper with its deal, for whoever holds `permission` over it; raises NotFound and PermissionDenied."""
    document = db.session.get(DealDocument, document_id)
    if document is None:
        raise NotFound
    deal = queries.get_deal(actor, document.deal_id)
    if not sees_documents(actor, deal):
        raise NotFound
    check(actor, permission, owner_id=deal.salesperson_id, store_id=deal.store_id)
    return deal, find_paper(document)


def find_paper(document: DealDocument) -> Paper:
    """The document as it stands, whoever asks."""
    return next(paper for paper in papers_of(document.deal_id) if paper.document.id == document.id)


@kept
def papers_of(deal_id: uuid.UUID) -> list[Paper]:
    """All papers of a deal as they stand, the newest first; the caller has checked who asks."""
    documents = db.session.scalars(
        select(DealDocument)
        .where(DealDocument.deal_id == deal_id)
        .order_by(DealDocument.made_at.desc(), DealDocument.id)
    ).all()
    if not documents:
        return []
    # A reader may open a document many times: of that the latest is enough.
    wanted = select(DocumentEvent).where(DocumentEvent.document_id.in_([found.id for found in documents]))
    events: dict[uuid.UUID, list[DocumentEvent]] = {}
    for event in db.session.scalars(wanted.order_by(DocumentEvent.at, DocumentEvent.id)):
        events.setdefault(event.document_id, []).append(event)
    latest: dict[str, int] = {}
    for found in documents:
        latest[found.kind] = max(latest.get(found.kind, 0), found.edition)
    return [_stands(found, latest[found.kind], events.get(found.id, ())) for found in documents]


def next_edition(deal_id: uuid.UUID, kind: str) -> int:
    """The number of the next edition; the deal is locked by whoever asks."""
    query = select(func.max(DealDocument.edition)).where(DealDocument.deal_id == deal_id, DealDocument.kind == kind)
    return (db.session.scalar(query) or 0) + 1


def content_of(document: DealDocument) -> Mapping[str, Any]:
    """What the document was made of; raises DocumentErased when its person was erased."""
    return _opened(document.subject_id, TABLE, "content_enc", document.id, document.content_enc)


def detail_of(event: DocumentEvent) -> Mapping[str, Any]:
    """Who did it, how and from where; raises DocumentErased when the document's person was erased."""
    return _opened(event.subject_id, EVENTS, "detail_enc", event.id, event.detail_enc)


def bytes_of(paper: Paper, *, signed: bool = True) -> bytes:
    """The document as a file, with its signature where there is one and `signed` wants it.

    Raises DocumentErased, and NotFound where the bytes are gone from the disk.
    """
    event = paper.signed if signed else None
    if event is not None and event.file_id is not None:
        return _read(event.file_id, vault.Place(event.subject_id, EVENTS, "file", event.id))
    document = paper.document
    return _read(document.file_id, vault.Place(document.subject_id, TABLE, "file", document.id))


def missing_documents(policy: PaperPolicy, deal_id: uuid.UUID, stage: str) -> tuple[str, ...]:
    """The kinds of papers the deal still lacks for `stage`, as the dealership wants it."""
    wanted = policy.gates.get(stage, ())
    if not wanted:
        return ()
    return missing_kinds(wanted, ((paper.document.kind, paper.state) for paper in papers_of(deal_id)))


def _stands(document: DealDocument, latest: int, events: Sequence[DocumentEvent]) -> Paper:
    state = state_of(edition=document.edition, latest=latest, events={event.kind for event in events})
    return Paper(document, state, tuple(events))


def _read(file_id: uuid.UUID, place: vault.Place) -> bytes:
    with files.open_file(file_id) as stored:
        sealed = stored.read()
    try:
        return vault.unseal_bytes_many([(place, sealed)])[0]
    except KeyMissing as error:
        raise DocumentErased from error


def _opened(subject_id: uuid.UUID, table: str, column: str, row_id: uuid.UUID, blob: bytes) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = vault.from_json(vault.unseal(subject_id, table, column, row_id, blob))
    except KeyMissing as error:
        raise DocumentErased from error
    return found
