"""Files that come in by parts."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "core_uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_core_uploads_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_uploads")),
    )
    op.create_index("ix_core_uploads_created_by", "core_uploads", ["created_by", "created_at"])
    op.create_index("ix_core_uploads_expires_at", "core_uploads", ["expires_at"])
    op.create_table(
        "core_upload_parts",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("number > 0 AND size > 0", name=op.f("ck_core_upload_parts_positive")),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["core_uploads.id"], ondelete="CASCADE",
            name=op.f("fk_core_upload_parts_upload_id"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["core_files.id"], name=op.f("fk_core_upload_parts_file_id")
        ),
        sa.PrimaryKeyConstraint("upload_id", "number", name=op.f("pk_core_upload_parts")),
    )
    op.create_index("ix_core_upload_parts_file_id", "core_upload_parts", ["file_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("core_upload_parts")
    op.drop_table("core_uploads")
