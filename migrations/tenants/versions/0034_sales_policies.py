"""Policies of stores, and the rights over the settings of sales."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.granting import grant

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_GRANTS = {"gm": {"all": "see edit"}, "controller": {"all": "see"}, "sales_manager": {"store": "see edit"}}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sales_policies",
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('approval', 'gross', 'documents', 'fees', 'reservation')", name=op.f("ck_sales_policies_kind")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_sales_policies_number")),
        sa.ForeignKeyConstraint(["made_by"], ["tenants_users.id"], name=op.f("fk_sales_policies_made_by")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_sales_policies_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_policies")),
        sa.UniqueConstraint(
            "store_id", "kind", "number", name="uq_sales_policies_store_id", postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index("ix_sales_policies_made_by", "sales_policies", ["made_by"], unique=False)
    op.execute(
        "DO $$ BEGIN EXECUTE format('REVOKE UPDATE, DELETE ON sales_policies FROM %I', current_schema()); END $$"
    )
    grant(_GRANTS, "sales_setting")


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM tenants_grants WHERE permission LIKE 'sales_setting.%'")
    op.drop_table("sales_policies")
