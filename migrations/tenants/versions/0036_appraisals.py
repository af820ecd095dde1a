"""Appraisals of cars with their photos, and the appraisal a trade-in was taken at."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.granting import grant

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

MANAGES = "appraisal.see appraisal.create appraisal.edit appraisal.delete appraisal.export appraisal.approve"
GRANTS = {
    "gm": {"all": MANAGES},
    "controller": {"all": "appraisal.see appraisal.export"},
    "sales_manager": {"store": MANAGES},
    "salesperson": {"store": "appraisal.see appraisal.create", "own": "appraisal.edit"},
    "fi_manager": {"store": "appraisal.see"},
    "lot_staff": {"store": "appraisal.see"},
}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "inventory_appraisals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("appraiser_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("odometer", sa.Integer(), nullable=True),
        sa.Column("odometer_unit", sa.Text(), nullable=True),
        sa.Column("condition", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("comparables", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("recon_estimate", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("acv", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("valued_by", sa.Uuid(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('approved', 'declined', 'draft', 'submitted')", name=op.f("ck_inventory_appraisals_status")
        ),
        sa.CheckConstraint("odometer_unit IN ('km', 'mi')", name=op.f("ck_inventory_appraisals_odometer_unit")),
        sa.CheckConstraint(
            "odometer >= 0 AND odometer_unit IS NOT NULL OR odometer IS NULL",
            name=op.f("ck_inventory_appraisals_odometer"),
        ),
        sa.CheckConstraint("acv >= 0 AND recon_estimate >= 0", name=op.f("ck_inventory_appraisals_amounts")),
        sa.CheckConstraint(
            "status <> 'approved' OR num_nulls(acv, valid_until, decided_at) = 0",
            name=op.f("ck_inventory_appraisals_approved"),
        ),
        sa.CheckConstraint("jsonb_typeof(condition) = 'object'", name=op.f("ck_inventory_appraisals_condition")),
        sa.CheckConstraint("jsonb_typeof(comparables) = 'array'", name=op.f("ck_inventory_appraisals_comparables")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_inventory_appraisals_{column}"))
            for column, table in (
                ("vehicle_id", "inventory_vehicles"),
                ("store_id", "tenants_stores"),
                ("appraiser_id", "tenants_users"),
                ("valued_by", "tenants_users"),
                ("decided_by", "tenants_users"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_appraisals")),
    )
    for columns in (
        ("vehicle_id", "created_at"), ("created_at", "id"), ("status", "created_at", "id"),
        ("appraiser_id",), ("valued_by",), ("decided_by",),
    ):  # fmt: skip
        op.create_index(f"ix_inventory_appraisals_{columns[0]}", "inventory_appraisals", list(columns))
    op.create_table(
        "inventory_photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("appraisal_id", sa.Uuid(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("thumb_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("caption", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "area IN ('brakes', 'electronics', 'engine', 'front', 'gearbox', 'glass', 'hood', 'interior', 'keys', "
            "'left_side', 'lights', 'rear', 'right_side', 'roof', 'tyres', 'underbody')",
            name=op.f("ck_inventory_photos_area"),
        ),
        sa.CheckConstraint("width > 0 AND height > 0 AND position > 0", name=op.f("ck_inventory_photos_positive")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_inventory_photos_{column}"))
            for column, table in (
                ("vehicle_id", "inventory_vehicles"),
                ("appraisal_id", "inventory_appraisals"),
                ("file_id", "core_files"),
                ("thumb_id", "core_files"),
                ("created_by", "tenants_users"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_photos")),
    )
    for columns in (
        ("vehicle_id", "created_at"), ("appraisal_id", "position"), ("file_id",), ("thumb_id",), ("created_by",),
    ):  # fmt: skip
        op.create_index(f"ix_inventory_photos_{columns[0]}", "inventory_photos", list(columns))
    op.add_column("sales_trade_ins", sa.Column("appraisal_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_sales_trade_ins_appraisal_id"), "sales_trade_ins", "inventory_appraisals", ["appraisal_id"], ["id"]
    )
    op.create_index("ix_sales_trade_ins_appraisal_id", "sales_trade_ins", ["appraisal_id"])
    grant(GRANTS)


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM tenants_grants WHERE split_part(permission, '.', 1) = 'appraisal'")
    op.drop_index("ix_sales_trade_ins_appraisal_id", table_name="sales_trade_ins")
    op.drop_constraint(op.f("fk_sales_trade_ins_appraisal_id"), "sales_trade_ins", type_="foreignkey")
    op.drop_column("sales_trade_ins", "appraisal_id")
    op.drop_table("inventory_photos")
    op.drop_table("inventory_appraisals")
