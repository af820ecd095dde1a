"""Dealerships that wait for an e-mail to be confirmed: rows of the platform, for there is no dealership yet."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, LargeBinary, String, Table, Uuid, func

from app.core.db.columns import INTERNAL, PERSONAL, Instant
from app.core.db.platform import platform_metadata
from app.core.db.sealing import of_platform

sign_ups = Table(
    "sign_ups",
    platform_metadata,
    Column("id", Uuid, primary_key=True, info=INTERNAL),
    # What was typed; emptied when the dealership is being made.
    Column("request", LargeBinary, nullable=True, info=of_platform(PERSONAL)),
    # The mail, where mails are caught instead of sent.
    Column("mail_enc", LargeBinary, nullable=True, info=of_platform(PERSONAL)),
    Column("tenant_id", String(12), nullable=True, info=INTERNAL),
    # The invitation of its administrator, to which whoever has confirmed the e-mail is led.
    Column("link_id", Uuid, nullable=True, info=INTERNAL),
    Column("link_until", Instant, nullable=True, info=INTERNAL),
    Column("created_at", Instant, nullable=False, server_default=func.now(), info=INTERNAL),
    Column("expires_at", Instant, nullable=False, info=INTERNAL),
)

sign_up_attempts = Table(
    "sign_up_attempts",
    platform_metadata,
    Column("kind", String(10), primary_key=True, info=INTERNAL),
    Column("fingerprint", LargeBinary, primary_key=True, info=PERSONAL),
    Column("attempts", Integer, nullable=False, info=INTERNAL),
    # The end of the window in which they are counted.
    Column("until", Instant, nullable=False, info=INTERNAL),
    CheckConstraint("kind in ('address', 'email', 'made')", name="kind_known"),
)
