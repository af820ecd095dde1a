"""What the box that finds stores: one row for each record that can be found, and what each user opened last."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, Instant
from app.core.guard.classes import CONTACT

# What is new waits in a list that every search reads too: long enough to be worked in by the dozen, no longer.
_SOON = {"gin_pending_list_limit": "256"}
_HAS_CODE = text("code IS NOT NULL")


class SearchEntry(db.Model):
    """How one record is found. `tokens` are keyed; names, VINs and numbers of documents are text (docs/search.md)."""

    __tablename__ = "core_search_entries"

    kind: Mapped[str] = mapped_column(Text, primary_key=True, info=INTERNAL)
    record_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, info=INTERNAL)
    # The record whose page a hit opens: a unit of stock opens its vehicle.
    shown_id: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    store_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, info=INTERNAL)
    owner_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, info=INTERNAL)
    title: Mapped[str] = mapped_column(Text, nullable=False, info=PERSONAL)
    names: Mapped[str | None] = mapped_column(Text, info=PERSONAL)
    spellings: Mapped[list[int] | None] = mapped_column(ARRAY(Integer), info=PERSONAL)
    code: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    tokens: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger), info=CONTACT)

    __table_args__ = (
        CheckConstraint("title <> ''", name="title"),
        Index(
            "ix_core_search_entries_names_trgm",
            "names",
            postgresql_using="gin",
            postgresql_ops={"names": "gin_trgm_ops"},
            postgresql_with=_SOON,
        ),
        Index(
            "ix_core_search_entries_kind_names",
            "kind",
            "names",
            postgresql_ops={"names": "text_pattern_ops"},
            postgresql_where=text("names IS NOT NULL"),
        ),
        Index("ix_core_search_entries_spellings", "spellings", postgresql_using="gin", postgresql_with=_SOON),
        Index("ix_core_search_entries_tokens", "tokens", postgresql_using="gin", postgresql_with=_SOON),
        Index(
            "ix_core_search_entries_code",
            "code",
            postgresql_ops={"code": "text_pattern_ops"},
            postgresql_where=_HAS_CODE,
        ),
        # Backwards, the end of a number is a prefix.
        Index(
            "ix_core_search_entries_code_reversed",
            text("reverse(code) text_pattern_ops"),
            postgresql_where=_HAS_CODE,
        ),
    )


class RecentRecord(db.Model):
    """A record a user opened, by its latest time; a few for each user."""

    __tablename__ = "core_recents"

    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, info=INTERNAL)
    kind: Mapped[str] = mapped_column(Text, primary_key=True, info=INTERNAL)
    record_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, info=INTERNAL)
    seen_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)

    __table_args__ = (Index("ix_core_recents_record", "kind", "record_id"),)
