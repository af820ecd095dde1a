"""What the deal jacket stores: documents as they were made or brought in, and what became of each. Nothing changes."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, Text, Uuid, func, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, Identified, Instant
from app.core.db.sealing import Erased, of_subject
from app.core.guard.policy import declare_record
from app.core.guard.whereabouts import RecordKind, declare_kind
from app.sales.models.deal import Deal
from app.sales.rules.documents import DocumentEventKind, DocumentKind

# Names by which a violation is recognised.
EDITION = "uq_sales_documents_edition"
ONCE = "uq_sales_document_events_once"


def _one_of(column: str, values: type) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"  # type: ignore[attr-defined]


class DealDocument(Identified, db.Model):
    """One edition of a document of a deal. The database itself takes no change and no deletion (`append_only`).

    `subject_id` is the customer it was made for, or the document itself where there was none: bytes and content lie
    under that key, so that an erased person can be read in neither. `content_enc` is what it was made of, as JSON.
    """

    __tablename__ = "sales_documents"

    deal_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sales_deals.id"), nullable=False, info=INTERNAL)
    kind: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    edition: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    locale: Mapped[str | None] = mapped_column(String(10), info=INTERNAL)
    subject_id: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("core_files.id"), nullable=False, info=INTERNAL)
    media_type: Mapped[str] = mapped_column(String(60), nullable=False, info=INTERNAL)
    size: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    # Of the bytes in the clear: what a signature is bound to.
    sha256: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=INTERNAL)
    # Sealed beside each file and with the same key, so that this key is kept for as long as the file is there.
    content_enc: Mapped[bytes] = mapped_column(
        LargeBinary, nullable=False, info=of_subject(PERSONAL, "subject_id", erased=Erased.STAYS)
    )
    made_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    made_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)

    __table_args__ = (
        CheckConstraint(_one_of("kind", DocumentKind), name="kind"),
        CheckConstraint("edition > 0 AND size > 0", name="positive"),
        Index(EDITION, "deal_id", "kind", "edition", unique=True),
        Index("ix_sales_documents_subject_id", "subject_id"),
        Index("ix_sales_documents_file_id", "file_id"),
        Index("ix_sales_documents_made_by", "made_by"),
        {"info": {"append_only": True}},
    )


class DocumentEvent(Identified, db.Model):
    """What became of a document: signed (with the file that bears the signature), voided, sent, opened by its reader.

    `detail_enc` says who, how and from where, as JSON.
    """

    __tablename__ = "sales_document_events"

    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sales_documents.id"), nullable=False, info=INTERNAL)
    kind: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    subject_id: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    file_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("core_files.id"), info=INTERNAL)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary, info=INTERNAL)
    detail_enc: Mapped[bytes] = mapped_column(
        LargeBinary, nullable=False, info=of_subject(PERSONAL, "subject_id", erased=Erased.STAYS)
    )
    by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)

    __table_args__ = (
        CheckConstraint(_one_of("kind", DocumentEventKind), name="kind"),
        CheckConstraint(
            "(kind = 'signed') = (file_id IS NOT NULL) AND (kind = 'signed') = (sha256 IS NOT NULL)", name="signed"
        ),
        # A document is signed once and voided once: held by the database itself.
        Index(ONCE, "document_id", "kind", unique=True, postgresql_where="kind IN ('signed', 'voided')"),
        Index("ix_sales_document_events_document_id", "document_id", "at"),
        Index("ix_sales_document_events_subject_id", "subject_id"),
        Index("ix_sales_document_events_file_id", "file_id"),
        Index("ix_sales_document_events_by_id", "by_id"),
        {"info": {"append_only": True}},
    )


declare_record("deal_document", DealDocument, DocumentEvent)
declare_kind(
    RecordKind(
        "doc", "deal_document", DealDocument.id, DealDocument.kind,
        owner=select(Deal.salesperson_id).where(Deal.id == DealDocument.deal_id).scalar_subquery(),
        store=select(Deal.store_id).where(Deal.id == DealDocument.deal_id).scalar_subquery(),
        within=DealDocument.deal_id, of="deal",
    )
)  # fmt: skip
