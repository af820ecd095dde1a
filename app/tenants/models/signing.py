"""Sessions, links sent by mail, caught mails, and the counters that slow guessing down."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, LargeBinary, String, Text, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, SENSITIVE, Identified, Instant
from app.core.db.sealing import Erased, of_subject


class SessionRow(Identified, db.Model):
    """A signed-in browser. The row holds the token's hash and the only host it is good at."""

    __tablename__ = "tenants_sessions"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, unique=True, info=SENSITIVE)
    user_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("tenants_users.id"), nullable=False, index=True, info=INTERNAL
    )
    host: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    agent: Mapped[str | None] = mapped_column(Text, nullable=True, info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    last_seen_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    expires_at: Mapped[datetime] = mapped_column(Instant, nullable=False, index=True, info=INTERNAL)
    # When a second factor was shown last, and when anything was, a password too.
    factor_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
    proved_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    # The role as which the user looks at the pages for now; he changes nothing meanwhile.
    preview_role_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("tenants_roles.id"), nullable=True, info=INTERNAL
    )
    # The operator who acts as the user, and the consent by which he came in.
    behind: Mapped[str | None] = mapped_column(Text, nullable=True, info=PERSONAL)
    consent_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("tenants_consents.id"), nullable=True, info=INTERNAL
    )


class Link(Identified, db.Model):
    """A one-use link sent to a user. The row holds no token: it is computed when the mail is written."""

    __tablename__ = "tenants_links"
    __table_args__ = (CheckConstraint("kind in ('invitation', 'password_reset')", name="kind_known"),)

    user_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("tenants_users.id"), nullable=False, index=True, info=INTERNAL
    )
    kind: Mapped[str] = mapped_column(String(20), nullable=False, info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    expires_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
    used_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)


class Mail(Identified, db.Model):
    """A mail the demo caught instead of sending, sealed under its recipient's key."""

    __tablename__ = "tenants_mails"

    user_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("tenants_users.id"), nullable=False, index=True, info=INTERNAL
    )
    recipient_masked: Mapped[str] = mapped_column(Text, nullable=False, info=PERSONAL)
    subject: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    body_enc: Mapped[bytes] = mapped_column(
        LargeBinary, nullable=False, info=of_subject(PERSONAL, "user_id", masked="recipient_masked", erased=Erased.ROW)
    )
    created_at: Mapped[datetime] = mapped_column(
        Instant, nullable=False, server_default=func.now(), index=True, info=INTERNAL
    )


class SignInAttempt(db.Model):
    """Attempts since the last success, by account or by address; both only as keyed fingerprints."""

    __tablename__ = "tenants_sign_in_attempts"
    __table_args__ = (CheckConstraint("kind in ('account', 'address', 'reset', 'factor')", name="kind_known"),)

    kind: Mapped[str] = mapped_column(String(10), primary_key=True, info=INTERNAL)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, info=PERSONAL)
    attempts: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    last_at: Mapped[datetime] = mapped_column(Instant, nullable=False, index=True, info=INTERNAL)
    blocked_until: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
