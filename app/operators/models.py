"""What the platform stores about its operators, and what it knows of the fleet without asking a dealership."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.core.db.columns import INTERNAL, PERSONAL, SENSITIVE, Instant
from app.core.db.platform import announcements, operators, platform_metadata, tenants

__all__ = ["announcements", "operators", "tenants"]


def _now(name: str = "created_at") -> Column[object]:
    return Column(name, Instant, nullable=False, server_default=func.now(), info=INTERNAL)


def _operator() -> Column[object]:
    return Column("operator_id", Uuid, ForeignKey(operators.c.id), nullable=False, info=INTERNAL)


# A link with which an operator chooses the password and connects the second factor. The token is stored nowhere.
operator_links = Table(
    "operator_links",
    platform_metadata,
    Column("id", Uuid, primary_key=True, info=INTERNAL),
    _operator(),
    Column("token_hash", LargeBinary, nullable=False, unique=True, info=SENSITIVE),
    _now(),
    Column("expires_at", Instant, nullable=False, info=INTERNAL),
    Column("used_at", Instant, nullable=True, info=INTERNAL),
)

operator_sessions = Table(
    "operator_sessions",
    platform_metadata,
    Column("id", Uuid, primary_key=True, info=INTERNAL),
    Column("token_hash", LargeBinary, nullable=False, unique=True, info=SENSITIVE),
    _operator(),
    Column("agent", Text, nullable=True, info=PERSONAL),
    _now(),
    _now("last_seen_at"),
    Column("expires_at", Instant, nullable=False, info=INTERNAL),
)

operator_attempts = Table(
    "operator_attempts",
    platform_metadata,
    Column("kind", String(10), primary_key=True, info=INTERNAL),
    Column("fingerprint", LargeBinary, primary_key=True, info=PERSONAL),
    Column("attempts", Integer, nullable=False, info=INTERNAL),
    Column("last_at", Instant, nullable=False, info=INTERNAL),
    Column("blocked_until", Instant, nullable=True, info=INTERNAL),
    CheckConstraint("kind in ('account', 'address')", name="kind_known"),
)

# Added to alone: the console's role may insert and read, no more.
operator_audit = Table(
    "operator_audit",
    platform_metadata,
    Column("id", Uuid, primary_key=True, info=INTERNAL),
    _now("at"),
    Column("operator_id", Uuid, nullable=True, info=INTERNAL),
    Column("operator_name", Text, nullable=False, info=PERSONAL),
    Column("action", String(60), nullable=False, info=INTERNAL),
    Column("tenant_id", String(12), nullable=True, info=INTERNAL),
    Column("details", JSONB, nullable=False, server_default="{}", info=INTERNAL),
    Column("address", Text, nullable=True, info=PERSONAL),
    Index("ix_operator_audit_tenant_id", "tenant_id"),
)

# The copy of a dealership's consent by which the console offers the way in; the dealership's own row decides.
operator_consents = Table(
    "operator_consents",
    platform_metadata,
    Column("id", Uuid, primary_key=True, info=INTERNAL),
    Column("tenant_id", String(12), ForeignKey(tenants.c.id), nullable=False, index=True, info=INTERNAL),
    Column("reason", Text, nullable=False, info=INTERNAL),
    Column("until", Instant, nullable=False, info=INTERNAL),
    Column("withdrawn_at", Instant, nullable=True, info=INTERNAL),
    _now(),
)

# Counted at night by the ops worker; rows are the database's own estimate.
tenant_usage = Table(
    "tenant_usage",
    platform_metadata,
    Column("tenant_id", String(12), ForeignKey(tenants.c.id), primary_key=True, info=INTERNAL),
    Column("counted_on", Date, primary_key=True, info=INTERNAL),
    Column("users", Integer, nullable=False, info=INTERNAL),
    Column("rows", BigInteger, nullable=False, info=INTERNAL),
    Column("table_bytes", BigInteger, nullable=False, info=INTERNAL),
    Column("file_bytes", BigInteger, nullable=False, info=INTERNAL),
    # Since the beginning of the day before, as the web processes have told Redis.
    Column("requests", BigInteger, nullable=False, server_default="0", info=INTERNAL),
)

# How full each dealership's outbox was when the ops worker last looked, and the rows that had died there.
tenant_queues = Table(
    "tenant_queues",
    platform_metadata,
    Column("tenant_id", String(12), ForeignKey(tenants.c.id), primary_key=True, info=INTERNAL),
    Column("waiting", Integer, nullable=False, info=INTERNAL),
    Column("late", Integer, nullable=False, info=INTERNAL),
    Column("dead", Integer, nullable=False, info=INTERNAL),
    Column("oldest_at", Instant, nullable=True, info=INTERNAL),
    _now("counted_at"),
)
dead_letters = Table(
    "dead_letters",
    platform_metadata,
    Column("tenant_id", String(12), ForeignKey(tenants.c.id), primary_key=True, info=INTERNAL),
    Column("outbox_id", Uuid, primary_key=True, info=INTERNAL),
    Column("task", String(80), nullable=False, info=INTERNAL),
    Column("queue", String(20), nullable=False, info=INTERNAL),
    Column("attempts", Integer, nullable=False, info=INTERNAL),
    Column("error", Text, nullable=True, info=INTERNAL),
    Column("dead_at", Instant, nullable=False, info=INTERNAL),
)
