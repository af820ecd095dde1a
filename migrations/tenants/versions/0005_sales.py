"""Deals."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sales_deals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deal_number", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("stock_unit_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("salesperson_id", sa.Uuid(), nullable=True),
        sa.Column("deal_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("discount", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column(
            "net_amount",
            sa.Numeric(precision=18, scale=4),
            sa.Computed("price - discount", persisted=True),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("sold_on", sa.Date(), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("unwound_on", sa.Date(), nullable=True),
        sa.Column("unwind_reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'unwound') = (unwound_on IS NOT NULL)", name=op.f("ck_sales_deals_unwound")),
        sa.CheckConstraint("deal_number <> ''", name=op.f("ck_sales_deals_deal_number")),
        sa.CheckConstraint(
            "deal_type IN ('retail', 'wholesale', 'fleet', 'lease')", name=op.f("ck_sales_deals_deal_type")
        ),
        sa.CheckConstraint(
            "delivered_on IS NULL OR status NOT IN ('working', 'pending', 'lost')",
            name=op.f("ck_sales_deals_delivered"),
        ),
        sa.CheckConstraint(
            "status IN ('working', 'pending', 'sold', 'booked', 'finalized', 'lost', 'unwound')",
            name=op.f("ck_sales_deals_status"),
        ),
        sa.CheckConstraint("discount >= 0 AND discount <= price", name=op.f("ck_sales_deals_amounts")),
        sa.CheckConstraint(
            "unwound_on IS NULL OR delivered_on IS NOT NULL AND unwound_on >= delivered_on",
            name=op.f("ck_sales_deals_order"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["crm_customers.id"], name=op.f("fk_sales_deals_customer_id")),
        sa.ForeignKeyConstraint(["salesperson_id"], ["tenants_users.id"], name=op.f("fk_sales_deals_salesperson_id")),
        sa.ForeignKeyConstraint(
            ["stock_unit_id"], ["inventory_stock_units.id"], name=op.f("fk_sales_deals_stock_unit_id")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_sales_deals_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_deals")),
    )
    op.create_index("ix_sales_deals_created_at", "sales_deals", ["created_at", "id"], unique=False)
    op.create_index("ix_sales_deals_customer_id", "sales_deals", ["customer_id"], unique=False)
    op.create_index("ix_sales_deals_delivered_on", "sales_deals", ["delivered_on", "id"], unique=False)
    op.create_index("ix_sales_deals_net_amount", "sales_deals", ["net_amount", "id"], unique=False)
    op.create_index("ix_sales_deals_salesperson_id", "sales_deals", ["salesperson_id", "delivered_on"], unique=False)
    op.create_index("ix_sales_deals_sold_on", "sales_deals", ["sold_on", "id"], unique=False)
    op.create_index("ix_sales_deals_stock_unit_id", "sales_deals", ["stock_unit_id"], unique=False)
    op.create_index("ix_sales_deals_store_id", "sales_deals", ["store_id", "delivered_on"], unique=False)
    op.create_index(
        "uq_sales_deals_active",
        "sales_deals",
        ["stock_unit_id"],
        unique=True,
        postgresql_where="status NOT IN ('lost', 'unwound')",
    )
    op.create_index("uq_sales_deals_deal_number", "sales_deals", ["store_id", "deal_number"], unique=True)


def downgrade() -> None:
    """Take back."""
    op.drop_table("sales_deals")
