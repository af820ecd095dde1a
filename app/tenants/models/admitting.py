"""Letting the operator in: what the dealership has agreed to, and each time somebody came in by it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Text, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, Identified, Instant


class Consent(Identified, db.Model):
    """The dealership lets the operator in until an instant, or until it withdraws that."""

    __tablename__ = "tenants_consents"

    granted_by: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("tenants_users.id"), nullable=False, info=INTERNAL)
    reason: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    until: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)


class OperatorEntry(Identified, db.Model):
    """An operator came in as one of the users. Its id is the ticket's, so that no ticket opens twice."""

    __tablename__ = "tenants_entries"

    consent_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("tenants_consents.id"), nullable=False, index=True, info=INTERNAL
    )
    operator_name: Mapped[str] = mapped_column(Text, nullable=False, info=PERSONAL)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("tenants_users.id"), nullable=False, info=INTERNAL)
    reason: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    expires_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
