"""Imports: the file and its mapping, what became of each row, and what earlier imports have brought in already."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, Instant, Record
from app.core.db.sealing import of_tenant


class ImportState(StrEnum):
    """Where an import stands."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class Outcome(StrEnum):
    """What became of one row."""

    CREATED = "created"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    FAILED = "failed"
    UNDONE = "undone"


def _one_of(column: str, values: type[StrEnum]) -> str:
    return f"{column} in ({', '.join(repr(str(value)) for value in values)})"


class Import(Record, db.Model):
    """One uploaded file on its way in. The bytes are sealed in the file store; this row holds no value of theirs."""

    __tablename__ = "core_imports"
    __table_args__ = (
        CheckConstraint(_one_of("state", ImportState), name="state_known"),
        Index("ix_core_imports_created_at", "created_at"),
    )

    kind: Mapped[str] = mapped_column(String(30), nullable=False, info=INTERNAL)
    state: Mapped[str] = mapped_column(String(12), nullable=False, server_default="uploaded", info=INTERNAL)
    file_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("core_files.id"), nullable=True, index=True, info=INTERNAL
    )
    file_name: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    encoding: Mapped[str] = mapped_column(String(12), nullable=False, info=INTERNAL)
    headers: Mapped[list[str]] = mapped_column(JSONB, nullable=False, info=INTERNAL)
    header_print: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=INTERNAL)
    row_count: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    # {"columns": {field: header}, "defaults": {field: text}, "values": {field: {text in the file: value}}}
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, server_default="{}", info=PERSONAL)
    counts: Mapped[dict[str, int]] = mapped_column(JSONB, nullable=False, server_default="{}", info=INTERNAL)
    job_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("core_jobs.id"), nullable=True, index=True, info=INTERNAL
    )
    created_by: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, info=INTERNAL)


class ImportRow(db.Model):
    """What became of one row of a file; of its values only fingerprints."""

    __tablename__ = "core_import_rows"
    __table_args__ = (
        CheckConstraint(_one_of("outcome", Outcome), name="outcome_known"),
        Index("ix_core_import_rows_outcome", "import_id", "outcome", "row_no"),
        Index("ix_core_import_rows_identity", "import_id", "identity"),
        Index("ix_core_import_rows_claim", "import_id", "claim"),
    )

    import_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("core_imports.id"), primary_key=True, info=INTERNAL)
    row_no: Mapped[int] = mapped_column(Integer, primary_key=True, info=INTERNAL)
    outcome: Mapped[str] = mapped_column(String(10), nullable=False, info=INTERNAL)
    identity: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True, info=INTERNAL)
    claim: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True, info=INTERNAL)
    # {record type: id} of what the row has made, for the way back.
    made: Mapped[dict[str, str]] = mapped_column(JSONB, nullable=False, server_default="{}", info=INTERNAL)
    # [{"field", "code", "message", "params"}] with params that say nothing of a person.
    errors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, nullable=False, server_default="[]", info=INTERNAL)


class ImportMark(db.Model):
    """A row that is in, whichever file it came by: the same row again is a duplicate."""

    __tablename__ = "core_import_marks"
    __table_args__ = (UniqueConstraint("kind", "identity"),)

    id: Mapped[uuid.UUID] = mapped_column(
        Uuid, primary_key=True, server_default=func.gen_random_uuid(), info=INTERNAL
    )
    kind: Mapped[str] = mapped_column(String(30), nullable=False, info=INTERNAL)
    identity: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=PERSONAL)
    # A digest of what the row said, which tells no more than the fingerprint that is made from it and can be made
    # anew. Marks of earlier releases have none.
    said_enc: Mapped[bytes | None] = mapped_column(
        LargeBinary,
        nullable=True,
        info=of_tenant(
            PERSONAL, index="identity", indexed=lambda row, said: (f"import.{row['kind']}.identity", said)
        ),
    )
    import_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("core_imports.id"), nullable=False, index=True, info=INTERNAL
    )
    row_no: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)


class ImportMapping(db.Model):
    """How a file with these headers was mapped last time."""

    __tablename__ = "core_import_mappings"

    kind: Mapped[str] = mapped_column(String(30), primary_key=True, info=INTERNAL)
    header_print: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, info=INTERNAL)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, info=PERSONAL)
    used_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
