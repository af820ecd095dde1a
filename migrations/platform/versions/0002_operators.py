"""The operator console: accounts with a second factor, sessions, audit, announcements, and what it knows of the fleet."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The console has a role of its own: what runs as the platform, which every process does, reads no operator's account.
RIGHTS = """
GRANT USAGE ON SCHEMA platform, shared, ext TO r_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA shared TO r_operator;
GRANT SELECT ON platform.directory_state, platform.hosts, platform.ticks, platform.alembic_version TO r_operator;
GRANT UPDATE (version) ON platform.directory_state TO r_operator;
GRANT SELECT (id, slug, name, state, dsn_name, login, schema_version, locale, currency, country, timezone, failure,
    delete_after, directory_version, created_at) ON platform.tenants TO r_operator;
GRANT INSERT (id, slug, name, dsn_name, locale, currency, country, timezone, request) ON platform.tenants
    TO r_operator;
GRANT SELECT, INSERT, UPDATE ON platform.outbox TO r_operator;
REVOKE SELECT ON platform.operators FROM r_platform;
GRANT SELECT, INSERT, UPDATE ON platform.operators TO r_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.operator_links, platform.operator_sessions,
    platform.operator_attempts TO r_operator;
GRANT SELECT, INSERT ON platform.operator_audit TO r_operator;
GRANT SELECT, INSERT, UPDATE ON platform.announcements TO r_operator;
GRANT SELECT ON platform.announcements TO r_platform;
GRANT SELECT ON platform.operator_consents, platform.tenant_usage, platform.tenant_queues, platform.dead_letters
    TO r_operator;
GRANT SELECT, INSERT, UPDATE ON platform.operator_consents TO r_platform;
"""


def _tenant_id(**more: object) -> sa.Column:
    return sa.Column("tenant_id", sa.String(length=12), nullable=False, **more)


def _now(name: str = "created_at") -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _of_tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id"], ["platform.tenants.id"], name=op.f(f"fk_{table}_tenant_id"))


def _of_operator(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["operator_id"], ["platform.operators.id"], name=op.f(f"fk_{table}_operator_id"))


def upgrade() -> None:
    """Apply."""
    op.add_column("operators", sa.Column("totp_enc", sa.LargeBinary(), nullable=True), schema="platform")
    op.add_column("operators", sa.Column("totp_step", sa.BigInteger(), nullable=True), schema="platform")
    op.create_table(
        "announcements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tone", sa.String(length=10), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        _now(),
        sa.CheckConstraint("tone in ('info', 'warning')", name=op.f("ck_announcements_tone_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
        schema="platform",
    )
    op.create_table(
        "operator_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        _now(),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        _of_operator("operator_links"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_operator_links_token_hash")),
        schema="platform",
    )
    op.create_table(
        "operator_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        _now(),
        _now("last_seen_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _of_operator("operator_sessions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_operator_sessions_token_hash")),
        schema="platform",
    )
    op.create_table(
        "operator_attempts",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('account', 'address')", name=op.f("ck_operator_attempts_kind_known")),
        sa.PrimaryKeyConstraint("kind", "fingerprint", name=op.f("pk_operator_attempts")),
        schema="platform",
    )
    op.create_table(
        "operator_audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        _now("at"),
        sa.Column("operator_id", sa.Uuid(), nullable=True),
        sa.Column("operator_name", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("tenant_id", sa.String(length=12), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_audit")),
        schema="platform",
    )
    op.create_index("ix_operator_audit_tenant_id", "operator_audit", ["tenant_id"], unique=False, schema="platform")
    op.create_table(
        "operator_consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        _tenant_id(),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        _now(),
        _of_tenant("operator_consents"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_consents")),
        schema="platform",
    )
    op.create_index(
        op.f("ix_operator_consents_tenant_id"), "operator_consents", ["tenant_id"], unique=False, schema="platform"
    )
    op.create_table(
        "tenant_usage",
        _tenant_id(),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("users", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("table_bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        _of_tenant("tenant_usage"),
        sa.PrimaryKeyConstraint("tenant_id", "counted_on", name=op.f("pk_tenant_usage")),
        schema="platform",
    )
    op.create_table(
        "tenant_queues",
        _tenant_id(),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("dead", sa.Integer(), nullable=False),
        sa.Column("oldest_at", sa.DateTime(timezone=True), nullable=True),
        _now("counted_at"),
        _of_tenant("tenant_queues"),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenant_queues")),
        schema="platform",
    )
    op.create_table(
        "dead_letters",
        _tenant_id(),
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("task", sa.String(length=80), nullable=False),
        sa.Column("queue", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=False),
        _of_tenant("dead_letters"),
        sa.PrimaryKeyConstraint("tenant_id", "outbox_id", name=op.f("pk_dead_letters")),
        schema="platform",
    )
    for statement in RIGHTS.strip().rstrip(";").split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    tables = ("dead_letters", "tenant_queues", "tenant_usage", "operator_consents", "operator_audit",
              "operator_attempts", "operator_sessions", "operator_links", "announcements")  # fmt: skip
    for table in tables:
        op.drop_table(table, schema="platform")
    for column in ("totp_step", "totp_enc"):
        op.drop_column("operators", column, schema="platform")
    op.execute("GRANT SELECT ON platform.operators TO r_platform")
