"""Outbox, ticks, jobs, audit, keys, files, filters and counters."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

REVOKE = "DO $$ BEGIN EXECUTE format('REVOKE {} ON {} FROM %I', current_schema()); END $$"


def upgrade() -> None:
    """Apply."""
    op.execute(REVOKE.format("INSERT, UPDATE, DELETE", "alembic_version"))
    op.create_table(
        "core_audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("record_type", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_audit")),
        info={"append_only": True},
    )
    op.create_index("ix_core_audit_record", "core_audit", ["record_type", "record_id", "id"], unique=False)
    op.execute(REVOKE.format("UPDATE, DELETE", "core_audit"))
    op.create_table(
        "core_counters",
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "store_id", name=op.f("pk_core_counters")),
    )
    op.create_table(
        "core_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("stored_as", sa.String(length=32), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_files")),
        sa.UniqueConstraint("stored_as", name=op.f("uq_core_files_stored_as")),
    )
    op.create_index(op.f("ix_core_files_expires_at"), "core_files", ["expires_at"], unique=False)
    op.create_table(
        "core_filters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("list_name", sa.String(length=60), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("conditions", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_filters")),
    )
    op.create_index("ix_core_filters_user_id_expires_at", "core_filters", ["user_id", "expires_at"], unique=False)
    op.create_table(
        "core_import_mappings",
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("header_print", sa.LargeBinary(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("kind", "header_print", name=op.f("pk_core_import_mappings")),
    )
    op.create_table(
        "core_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("task", sa.String(length=80), nullable=False),
        sa.Column("queue", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), server_default="queued", nullable=False),
        sa.Column("progress_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("progress_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checkpoint", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('queued', 'running', 'succeeded', 'partly_failed', 'failed', 'canceled', 'stalled')",
            name=op.f("ck_core_jobs_state_known"),
        ),
        sa.CheckConstraint("progress_done >= 0 AND progress_total >= 0", name=op.f("ck_core_jobs_progress_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_jobs")),
    )
    op.create_index("ix_core_jobs_created_by", "core_jobs", ["created_by", "created_at"], unique=False)
    op.create_index("ix_core_jobs_kind_created_at", "core_jobs", ["kind", "created_at"], unique=False)
    op.create_table(
        "core_outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task", sa.String(length=80), nullable=False),
        sa.Column("queue", sa.String(length=20), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("dedupe_key", sa.String(length=120), nullable=True),
        sa.Column("available_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_dispatch_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("dispatches", sa.Integer(), server_default="0", nullable=False),
        sa.Column("deferred", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default="8", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_outbox")),
    )
    op.create_index(
        "ix_core_outbox_dedupe",
        "core_outbox",
        ["dedupe_key"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL AND attempts = 0 AND dedupe_key IS NOT NULL"),
    )
    op.create_index(
        "ix_core_outbox_deferred",
        "core_outbox",
        ["queue", "id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL AND deferred"),
    )
    op.create_index(
        "ix_core_outbox_done_at",
        "core_outbox",
        ["done_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NOT NULL"),
    )
    op.create_index(
        "ix_core_outbox_leased",
        "core_outbox",
        ["queue", "lease_until"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
    )
    op.create_index(
        "ix_core_outbox_pending",
        "core_outbox",
        ["next_dispatch_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
    )
    op.create_table(
        "core_subject_keys",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_core_subject_keys")),
    )
    op.create_table(
        "core_ticks",
        sa.Column("job", sa.String(length=60), nullable=False),
        sa.Column("slot", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("job", "slot", name=op.f("pk_core_ticks")),
    )
    op.create_table(
        "core_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="uploaded", nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("encoding", sa.String(length=12), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("header_print", sa.LargeBinary(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state in ('uploaded', 'checking', 'checked', 'running', 'done', 'undoing', 'undone')",
            name=op.f("ck_core_imports_state_known"),
        ),
        sa.ForeignKeyConstraint(["file_id"], ["core_files.id"], name=op.f("fk_core_imports_file_id")),
        sa.ForeignKeyConstraint(["job_id"], ["core_jobs.id"], name=op.f("fk_core_imports_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_imports")),
    )
    op.create_index("ix_core_imports_created_at", "core_imports", ["created_at"], unique=False)
    op.create_index(op.f("ix_core_imports_file_id"), "core_imports", ["file_id"], unique=False)
    op.create_index(op.f("ix_core_imports_job_id"), "core_imports", ["job_id"], unique=False)
    op.create_table(
        "core_import_marks",
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["core_imports.id"], name=op.f("fk_core_import_marks_import_id")),
        sa.PrimaryKeyConstraint("kind", "identity", name=op.f("pk_core_import_marks")),
    )
    op.create_index(op.f("ix_core_import_marks_import_id"), "core_import_marks", ["import_id"], unique=False)
    op.create_table(
        "core_import_rows",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=True),
        sa.Column("claim", sa.LargeBinary(), nullable=True),
        sa.Column("made", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("errors", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.CheckConstraint(
            "outcome in ('created', 'duplicate', 'conflict', 'failed', 'undone')",
            name=op.f("ck_core_import_rows_outcome_known"),
        ),
        sa.ForeignKeyConstraint(["import_id"], ["core_imports.id"], name=op.f("fk_core_import_rows_import_id")),
        sa.PrimaryKeyConstraint("import_id", "row_no", name=op.f("pk_core_import_rows")),
    )
    op.create_index("ix_core_import_rows_claim", "core_import_rows", ["import_id", "claim"], unique=False)
    op.create_index("ix_core_import_rows_identity", "core_import_rows", ["import_id", "identity"], unique=False)
    op.create_index("ix_core_import_rows_outcome", "core_import_rows", ["import_id", "outcome", "row_no"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("core_import_rows")
    op.drop_table("core_import_marks")
    op.drop_table("core_imports")
    op.drop_table("core_ticks")
    op.drop_table("core_subject_keys")
    op.drop_table("core_outbox")
    op.drop_table("core_jobs")
    op.drop_table("core_import_mappings")
    op.drop_table("core_filters")
    op.drop_table("core_files")
    op.drop_table("core_counters")
    op.drop_table("core_audit")
