"""What lists store: conditions on personal values, sealed, and the views people keep."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Index, Integer, LargeBinary, String, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, Identified, Instant, Record
from app.core.db.sealing import of_row


class SavedFilter(Identified, db.Model):
    """Conditions one user set on one list, sealed under a key of their own and gone after a while."""

    __tablename__ = "core_filters"

    list_name: Mapped[str] = mapped_column(String(60), nullable=False, info=INTERNAL)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    conditions: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=of_row(PERSONAL))
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    expires_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)

    __table_args__ = (Index("ix_core_filters_user_id_expires_at", "user_id", "expires_at"),)


class SavedView(Record, db.Model):
    """A question with a name: conditions, order and looks of one list, for one user or those it is shared with.

    `args` are the arguments as an address would hold them; personal conditions are sealed beside them. A view of a
    team that is gone is its owner's alone.
    """

    __tablename__ = "core_views"

    list_name: Mapped[str] = mapped_column(String(60), nullable=False, info=INTERNAL)
    name: Mapped[str] = mapped_column(String(60), nullable=False, info=INTERNAL)
    owner_id: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    scope: Mapped[str] = mapped_column(String(10), nullable=False, info=INTERNAL)
    team_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, nullable=True, info=INTERNAL)
    args: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, server_default=text("'{}'"), info=INTERNAL)
    conditions: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True, info=of_row(PERSONAL))
    position: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", info=INTERNAL)
    is_default: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default=text("false"), info=INTERNAL)

    __table_args__ = (
        CheckConstraint("scope IN ('own', 'team', 'tenant')", name="scope"),
        CheckConstraint("(scope = 'team') = (team_id IS NOT NULL)", name="team"),
        Index("ix_core_views_list_name_owner_id", "list_name", "owner_id"),
        Index("ix_core_views_list_name_shared", "list_name", postgresql_where=text("scope <> 'own'")),
    )
