"""Keys that were replaced or destroyed, and values shown for a while for a stated reason."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def _now(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    """Apply."""
    op.add_column("core_subject_keys", sa.Column("generation", sa.Integer(), server_default="1", nullable=False))
    op.add_column("core_subject_keys", sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "core_old_subject_keys",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        _now("replaced_at"),
        sa.PrimaryKeyConstraint("subject_id", "generation", name=op.f("pk_core_old_subject_keys")),
    )
    op.create_table(
        "core_reveals",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("record_type", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _now("created_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_reveals")),
    )
    op.create_index("ix_core_reveals_user_id_created_at", "core_reveals", ["user_id", "created_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("core_reveals")
    op.drop_table("core_old_subject_keys")
    op.drop_column("core_subject_keys", "destroyed_at")
    op.drop_column("core_subject_keys", "generation")
