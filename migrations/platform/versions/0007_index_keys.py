"""From when on a key is written with: a new index key is known to every process before the first one uses it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "wrapped_keys", sa.Column("used_from", sa.DateTime(timezone=True), nullable=True), schema="platform"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("wrapped_keys", "used_from", schema="platform")
