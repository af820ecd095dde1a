"""The gross of agreed deals, the policy it was counted under, and what came to the cost of a car after its delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_MONEY = sa.Numeric(precision=18, scale=4)


def upgrade() -> None:
    """Apply."""
    for name in ("front_gross", "back_gross", "sold_cost", "late_cost"):
        op.add_column("sales_deals", sa.Column(name, _MONEY, nullable=True))
    op.add_column(
        "sales_deals",
        sa.Column("total_gross", _MONEY, sa.Computed("front_gross + back_gross", persisted=True), nullable=True),
    )
    op.add_column("sales_deals", sa.Column("gross_policy_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_sales_deals_gross_policy_id"), "sales_deals", "sales_policies", ["gross_policy_id"], ["id"]
    )
    op.create_index("ix_sales_deals_total_gross", "sales_deals", ["total_gross", "id"], unique=False)
    op.create_index("ix_sales_deals_gross_policy_id", "sales_deals", ["gross_policy_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    for name in ("total_gross", "front_gross", "back_gross", "sold_cost", "late_cost", "gross_policy_id"):
        op.drop_column("sales_deals", name)
