"""The list of destroyed keys, which a restore of older keys takes into account."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "destroyed_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner", sa.Text(), server_default=sa.text("current_user"), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destroyed_keys")),
        sa.UniqueConstraint(
            "owner", "subject_id", name=op.f("uq_destroyed_keys_owner_subject_id"), postgresql_nulls_not_distinct=True
        ),
        schema="platform",
    )
    # As with hints, a tenant says which of its own, and the database says whose it is.
    op.execute("GRANT INSERT (subject_id) ON platform.destroyed_keys TO forecourt_tenant")


def downgrade() -> None:
    """Take back."""
    op.drop_table("destroyed_keys", schema="platform")
