"""What the guard stores of keys that were replaced or destroyed, and of values shown for a while."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, SENSITIVE, Identified, Instant
from app.core.db.platform import platform_metadata


class OldSubjectKey(db.Model):
    """A subject's key that was replaced, as long as a value may still lie under it."""

    __tablename__ = "core_old_subject_keys"

    subject_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, info=INTERNAL)
    generation: Mapped[int] = mapped_column(Integer, primary_key=True, info=INTERNAL)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=SENSITIVE)
    key_version: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    replaced_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)


class Reveal(Identified, db.Model):
    """A record whose masked values one user sees in full until `expires_at`, for the reason he gave."""

    __tablename__ = "core_reveals"

    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    record_type: Mapped[str] = mapped_column(String(40), nullable=False, info=INTERNAL)
    record_id: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    # A reason to ring somebody up is none to read the number of his identity card.
    field_group: Mapped[str] = mapped_column(String(20), nullable=False, server_default="contact", info=INTERNAL)
    # People write names into these.
    reason: Mapped[str] = mapped_column(Text, nullable=False, info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    expires_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)

    __table_args__ = (Index("ix_core_reveals_user_id_created_at", "user_id", "created_at"),)


# Written in the transaction that destroys the key, read by whoever restores older keys. `subject_id` is empty where a
# whole tenant went.
destroyed_keys = Table(
    "destroyed_keys",
    platform_metadata,
    Column("id", BigInteger, Identity(), primary_key=True, info=INTERNAL),
    # A tenant says which of its own, and the database says whose it is.
    Column("owner", Text, nullable=False, server_default=text("current_user"), info=INTERNAL),
    Column("subject_id", Uuid, nullable=True, info=INTERNAL),
    Column("destroyed_at", Instant, nullable=False, server_default=func.now(), info=INTERNAL),
    UniqueConstraint("owner", "subject_id", postgresql_nulls_not_distinct=True),
)
