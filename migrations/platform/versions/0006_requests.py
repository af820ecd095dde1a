"""How often each dealership asked, beside what it held."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    column = sa.Column("requests", sa.BigInteger(), server_default="0", nullable=False)
    op.add_column("tenant_usage", column, schema="platform")


def downgrade() -> None:
    """Take back."""
    op.drop_column("tenant_usage", "requests", schema="platform")
