"""Deals in work: an index over the few among all deals that are not delivered yet."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_sales_deals_open",
        "sales_deals",
        ["store_id", "status"],
        postgresql_where="delivered_on IS NULL AND status NOT IN ('lost', 'unwound')",
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_sales_deals_open", "sales_deals")
