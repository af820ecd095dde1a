"""What lists store: conditions on personal values, sealed, so that an address carries their id alone."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, Identified, Instant


class SavedFilter(Identified, db.Model):
    """Conditions one user set on one list, sealed under the tenant's key and gone after a while."""

    __tablename__ = "core_filters"

    list_name: Mapped[str] = mapped_column(String(60), nullable=False, info=INTERNAL)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, nullable=False, info=INTERNAL)
    conditions: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    expires_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)

    __table_args__ = (Index("ix_core_filters_user_id_expires_at", "user_id", "expires_at"),)
