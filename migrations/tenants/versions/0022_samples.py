"""Which records are samples, so that they can go with one press and nothing else does."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tenants_samples",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "record_id", name=op.f("pk_tenants_samples")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("tenants_samples")
