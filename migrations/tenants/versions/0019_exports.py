"""Exports: rules, requests, links and schedules."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "core_export_rules",
        sa.Column("treatments", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("rows_a_day", sa.Integer(), nullable=False),
        sa.Column("kept_hours", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("rows_a_day >= 0", name=op.f("ck_core_export_rules_rows_a_day")),
        sa.CheckConstraint("kept_hours BETWEEN 1 AND 168", name=op.f("ck_core_export_rules_kept_hours")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_export_rules")),
    )
    op.create_table(
        "core_exports",
        sa.Column("list_name", sa.String(length=60), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("unmasked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("asked", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("treated", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("schedule_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("file_key", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'refused', 'lapsed', 'started', 'failed', 'ready', 'gone')",
            name=op.f("ck_core_exports_state_known"),
        ),
        sa.CheckConstraint("format IN ('csv', 'xlsx')", name=op.f("ck_core_exports_format_known")),
        sa.CheckConstraint("decided_by <> created_by", name=op.f("ck_core_exports_decided_by_another")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_exports")),
        sa.UniqueConstraint("job_id", name=op.f("uq_core_exports_job_id")),
    )
    op.create_index("ix_core_exports_created_by", "core_exports", ["created_by", "created_at"], unique=False)
    op.create_index("ix_core_exports_created_at", "core_exports", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_core_exports_expires_at",
        "core_exports",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_table(
        "core_export_links",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("uses", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"], ["core_exports.id"], name=op.f("fk_core_export_links_export_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_export_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_core_export_links_token_hash")),
    )  # fmt: skip
    op.create_index("ix_core_export_links_export_id", "core_export_links", ["export_id"], unique=False)
    op.create_index("ix_core_export_links_expires_at", "core_export_links", ["expires_at"], unique=False)
    op.create_table(
        "core_export_schedules",
        sa.Column("list_name", sa.String(length=60), nullable=False),
        sa.Column("view_key", sa.String(length=60), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("recipients", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("every", sa.String(length=8), nullable=False),
        sa.Column("day", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped", sa.String(length=40), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("format IN ('csv', 'xlsx')", name=op.f("ck_core_export_schedules_format_known")),
        sa.CheckConstraint("every IN ('day', 'week', 'month')", name=op.f("ck_core_export_schedules_every_known")),
        sa.CheckConstraint(
            "hour BETWEEN 0 AND 23 AND day BETWEEN 0 AND 28", name=op.f("ck_core_export_schedules_time_of_day")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_export_schedules")),
    )
    op.create_index("ix_core_export_schedules_next_at", "core_export_schedules", ["next_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("core_export_schedules")
    op.drop_table("core_export_links")
    op.drop_table("core_exports")
    op.drop_table("core_export_rules")
