"""What uploads by parts store: what was announced, and which parts are there."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, SENSITIVE, Identified, Instant
from app.core.db.sealing import of_row


class Upload(Identified, db.Model):
    """A file on its way in, or all there and not yet fetched by what it is for. It lives for a day."""

    __tablename__ = "core_uploads"

    # File names are written by people and often hold names of people.
    name: Mapped[str] = mapped_column(String(255), nullable=False, info=PERSONAL)
    size: Mapped[int] = mapped_column(BigInteger, nullable=False, info=INTERNAL)
    # Sealed: by the hash of a short file one could tell what stands in it.
    sha256: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=of_row(SENSITIVE))
    purpose: Mapped[str] = mapped_column(String(20), nullable=False, info=INTERNAL)
    created_by: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    completed_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
    expires_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)

    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        Index("ix_core_uploads_created_by", "created_by", "created_at"),
        Index("ix_core_uploads_expires_at", "expires_at"),
    )


class UploadPart(db.Model):
    """One part that has arrived, and the sealed file that holds it."""

    __tablename__ = "core_upload_parts"

    upload_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("core_uploads.id", ondelete="CASCADE"), primary_key=True, info=INTERNAL
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, info=INTERNAL)
    size: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    file_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("core_files.id"), nullable=False, index=True, info=INTERNAL
    )

    __table_args__ = (CheckConstraint("number > 0 AND size > 0", name="positive"),)
