"""API keys: programs that act for the dealership through a role, as far as each key's own list of rights goes."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, LargeBinary, String, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, SENSITIVE, Instant, Record
from app.core.guard.policy import declare_record


class ApiKey(Record, db.Model):
    """A key: its hash, the role it acts through, and the rights of that role it may use. Never the key itself."""

    __tablename__ = "tenants_api_keys"

    name: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    role_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("tenants_roles.id"), nullable=False, index=True, info=INTERNAL
    )
    # Where it acts; at every open store when empty.
    store_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("tenants_stores.id"), nullable=True, info=INTERNAL
    )
    permissions: Mapped[list[str]] = mapped_column(JSONB, nullable=False, info=INTERNAL)
    # From which networks it is taken; from everywhere when empty.
    networks: Mapped[list[str]] = mapped_column(JSONB, nullable=False, server_default="[]", info=INTERNAL)
    # By what people tell keys apart: the beginning, as shown beside the name.
    beginning: Mapped[str] = mapped_column(String(20), nullable=False, info=INTERNAL)
    hash: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, unique=True, info=SENSITIVE)
    # The key before the last replacement, for as long as it is still taken.
    old_hash: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True, unique=True, info=SENSITIVE)
    old_until: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
    expires_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant, nullable=True, info=INTERNAL)
    created_by: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("tenants_users.id"), nullable=True, info=INTERNAL
    )


class ApiKeyRead(db.Model):
    """How often a key has read a resource on a day; what is not fetched yet waits in Redis (`guard/key_reads.py`)."""

    __tablename__ = "tenants_api_key_reads"

    key_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("tenants_api_keys.id"), primary_key=True, info=INTERNAL
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True, info=INTERNAL)
    resource: Mapped[str] = mapped_column(Text, primary_key=True, info=INTERNAL)
    count: Mapped[int] = mapped_column(BigInteger, nullable=False, info=INTERNAL)


declare_record("api_key", ApiKey, role=INTERNAL, store=INTERNAL, permission=INTERNAL, place=INTERNAL)
