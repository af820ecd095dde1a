"""What is stored about notifications: what somebody was told, and what he wants to be told."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, Identified, Instant

OPEN = "done_at IS NULL"


class Item(Identified, db.Model):
    """One thing somebody was told. It names its subject by id alone: the words are made when somebody reads them."""

    __tablename__ = "notifications_items"
    __table_args__ = (
        CheckConstraint("times > 0", name="times_positive"),
        # The same thing stands in an inbox once, however often it happens.
        Index("ix_notifications_items_same", "user_id", "same_key", unique=True, postgresql_where=text(OPEN)),
        Index("ix_notifications_items_open", "user_id", "last_at", "id", postgresql_where=text(OPEN)),
        Index("ix_notifications_items_user_id", "user_id", "last_at", "id"),
        Index("ix_notifications_items_subject_id", "subject_id", postgresql_where=text(OPEN)),
        Index("ix_notifications_items_done_at", "done_at", postgresql_where=text("done_at IS NOT NULL")),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("tenants_users.id"), nullable=False, info=INTERNAL)
    topic: Mapped[str] = mapped_column(String(40), nullable=False, info=INTERNAL)
    subject_kind: Mapped[str] = mapped_column(String(20), nullable=False, info=INTERNAL)
    subject_id: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    same_key: Mapped[str] = mapped_column(String(120), nullable=False, info=INTERNAL)
    times: Mapped[int] = mapped_column(Integer, nullable=False, server_default="1", info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    last_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    read_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
    done_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)


class Preference(db.Model):
    """Whether somebody wants a topic on a channel; without a row it is as the topic has it."""

    __tablename__ = "notifications_preferences"

    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("tenants_users.id"), primary_key=True, info=INTERNAL)
    topic: Mapped[str] = mapped_column(String(40), primary_key=True, info=INTERNAL)
    channel: Mapped[str] = mapped_column(String(10), primary_key=True, info=INTERNAL)
    wanted: Mapped[bool] = mapped_column(Boolean, nullable=False, info=INTERNAL)
