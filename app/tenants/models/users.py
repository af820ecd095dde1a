"""Users of the dealership and their roles at its stores."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, SENSITIVE, Identified, Instant, Record
from app.core.db.sealing import of_subject
from app.core.guard.policy import declare_record
from app.tenants.rules.signing import normal_email


class User(Record, db.Model):
    """Somebody who signs in. The e-mail is stored sealed, with an index for finding it and a mask for lists."""

    __tablename__ = "tenants_users"
    __table_args__ = (CheckConstraint("state in ('invited', 'active', 'disabled')", name="state_known"),)

    name: Mapped[str] = mapped_column(Text, nullable=False, info=PERSONAL)
    email_enc: Mapped[bytes] = mapped_column(
        LargeBinary,
        nullable=False,
        info=of_subject(
            PERSONAL,
            "id",
            masked="email_masked",
            index="email_index",
            indexed=lambda _row, email: ("email", normal_email(email)),
        ),
    )
    email_index: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, unique=True, info=PERSONAL)
    email_masked: Mapped[str] = mapped_column(Text, nullable=False, info=PERSONAL)
    password_hash: Mapped[str | None] = mapped_column(Text, nullable=True, info=SENSITIVE)
    password_changed_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
    locale: Mapped[str | None] = mapped_column(String(10), nullable=True, info=INTERNAL)
    preferences: Mapped[dict[str, str]] = mapped_column(JSONB, nullable=False, server_default="{}", info=INTERNAL)
    state: Mapped[str] = mapped_column(String(10), nullable=False, server_default="invited", info=INTERNAL)


class Membership(Identified, db.Model):
    """A user's role at a store; several add up."""

    __tablename__ = "tenants_memberships"
    __table_args__ = (UniqueConstraint("user_id", "store_id", "role_id"),)

    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("tenants_users.id"), nullable=False, info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("tenants_stores.id"), nullable=False, index=True, info=INTERNAL
    )
    role_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("tenants_roles.id"), nullable=False, index=True, info=INTERNAL
    )


# What the audit tells of users and roles besides columns; an e-mail stands in its page's form as well.
declare_record("user", User, email=PERSONAL, roles=INTERNAL, kind=INTERNAL, factor=INTERNAL, issuer=INTERNAL)
declare_record("role", name=INTERNAL, requires_second_factor=INTERNAL, grants=INTERNAL)
