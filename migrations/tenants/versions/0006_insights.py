"""Stored figures of the metrics."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "insights_dues",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insights_dues")),
    )
    op.create_index("ix_insights_dues_metric", "insights_dues", ["metric", "id"], unique=False)
    op.create_table(
        "insights_freshness",
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recomputed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corrected", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("metric", name=op.f("pk_insights_freshness")),
    )
    op.create_table(
        "insights_sale_entries",
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("make_key", sa.Text(), nullable=False),
        sa.Column("model_key", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("deal_type", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.PrimaryKeyConstraint("deal_id", name=op.f("pk_insights_sale_entries")),
    )
    op.create_index(
        "ix_insights_sale_entries_key",
        "insights_sale_entries",
        ["make_key", "model_key", "month", "deal_type", "store_id"],
        unique=False,
    )
    op.create_table(
        "insights_sales_averages",
        sa.Column("make_key", sa.Text(), nullable=False),
        sa.Column("model_key", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("deal_type", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("sales", sa.Integer(), nullable=False),
        sa.Column("total", sa.Numeric(precision=24, scale=4), nullable=False),
        sa.CheckConstraint("sales > 0", name=op.f("ck_insights_sales_averages_sales")),
        sa.PrimaryKeyConstraint(
            "make_key", "model_key", "month", "deal_type", "store_id", name=op.f("pk_insights_sales_averages")
        ),
    )
    op.create_index(
        "ix_insights_sales_averages_type_month", "insights_sales_averages", ["deal_type", "month"], unique=False
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("insights_sales_averages")
    op.drop_table("insights_sale_entries")
    op.drop_table("insights_freshness")
    op.drop_table("insights_dues")
