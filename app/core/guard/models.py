"""What the guard stores in a tenant's schema: keys of persons, the audit, offers to undo, and the list of files."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, SENSITIVE, Identified, Instant
from app.core.db.sealing import Erased, of_row, of_subject

THIS_TRANSACTION = text("(pg_current_xact_id()::text)::bigint")


class SubjectKey(db.Model):
    """The random key of one person (or other subject), wrapped by the tenant's key; without it the values are noise."""

    __tablename__ = "core_subject_keys"

    subject_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, info=INTERNAL)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=SENSITIVE)
    key_version: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    # Which key of the subject this is; those before it are in core_old_subject_keys.
    generation: Mapped[int] = mapped_column(Integer, nullable=False, server_default="1", info=INTERNAL)
    # Set where the key was destroyed: nothing is sealed for this subject any more.
    destroyed_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)


class AuditEntry(Identified, db.Model):
    """Who did what to which record, written in the transaction of the change and never altered."""

    __tablename__ = "core_audit"

    at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    actor_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, info=INTERNAL)
    actor_name: Mapped[str] = mapped_column(Text, nullable=False, info=PERSONAL)
    action: Mapped[str] = mapped_column(String(80), nullable=False, info=INTERNAL)
    record_type: Mapped[str] = mapped_column(String(40), nullable=False, info=INTERNAL)
    record_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, info=INTERNAL)
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, server_default="{}", info=INTERNAL)
    sealed: Mapped[bytes | None] = mapped_column(
        LargeBinary, nullable=True, info=of_subject(PERSONAL, "subject_id", erased=Erased.STAYS)
    )
    subject_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, info=INTERNAL)
    request_id: Mapped[str | None] = mapped_column(String(64), nullable=True, info=INTERNAL)
    # From where, as far as it need be known: the network of the address, and the kind of program.
    origin: Mapped[str | None] = mapped_column(String(60), nullable=True, info=PERSONAL)
    agent: Mapped[str | None] = mapped_column(String(60), nullable=True, info=PERSONAL)
    # The operator who acted as `actor_name`, and the API key that acted for him.
    behind: Mapped[str | None] = mapped_column(String(120), nullable=True, info=PERSONAL)
    key_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, info=INTERNAL)
    # The number of the transaction that wrote it: by it the sealer finds what is new (see `chain.py`).
    tx: Mapped[int] = mapped_column(BigInteger, nullable=False, server_default=THIS_TRANSACTION, info=INTERNAL)

    __table_args__ = (
        Index("ix_core_audit_record", "record_type", "record_id", "id"),
        Index("ix_core_audit_actor_id_at", "actor_id", "at", "id"),
        Index("ix_core_audit_at", "at", "id"),
        Index("ix_core_audit_tx", "tx"),
        # What a key did; nearly all entries are people's.
        Index("ix_core_audit_key_id_at", "key_id", "at", postgresql_where=text("key_id IS NOT NULL")),
        {"info": {"append_only": True}},
    )


class AuditSeal(db.Model):
    """One link of the chain over the audit: which entry is number `seq`, and the proof of it and all before it."""

    __tablename__ = "core_audit_seals"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, info=INTERNAL)
    entry_id: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, unique=True, info=INTERNAL)
    proof: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=INTERNAL)
    # Every entry of a transaction before this one is sealed.
    horizon: Mapped[int] = mapped_column(BigInteger, nullable=False, info=INTERNAL)
    sealed_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)

    __table_args__ = ({"info": {"append_only": True}},)


class AuditSecret(db.Model):
    """The secret of the chain, itself sealed: without it nobody can make a link."""

    __tablename__ = "core_audit_secrets"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, info=INTERNAL)
    # Nobody's, as the entries that tell of no one person: sealed under a key that a new key of the tenant leaves alone.
    subject_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, info=INTERNAL)
    sealed: Mapped[bytes] = mapped_column(
        LargeBinary, nullable=False, info=of_subject(SENSITIVE, "subject_id", erased=Erased.STAYS)
    )
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)

    __table_args__ = ({"info": {"append_only": True}},)


class StoredFile(Identified, db.Model):
    """A file that lies in the tenant's own folder; the row is the only way to it."""

    __tablename__ = "core_files"

    # File names are written by people and often hold names of people.
    name: Mapped[str] = mapped_column(String(255), nullable=False, info=PERSONAL)
    media_type: Mapped[str] = mapped_column(String(120), nullable=False, info=INTERNAL)
    size: Mapped[int] = mapped_column(BigInteger, nullable=False, info=INTERNAL)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=INTERNAL)
    kind: Mapped[str] = mapped_column(String(40), nullable=False, info=INTERNAL)
    stored_as: Mapped[str] = mapped_column(String(32), nullable=False, unique=True, info=INTERNAL)
    created_by: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    expires_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, index=True, info=INTERNAL)


class Undo(Identified, db.Model):
    """How one change is taken back; emptied when it has been, deleted when it no longer can be."""

    __tablename__ = "core_undos"

    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    kind: Mapped[str] = mapped_column(String(60), nullable=False, info=INTERNAL)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True, info=of_row(PERSONAL))
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    expires_at: Mapped[datetime] = mapped_column(Instant, nullable=False, index=True, info=INTERNAL)
    used_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)


class OnceRow(Identified, db.Model):
    """A request that was carried out, by the mark of its Idempotency-Key, for as long as it may be repeated."""

    __tablename__ = "core_once"

    mark: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=INTERNAL)
    body_mark: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=INTERNAL)
    status: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    record_type: Mapped[str | None] = mapped_column(String(40), nullable=True, info=INTERNAL)
    record_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, info=INTERNAL)
    result: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True, info=of_row(PERSONAL))
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)

    __table_args__ = (
        Index("uq_core_once_mark", "mark", unique=True),
        Index("ix_core_once_created_at", "created_at"),
    )
