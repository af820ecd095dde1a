"""What the finance office offers, the dated table of tax rules, and who may do what with them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.granting import grant

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

# Dealerships there are already get what new ones begin with.
_GRANTS = {
    "gm": {"all": "see create edit export"},
    "controller": {"all": "see export"},
    "sales_manager": {"all": "see"},
    "fi_manager": {"all": "see create edit export"},
    "salesperson": {"all": "see"},
}
_MONEY = sa.Numeric(18, 4)


def _record() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    ]


def upgrade() -> None:
    """Apply."""
    kinds = "'loan', 'balloon', 'lease', 'service_contract', 'gap', 'insurance', 'maintenance', 'protection', 'other'"
    op.create_table(
        "sales_fi_products",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("price", _MONEY, nullable=True),
        sa.Column("cost", _MONEY, nullable=True),
        sa.Column("taxed", sa.Boolean(), nullable=True),
        sa.Column("capitalised", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("commissionable", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("terms", JSONB(), server_default="[]", nullable=False),
        sa.Column("buy_rates", JSONB(), server_default="[]", nullable=False),
        sa.Column("eligibility", JSONB(), server_default="{}", nullable=False),
        *_record(),
        sa.CheckConstraint(f"kind IN ({kinds})", name=op.f("ck_sales_fi_products_kind")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_sales_fi_products_name")),
        sa.CheckConstraint("price >= 0 AND cost >= 0", name=op.f("ck_sales_fi_products_amounts")),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_sales_fi_products_days")),
        sa.CheckConstraint(
            "(kind IN ('loan', 'balloon', 'lease')) = (price IS NULL)", name=op.f("ck_sales_fi_products_price")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_fi_products")),
    )
    for column in ("name", "valid_from", "created_at"):
        op.create_index(f"ix_sales_fi_products_{column}", "sales_fi_products", [column, "id"])
    op.create_table(
        "sales_tax_rules",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("body", JSONB(), nullable=False),
        *_record(),
        sa.CheckConstraint("key ~ '^[a-z0-9_]{1,40}$'", name=op.f("ck_sales_tax_rules_key")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_sales_tax_rules_name")),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_sales_tax_rules_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_tax_rules")),
        sa.UniqueConstraint("key", "valid_from", name=op.f("uq_sales_tax_rules_key")),
    )
    for column in ("name", "valid_from"):
        op.create_index(f"ix_sales_tax_rules_{column}", "sales_tax_rules", [column, "id"])
    grant(_GRANTS, "fi_product")


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM tenants_grants WHERE split_part(permission, '.', 1) = 'fi_product'")
    op.drop_table("sales_tax_rules")
    op.drop_table("sales_fi_products")
