"""Commission: plans, what became known of deals, statements of closed periods, whose a deal is, and the rights."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.granting import grant

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

REVOKE = "DO $$ BEGIN EXECUTE format('REVOKE UPDATE, DELETE ON {} FROM %I', current_schema()); END $$"
_GRANTS = {
    "gm": {"all": "see edit approve export"},
    "controller": {"all": "see edit approve export"},
    "sales_manager": {"store": "see"},
    "salesperson": {"own": "see"},
}


def _money(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Numeric(precision=18, scale=4), nullable=nullable)


def _made(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    """Apply."""
    op.add_column("sales_deals", sa.Column("shares", JSONB(), nullable=True))
    op.create_table(
        "sales_commission_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("people", JSONB(), server_default="[]", nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        _made("made_at"),
        sa.CheckConstraint("number >= 1", name=op.f("ck_sales_commission_plans_number")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_sales_commission_plans_named")),
        sa.CheckConstraint("extract(day FROM valid_from) = 1", name=op.f("ck_sales_commission_plans_valid_from")),
        sa.ForeignKeyConstraint(["made_by"], ["tenants_users.id"], name=op.f("fk_sales_commission_plans_made_by")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_sales_commission_plans_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_commission_plans")),
        sa.UniqueConstraint(
            "store_id", "name", "number", name="uq_sales_commission_plans_name", postgresql_nulls_not_distinct=True
        ),
        info={"append_only": True},
    )
    op.create_index("ix_sales_commission_plans_made_by", "sales_commission_plans", ["made_by"])
    op.create_index("ix_sales_commission_plans_made_at", "sales_commission_plans", ["made_at", "id"])
    op.create_table(
        "sales_commission_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("units", sa.Numeric(precision=9, scale=4), nullable=False),
        _money("base_amount", nullable=True),
        _money("amount", nullable=True),
        sa.Column("body", JSONB(), nullable=False),
        _made("made_at"),
        sa.CheckConstraint(
            "kind IN ('deal', 'adjustment', 'late_cost', 'chargeback')", name=op.f("ck_sales_commission_entries_kind")
        ),
        sa.CheckConstraint("extract(day FROM period) = 1", name=op.f("ck_sales_commission_entries_period")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_sales_commission_entries_seq")),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["sales_deals.id"], name=op.f("fk_sales_commission_entries_deal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_sales_commission_entries_store_id")),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_sales_commission_entries_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_commission_entries")),
        info={"append_only": True},
    )
    table = "sales_commission_entries"
    op.create_index("uq_sales_commission_entries_once", table, ["deal_id", "user_id", "seq"], unique=True)
    op.create_index("ix_sales_commission_entries_user_id", table, ["user_id", "store_id", "period"])
    op.create_index("ix_sales_commission_entries_store_id", table, ["store_id", "period"])
    op.create_table(
        "sales_commission_statements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("units", sa.Numeric(precision=9, scale=4), nullable=False),
        _money("earned"),
        _money("total"),
        _money("carried"),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("frozen_by", sa.Uuid(), nullable=True),
        _made("frozen_at"),
        sa.CheckConstraint("extract(day FROM period) = 1", name=op.f("ck_sales_commission_statements_period")),
        sa.ForeignKeyConstraint(
            ["frozen_by"], ["tenants_users.id"], name=op.f("fk_sales_commission_statements_frozen_by")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["sales_commission_plans.id"], name=op.f("fk_sales_commission_statements_plan_id")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["tenants_stores.id"], name=op.f("fk_sales_commission_statements_store_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_sales_commission_statements_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_commission_statements")),
        info={"append_only": True},
    )
    table = "sales_commission_statements"
    op.create_index("uq_sales_commission_statements_period", table, ["user_id", "store_id", "period"], unique=True)
    op.create_index("ix_sales_commission_statements_store_id", table, ["store_id", "period"])
    op.create_index("ix_sales_commission_statements_plan_id", table, ["plan_id"])
    op.create_index("ix_sales_commission_statements_frozen_by", table, ["frozen_by"])
    op.create_index("ix_sales_commission_statements_frozen_at", table, ["frozen_at", "id"])
    op.create_index("ix_sales_commission_statements_period", table, ["period", "id"])
    op.create_index("ix_sales_commission_statements_total", table, ["total", "id"])
    for name in ("sales_commission_plans", "sales_commission_entries", "sales_commission_statements"):
        op.execute(REVOKE.format(name))
    grant(_GRANTS, "commission")
    op.execute(
        "INSERT INTO tenants_role_sights (role_id, field_group, sight) SELECT id, 'pay', 'visible' "
        "FROM tenants_roles WHERE key = 'sales_manager' ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM tenants_grants WHERE permission LIKE 'commission.%'")
    op.drop_table("sales_commission_statements")
    op.drop_table("sales_commission_entries")
    op.drop_table("sales_commission_plans")
    op.drop_column("sales_deals", "shares")
