"""The directory of tenants, its keys and outbox, and the shared catalogues."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

RIGHTS = """
GRANT USAGE ON SCHEMA platform, shared, ext TO forecourt_tenant, r_platform, forecourt_relay;
GRANT SELECT ON ALL TABLES IN SCHEMA shared TO forecourt_tenant, r_platform;
GRANT INSERT (due_at) ON platform.outbox_hint TO forecourt_tenant, r_platform;
GRANT SELECT ON platform.directory_state, platform.hosts, platform.wrapped_keys TO r_platform;
GRANT SELECT (id, slug, name, state, dsn_name, login, schema_version, locale, currency, country, timezone, failure,
    delete_after, directory_version, created_at) ON platform.tenants TO r_platform;
GRANT INSERT (id, slug, name, dsn_name, locale, currency, country, timezone, request) ON platform.tenants
    TO r_platform;
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.outbox TO r_platform;
GRANT SELECT, INSERT, DELETE ON platform.ticks TO r_platform;
GRANT SELECT ON platform.operators TO r_platform;
GRANT SELECT ON platform.alembic_version TO r_platform;
GRANT SELECT, DELETE ON platform.outbox_hint TO forecourt_relay;
GRANT INSERT (due_at) ON platform.outbox_hint TO forecourt_relay;
GRANT SELECT, UPDATE ON platform.outbox TO forecourt_relay;
GRANT SELECT (id, state, login, dsn_name) ON platform.tenants TO forecourt_relay;
INSERT INTO platform.directory_state (id, version) VALUES (1, 0);
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "directory_state",
        sa.Column("id", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_directory_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_state")),
        schema="platform",
    )
    op.create_table(
        "operators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email_enc", sa.LargeBinary(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operators")),
        sa.UniqueConstraint("email_index", name=op.f("uq_operators_email_index")),
        schema="platform",
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task", sa.String(length=80), nullable=False),
        sa.Column("queue", sa.String(length=20), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("dedupe_key", sa.String(length=120), nullable=True),
        sa.Column("available_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_dispatch_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default="8", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        schema="platform",
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["next_dispatch_at"],
        unique=False,
        schema="platform",
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
    )
    op.create_index(
        "uq_outbox_dedupe_pending",
        "outbox",
        ["dedupe_key"],
        unique=True,
        schema="platform",
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL AND attempts = 0 AND dedupe_key IS NOT NULL"),
    )
    op.create_table(
        "outbox_hint",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_user"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_hint")),
        schema="platform",
    )
    op.create_index("ix_outbox_hint_due_at", "outbox_hint", ["due_at"], unique=False, schema="platform")
    op.create_table(
        "tenants",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), server_default="requested", nullable=False),
        sa.Column("dsn_name", sa.String(length=30), server_default="main", nullable=False),
        sa.Column("login", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("schema_version", sa.String(length=32), nullable=True),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("delete_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("directory_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^[a-z0-9]{12}$'", name=op.f("ck_tenants_id_shape")),
        sa.CheckConstraint("slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'", name=op.f("ck_tenants_slug_shape")),
        sa.CheckConstraint(
            "state in ('requested', 'provisioning', 'active', 'suspended', 'deleting', 'deleted')",
            name=op.f("ck_tenants_state_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenants_slug")),
        schema="platform",
    )
    op.create_index("ix_tenants_directory_version", "tenants", ["directory_version"], unique=False, schema="platform")
    op.create_table(
        "ticks",
        sa.Column("job", sa.String(length=60), nullable=False),
        sa.Column("slot", sa.String(length=40), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("job", "slot", name=op.f("pk_ticks")),
        schema="platform",
    )
    op.create_table(
        "hosts",
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("tenant_id", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("host = lower(host)", name=op.f("ck_hosts_lower_case")),
        sa.ForeignKeyConstraint(["tenant_id"], ["platform.tenants.id"], name=op.f("fk_hosts_tenant_id")),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_hosts")),
        schema="platform",
    )
    op.create_index(op.f("ix_hosts_tenant_id"), "hosts", ["tenant_id"], unique=False, schema="platform")
    op.create_table(
        "wrapped_keys",
        sa.Column("tenant_id", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["platform.tenants.id"], name=op.f("fk_wrapped_keys_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "purpose", "key_version", name=op.f("pk_wrapped_keys")),
        schema="platform",
    )
    op.create_table(
        "makes",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_makes")),
        schema="shared",
    )
    op.create_table(
        "wmi",
        sa.Column("code", sa.String(length=3), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_wmi")),
        schema="shared",
    )
    op.create_table(
        "models",
        sa.Column("make", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("first_year", sa.SmallInteger(), nullable=True),
        sa.Column("last_year", sa.SmallInteger(), nullable=True),
        sa.ForeignKeyConstraint(["make"], ["shared.makes.name"], name=op.f("fk_models_make")),
        sa.PrimaryKeyConstraint("make", "name", name=op.f("pk_models")),
        schema="shared",
    )
    for statement in RIGHTS.strip().rstrip(";").split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    for table in ("models", "makes", "wmi"):
        op.drop_table(table, schema="shared")
    for table in ("ticks", "outbox_hint", "outbox", "wrapped_keys", "operators", "hosts", "tenants", "directory_state"):
        op.drop_table(table, schema="platform")
