"""What exports store: the dealership's rules, who asked for what and why, links to files, and schedules."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Uuid,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, SENSITIVE, Identified, Instant, Record
from app.core.db.sealing import of_row, of_tenant
from app.core.lists.exports.states import Every, ExportState, Format

# The rules of a dealership are one row, under an id that is the same everywhere.
RULES_ID = uuid.UUID(int=1)


def _one_of(name: str, values: type[ExportState | Every | Format]) -> str:
    return f"{name} IN ({', '.join(repr(str(value)) for value in values)})"


class ExportRules(Record, db.Model):
    """What the dealership changed of the rules by which data leaves: treatment by kind of value, rows a day, hours."""

    __tablename__ = "core_export_rules"

    treatments: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, server_default="{}", info=INTERNAL)
    rows_a_day: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    kept_hours: Mapped[int] = mapped_column(SmallInteger, nullable=False, info=INTERNAL)

    __table_args__ = (
        CheckConstraint("rows_a_day >= 0", name="rows_a_day"),
        CheckConstraint("kept_hours BETWEEN 1 AND 168", name="kept_hours"),
    )


class Export(Identified, db.Model):
    """One view that left or is to leave as a file: asked by whom, for what, for whom; `file_key` opens its bytes."""

    __tablename__ = "core_exports"

    list_name: Mapped[str] = mapped_column(String(60), nullable=False, info=INTERNAL)
    format: Mapped[str] = mapped_column(String(8), nullable=False, info=INTERNAL)
    state: Mapped[str] = mapped_column(String(12), nullable=False, info=INTERNAL)
    # What it is for and who gets it, as somebody wrote it: people write names into these.
    purpose_enc: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True, info=of_tenant(PERSONAL))
    recipient_enc: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True, info=of_tenant(PERSONAL))
    unmasked: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default=false(), info=INTERNAL)
    # The arguments of the view, the id of its personal conditions, language and time zone; what the second person sees.
    asked: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, info=INTERNAL)
    # Column -> what is to be done to it, and in the end what was.
    treated: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, server_default="{}", info=INTERNAL)
    rows: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", info=INTERNAL)
    size: Mapped[int] = mapped_column(BigInteger, nullable=False, server_default="0", info=INTERNAL)
    job_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, unique=True, info=INTERNAL)
    schedule_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, info=INTERNAL)
    created_by: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    decided_by: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, info=INTERNAL)
    decided_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
    file_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, info=INTERNAL)
    file_key: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True, info=of_row(SENSITIVE))
    expires_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)

    __table_args__ = (
        CheckConstraint(_one_of("state", ExportState), name="state_known"),
        CheckConstraint(_one_of("format", Format), name="format_known"),
        CheckConstraint("decided_by <> created_by", name="decided_by_another"),
        Index("ix_core_exports_created_by", "created_by", "created_at"),
        Index("ix_core_exports_created_at", "created_at", "id"),
        Index("ix_core_exports_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    )


class ExportLink(Identified, db.Model):
    """A way to one file for one user: minutes long, good for a few downloads. Only a hash of it is stored."""

    __tablename__ = "core_export_links"

    export_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("core_exports.id", ondelete="CASCADE"), nullable=False, index=True, info=INTERNAL
    )
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, unique=True, info=SENSITIVE)
    uses: Mapped[int] = mapped_column(SmallInteger, nullable=False, server_default="0", info=INTERNAL)
    expires_at: Mapped[datetime] = mapped_column(Instant, nullable=False, index=True, info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)


class ExportSchedule(Record, db.Model):
    """A view that leaves again and again, for some users, each under his own rights cut to those of its owner."""

    __tablename__ = "core_export_schedules"

    list_name: Mapped[str] = mapped_column(String(60), nullable=False, info=INTERNAL)
    # A tab of the list, or the public id of a view that is kept.
    view_key: Mapped[str] = mapped_column(String(60), nullable=False, info=INTERNAL)
    format: Mapped[str] = mapped_column(String(8), nullable=False, info=INTERNAL)
    purpose_enc: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True, info=of_tenant(PERSONAL))
    owner_id: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    recipients: Mapped[list[str]] = mapped_column(JSONB, nullable=False, info=INTERNAL)
    every: Mapped[str] = mapped_column(String(8), nullable=False, info=INTERNAL)
    # Of the week from 0 (Monday), of the month from 1; 0 where it runs every day.
    day: Mapped[int] = mapped_column(SmallInteger, nullable=False, server_default="0", info=INTERNAL)
    hour: Mapped[int] = mapped_column(SmallInteger, nullable=False, info=INTERNAL)
    next_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, index=True, info=INTERNAL)
    last_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
    # Why it runs no more, until somebody saves it again.
    stopped: Mapped[str | None] = mapped_column(String(40), nullable=True, info=INTERNAL)

    __table_args__ = (
        CheckConstraint(_one_of("format", Format), name="format_known"),
        CheckConstraint(_one_of("every", Every), name="every_known"),
        CheckConstraint("hour BETWEEN 0 AND 23 AND day BETWEEN 0 AND 28", name="time_of_day"),
    )
