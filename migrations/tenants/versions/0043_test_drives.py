"""Test drives."""

import sqlalchemy as sa
from alembic import op

from migrations.granting import grant

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

# What the default roles of a dealership that is there already may do from now on; its own roles it changes itself.
GRANTS = {
    "gm": {"all": "see create edit export"},
    "sales_manager": {"store": "see create edit export"},
    "salesperson": {"own": "edit", "store": "see create"},
    "bdc_agent": {"store": "see create"},
}


def upgrade() -> None:
    """Apply."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "crm_test_drives",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("stock_unit_id", sa.Uuid(), nullable=False),
        sa.Column("salesperson_id", sa.Uuid(), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("planned_at", instant, nullable=False),
        sa.Column("licence_checked_by", sa.Uuid(), nullable=True),
        sa.Column("licence_checked_at", instant, nullable=True),
        sa.Column("licence_valid_until", sa.Date(), nullable=True),
        sa.Column("licence_number_enc", sa.LargeBinary(), nullable=True),
        sa.Column("licence_number_masked", sa.Text(), nullable=True),
        sa.Column("out_at", instant, nullable=True),
        sa.Column("back_at", instant, nullable=True),
        sa.Column("odometer_out", sa.Integer(), nullable=True),
        sa.Column("odometer_back", sa.Integer(), nullable=True),
        sa.Column("odometer_unit", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("cancelled_at", instant, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "out_at IS NULL OR licence_checked_at IS NOT NULL", name=op.f("ck_crm_test_drives_licence")
        ),
        sa.CheckConstraint("back_at IS NULL OR out_at <= back_at", name=op.f("ck_crm_test_drives_back")),
        sa.CheckConstraint("cancelled_at IS NULL OR out_at IS NULL", name=op.f("ck_crm_test_drives_cancelled")),
        sa.CheckConstraint(
            "num_nulls(licence_number_enc, licence_number_masked) IN (0, 2)",
            name=op.f("ck_crm_test_drives_licence_number"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(odometer_out, odometer_back) = 0 OR odometer_unit IS NOT NULL",
            name=op.f("ck_crm_test_drives_odometer"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["crm_customers.id"], name=op.f("fk_crm_test_drives_customer_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["crm_leads.id"], name=op.f("fk_crm_test_drives_lead_id")),
        sa.ForeignKeyConstraint(
            ["stock_unit_id"], ["inventory_stock_units.id"], name=op.f("fk_crm_test_drives_stock_unit_id")
        ),
        sa.ForeignKeyConstraint(
            ["salesperson_id"], ["tenants_users.id"], name=op.f("fk_crm_test_drives_salesperson_id")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_crm_test_drives_store_id")),
        sa.ForeignKeyConstraint(
            ["licence_checked_by"], ["tenants_users.id"], name=op.f("fk_crm_test_drives_licence_checked_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_test_drives")),
    )
    op.create_index("ix_crm_test_drives_customer_id", "crm_test_drives", ["customer_id", "planned_at"])
    op.create_index("ix_crm_test_drives_lead_id", "crm_test_drives", ["lead_id"])
    op.create_index("ix_crm_test_drives_stock_unit_id", "crm_test_drives", ["stock_unit_id", "planned_at"])
    op.create_index("ix_crm_test_drives_planned_at", "crm_test_drives", ["planned_at", "id"])
    op.create_index("ix_crm_test_drives_store_id", "crm_test_drives", ["store_id", "planned_at"])
    op.create_index("ix_crm_test_drives_salesperson_id", "crm_test_drives", ["salesperson_id", "planned_at"])
    op.create_index(
        "uq_crm_test_drives_out", "crm_test_drives", ["stock_unit_id"], unique=True,
        postgresql_where=sa.text("out_at IS NOT NULL AND back_at IS NULL"),
    )  # fmt: skip
    grant(GRANTS, "test_drive")


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM tenants_grants WHERE split_part(permission, '.', 1) = 'test_drive'")
    op.drop_table("crm_test_drives")
