"""What is shown besides a password: the secret of an app, passkeys, recovery codes; and the questions still open."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
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
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, SENSITIVE, Identified, Instant
from app.core.db.sealing import Erased, of_subject


class CodeApp(Identified, db.Model):
    """An app that shows codes: its secret, and the last step accepted. Unconfirmed until its first code has come."""

    __tablename__ = "tenants_code_apps"

    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("tenants_users.id"), nullable=False, info=INTERNAL)
    secret_enc: Mapped[bytes] = mapped_column(
        LargeBinary, nullable=False, info=of_subject(SENSITIVE, "user_id", erased=Erased.ROW)
    )
    last_step: Mapped[int | None] = mapped_column(BigInteger, nullable=True, info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)


# One in use and one being set up, for each user.
Index(
    "uq_tenants_code_apps_user_id_confirmed",
    CodeApp.user_id,
    unique=True,
    postgresql_where=CodeApp.confirmed_at.is_not(None),
)
Index(
    "uq_tenants_code_apps_user_id_begun",
    CodeApp.user_id,
    unique=True,
    postgresql_where=CodeApp.confirmed_at.is_(None),
)


class Passkey(Identified, db.Model):
    """A passkey: the public half, good at the host it was made for alone."""

    __tablename__ = "tenants_passkeys"

    user_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("tenants_users.id"), nullable=False, index=True, info=INTERNAL
    )
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, unique=True, info=PERSONAL)
    public_key: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=PERSONAL)
    host: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    # How often the authenticator says it was used; many always say 0.
    uses: Mapped[int] = mapped_column(BigInteger, nullable=False, info=INTERNAL)
    label: Mapped[str] = mapped_column(Text, nullable=False, info=PERSONAL)
    synced: Mapped[bool] = mapped_column(Boolean, nullable=False, info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)


class RecoveryCode(Identified, db.Model):
    """A code that stands in for a second factor once. The row holds a hash."""

    __tablename__ = "tenants_recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("tenants_users.id"), nullable=False, info=INTERNAL)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=SENSITIVE)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    used_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)


class Challenge(Identified, db.Model):
    """A question a browser has to answer: known by a cookie of its own, at one host, for a few minutes, once."""

    __tablename__ = "tenants_challenges"
    __table_args__ = (CheckConstraint("purpose in ('sign_in', 'passkey', 'confirm', 'add')", name="purpose_known"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, unique=True, info=SENSITIVE)
    purpose: Mapped[str] = mapped_column(String(10), nullable=False, info=INTERNAL)
    # Nobody yet where somebody is to sign in with a passkey.
    user_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("tenants_users.id"), nullable=True, index=True, info=INTERNAL
    )
    host: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    nonce: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=INTERNAL)
    tries: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    expires_at: Mapped[datetime] = mapped_column(Instant, nullable=False, index=True, info=INTERNAL)
