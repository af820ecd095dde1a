"""The platform's own tables (directory, keys, outbox) and the catalogues every tenant may read."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.core.db.columns import INTERNAL, PERSONAL, PUBLIC, SENSITIVE, Instant
from app.core.db.sealing import of_platform
from app.core.db.session import NAMING

TENANT_STATES = ("requested", "provisioning", "active", "suspended", "deleting", "deleted")

platform_metadata = MetaData(schema="platform", naming_convention=NAMING)
shared_metadata = MetaData(schema="shared", naming_convention=NAMING)


def _now() -> Column[object]:
    return Column("created_at", Instant, nullable=False, server_default=func.now(), info=INTERNAL)


directory_state = Table(
    "directory_state",
    platform_metadata,
    Column("id", SmallInteger, primary_key=True, server_default="1", info=INTERNAL),
    Column("version", BigInteger, nullable=False, server_default="0", info=INTERNAL),
    CheckConstraint("id = 1", name="one_row"),
)

tenants = Table(
    "tenants",
    platform_metadata,
    Column("id", String(12), primary_key=True, info=INTERNAL),
    Column("slug", String(40), nullable=False, unique=True, info=PUBLIC),
    Column("name", Text, nullable=False, info=PUBLIC),
    Column("state", String(16), nullable=False, server_default="requested", info=INTERNAL),
    Column("dsn_name", String(30), nullable=False, server_default="main", info=INTERNAL),
    Column("login", SmallInteger, nullable=False, server_default="1", info=INTERNAL),
    Column("schema_version", String(32), nullable=True, info=INTERNAL),
    Column("locale", String(10), nullable=False, info=PUBLIC),
    Column("currency", String(3), nullable=False, info=PUBLIC),
    Column("country", String(2), nullable=False, info=PUBLIC),
    Column("timezone", String(60), nullable=False, info=PUBLIC),
    # What provisioning still needs (first administrator, first store), sealed under the master key, then emptied.
    Column("request", LargeBinary, nullable=True, info=of_platform(PERSONAL)),
    Column("failure", Text, nullable=True, info=INTERNAL),
    Column("delete_after", Instant, nullable=True, info=INTERNAL),
    Column("directory_version", BigInteger, nullable=False, server_default="0", info=INTERNAL),
    _now(),
    CheckConstraint("state in ({})".format(", ".join(f"'{s}'" for s in TENANT_STATES)), name="state_known"),
    CheckConstraint("id ~ '^[a-z0-9]{12}$'", name="id_shape"),
    CheckConstraint("slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'", name="slug_shape"),
    Index("ix_tenants_directory_version", "directory_version"),
)

hosts = Table(
    "hosts",
    platform_metadata,
    Column("host", String(253), primary_key=True, info=PUBLIC),
    Column("tenant_id", String(12), ForeignKey(tenants.c.id), nullable=False, index=True, info=INTERNAL),
    _now(),
    CheckConstraint("host = lower(host)", name="lower_case"),
)

operators = Table(
    "operators",
    platform_metadata,
    Column("id", Uuid, primary_key=True, info=INTERNAL),
    Column("name", Text, nullable=False, info=INTERNAL),
    Column("email_enc", LargeBinary, nullable=False, info=of_platform(PERSONAL)),
    Column("email_index", LargeBinary, nullable=False, unique=True, info=PERSONAL),
    Column("password_hash", Text, nullable=True, info=SENSITIVE),
    Column("disabled_at", Instant, nullable=True, info=INTERNAL),
    _now(),
    Column("totp_enc", LargeBinary, nullable=True, info=of_platform(SENSITIVE)),
    # The last step whose code was accepted: no code is taken twice.
    Column("totp_step", BigInteger, nullable=True, info=INTERNAL),
)

# What the operator says to everybody; each process holds the ones not over yet beside its copy of the directory.
announcements = Table(
    "announcements",
    platform_metadata,
    Column("id", Uuid, primary_key=True, info=INTERNAL),
    # By language; English is always among them.
    Column("texts", JSONB, nullable=False, info=PUBLIC),
    Column("tone", String(10), nullable=False, info=PUBLIC),
    Column("starts_at", Instant, nullable=False, info=PUBLIC),
    Column("ends_at", Instant, nullable=False, info=PUBLIC),
    _now(),
    CheckConstraint("tone in ('info', 'warning')", name="tone_known"),
)

wrapped_keys = Table(
    "wrapped_keys",
    platform_metadata,
    Column("tenant_id", String(12), ForeignKey(tenants.c.id), primary_key=True, info=INTERNAL),
    Column("purpose", String(16), primary_key=True, info=INTERNAL),
    Column("key_version", Integer, primary_key=True, info=INTERNAL),
    Column("wrapped", LargeBinary, nullable=False, info=SENSITIVE),
    # From when on processes write with it, once all of them know it; at once where nothing stands.
    Column("used_from", Instant, nullable=True, info=INTERNAL),
    _now(),
)

outbox = Table(
    "outbox",
    platform_metadata,
    Column("id", Uuid, primary_key=True, info=INTERNAL),
    Column("task", String(80), nullable=False, info=INTERNAL),
    Column("queue", String(20), nullable=False, info=INTERNAL),
    Column("payload", JSONB, nullable=False, server_default="{}", info=INTERNAL),
    Column("dedupe_key", String(120), nullable=True, info=INTERNAL),
    Column("available_at", Instant, nullable=False, server_default=func.now(), info=INTERNAL),
    Column("next_dispatch_at", Instant, nullable=False, server_default=func.now(), info=INTERNAL),
    Column("attempts", Integer, nullable=False, server_default="0", info=INTERNAL),
    Column("max_attempts", Integer, nullable=False, server_default="8", info=INTERNAL),
    Column("lease_until", Instant, nullable=True, info=INTERNAL),
    Column("done_at", Instant, nullable=True, info=INTERNAL),
    Column("dead_at", Instant, nullable=True, info=INTERNAL),
    Column("last_error", Text, nullable=True, info=INTERNAL),
    _now(),
    Index(
        "ix_outbox_pending",
        "next_dispatch_at",
        postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
    ),
    Index(
        "uq_outbox_dedupe_pending",
        "dedupe_key",
        unique=True,
        postgresql_where=text("done_at IS NULL AND dead_at IS NULL AND attempts = 0 AND dedupe_key IS NOT NULL"),
    ),
)

outbox_hint = Table(
    "outbox_hint",
    platform_metadata,
    Column("id", BigInteger, Identity(), primary_key=True, info=INTERNAL),
    # A tenant can set the due time alone; the name is the database's own word for who is asking.
    Column("tenant_id", Text, nullable=False, server_default=text("current_user"), info=INTERNAL),
    Column("due_at", Instant, nullable=False, server_default=func.now(), info=INTERNAL),
    Index("ix_outbox_hint_due_at", "due_at"),
)

audit_heads = Table(
    "audit_heads",
    platform_metadata,
    Column("id", BigInteger, Identity(), primary_key=True, info=INTERNAL),
    # As with the hints: a tenant adds what the columns below say and can neither read, change nor delete a row.
    Column("tenant_id", Text, nullable=False, server_default=text("current_user"), info=INTERNAL),
    Column("seq", BigInteger, nullable=False, info=INTERNAL),
    Column("proof", LargeBinary, nullable=False, info=INTERNAL),
    Column("noted_at", Instant, nullable=False, server_default=func.now(), info=INTERNAL),
    Index("ix_audit_heads_tenant_id_seq", "tenant_id", "seq"),
)

ticks = Table(
    "ticks",
    platform_metadata,
    Column("job", String(60), primary_key=True, info=INTERNAL),
    Column("slot", String(40), primary_key=True, info=INTERNAL),
    Column("closed_at", Instant, nullable=False, server_default=func.now(), info=INTERNAL),
)

makes = Table(
    "makes",
    shared_metadata,
    Column("name", String(60), primary_key=True, info=PUBLIC),
)

models = Table(
    "models",
    shared_metadata,
    Column("make", String(60), ForeignKey(makes.c.name), primary_key=True, info=PUBLIC),
    Column("name", String(80), primary_key=True, info=PUBLIC),
    Column("first_year", SmallInteger, nullable=True, info=PUBLIC),
    Column("last_year", SmallInteger, nullable=True, info=PUBLIC),
)

wmi = Table(
    "wmi",
    shared_metadata,
    Column("code", String(3), primary_key=True, info=PUBLIC),
    Column("maker", Text, nullable=False, info=PUBLIC),
    Column("country", String(60), nullable=True, info=PUBLIC),
)
