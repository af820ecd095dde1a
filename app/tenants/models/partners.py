"""The dealership's own identity provider: where people sign in who have an account there."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, LargeBinary, SmallInteger, Text, Uuid, false, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, SENSITIVE, Identified, Instant, Record
from app.core.db.sealing import Erased, of_subject, of_tenant
from app.core.guard.policy import declare_record


class IdentityProvider(Record, db.Model):
    """An OpenID Connect provider; a dealership has one at most. Its secret is sealed under the dealership's key."""

    __tablename__ = "tenants_identity_providers"
    __table_args__ = (
        CheckConstraint("slot = 1", name="only_one"),
        CheckConstraint("(role_id IS NULL) = (store_id IS NULL)", name="role_at_a_store"),
    )

    slot: Mapped[int] = mapped_column(
        SmallInteger, nullable=False, unique=True, server_default="1", default=1, info=INTERNAL
    )
    name: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    issuer: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    client_id: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    secret_enc: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=of_tenant(SENSITIVE))
    enabled: Mapped[bool] = mapped_column(
        Boolean, nullable=False, server_default=false(), default=False, info=INTERNAL
    )
    # What people get who come from there and were not invited; nobody is let in so when empty.
    role_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("tenants_roles.id"), nullable=True, info=INTERNAL
    )
    store_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("tenants_stores.id"), nullable=True, info=INTERNAL
    )



class Identity(Identified, db.Model):
    """Whom the provider means by one of its people: from the first sign-in on he goes by its id of him, not his e-mail.

    Issuer and id are compared by a keyed index and never shown; sealed they stay for making it anew.
    """

    __tablename__ = "tenants_identities"

    user_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("tenants_users.id"), nullable=False, unique=True, info=INTERNAL
    )
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, unique=True, info=PERSONAL)
    subject_enc: Mapped[bytes | None] = mapped_column(
        LargeBinary,
        nullable=True,
        info=of_subject(
            PERSONAL,
            "user_id",
            index="fingerprint",
            indexed=lambda _row, subject: ("identity", subject),
            erased=Erased.ROW,
        ),
    )
    linked_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    last_used_at: Mapped[datetime] = mapped_column(
        Instant, nullable=False, server_default=func.now(), info=INTERNAL
    )


declare_record("identity_provider", IdentityProvider, reason=INTERNAL, links=INTERNAL, address=PERSONAL)
