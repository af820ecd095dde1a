"""Worksheets of deals with their lines and ways to pay, and trade-ins."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sales_worksheets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("chosen", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("price", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("discount", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("tax_key", sa.Text(), nullable=True),
        sa.Column("tax_rule", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(tax_key IS NULL) = (tax_rule IS NULL)", name=op.f("ck_sales_worksheets_tax")),
        sa.CheckConstraint("discount >= 0 AND discount <= price", name=op.f("ck_sales_worksheets_amounts")),
        sa.CheckConstraint("number > 0", name=op.f("ck_sales_worksheets_number")),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["sales_deals.id"], name=op.f("fk_sales_worksheets_deal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_worksheets")),
    )
    op.create_index(
        "uq_sales_worksheets_chosen", "sales_worksheets", ["deal_id"], unique=True, postgresql_where="chosen"
    )
    op.create_index("uq_sales_worksheets_number", "sales_worksheets", ["deal_id", "number"], unique=True)
    op.create_table(
        "sales_deal_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worksheet_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("cost", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("taxed", sa.Boolean(), nullable=True),
        sa.Column("capitalised", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("commissionable", sa.Boolean(), server_default="true", nullable=False),
        sa.CheckConstraint("kind IN ('accessory', 'fee', 'product', 'rebate')", name=op.f("ck_sales_deal_lines_kind")),
        sa.CheckConstraint("label <> ''", name=op.f("ck_sales_deal_lines_label")),
        sa.CheckConstraint("amount >= 0 AND cost >= 0", name=op.f("ck_sales_deal_lines_amounts")),
        sa.ForeignKeyConstraint(
            ["worksheet_id"], ["sales_worksheets.id"], name=op.f("fk_sales_deal_lines_worksheet_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_deal_lines")),
    )
    op.create_index("ix_sales_deal_lines_worksheet_id", "sales_deal_lines", ["worksheet_id", "position"], unique=False)
    op.create_table(
        "sales_scenarios",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worksheet_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("chosen", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("buy_rate", sa.Numeric(precision=9, scale=5), nullable=True),
        sa.CheckConstraint("kind IN ('cash', 'loan', 'balloon', 'lease')", name=op.f("ck_sales_scenarios_kind")),
        sa.CheckConstraint("buy_rate >= 0", name=op.f("ck_sales_scenarios_buy_rate")),
        sa.ForeignKeyConstraint(
            ["worksheet_id"], ["sales_worksheets.id"], name=op.f("fk_sales_scenarios_worksheet_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_scenarios")),
    )
    op.create_index("ix_sales_scenarios_worksheet_id", "sales_scenarios", ["worksheet_id", "position"], unique=False)
    op.create_index(
        "uq_sales_scenarios_chosen", "sales_scenarios", ["worksheet_id"], unique=True, postgresql_where="chosen"
    )
    op.create_table(
        "sales_trade_ins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("stock_unit_id", sa.Uuid(), nullable=True),
        sa.Column("allowance", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("acv", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("payoff", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("lienholder", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("allowance >= 0 AND acv >= 0 AND payoff >= 0", name=op.f("ck_sales_trade_ins_amounts")),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["sales_deals.id"], name=op.f("fk_sales_trade_ins_deal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["stock_unit_id"], ["inventory_stock_units.id"], name=op.f("fk_sales_trade_ins_stock_unit_id")
        ),
        sa.ForeignKeyConstraint(["vehicle_id"], ["inventory_vehicles.id"], name=op.f("fk_sales_trade_ins_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_trade_ins")),
    )
    op.create_index("ix_sales_trade_ins_stock_unit_id", "sales_trade_ins", ["stock_unit_id"], unique=False)
    op.create_index("ix_sales_trade_ins_vehicle_id", "sales_trade_ins", ["vehicle_id"], unique=False)
    op.create_index("uq_sales_trade_ins_vehicle", "sales_trade_ins", ["deal_id", "vehicle_id"], unique=True)


def downgrade() -> None:
    """Take back."""
    for table in ("sales_trade_ins", "sales_scenarios", "sales_deal_lines", "sales_worksheets"):
        op.drop_table(table)
