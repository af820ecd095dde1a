"""Vehicles, stock units, prices and odometers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

REVOKE = "DO $$ BEGIN EXECUTE format('REVOKE {} ON {} FROM %I', current_schema()); END $$"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "inventory_vehicles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vin_raw", sa.Text(), nullable=True),
        sa.Column("vin", sa.Text(), nullable=True),
        sa.Column("vin_reversed", sa.Text(), nullable=True),
        sa.Column("vin_status", sa.Text(), nullable=True),
        sa.Column("vin_override_reason", sa.Text(), nullable=True),
        sa.Column("make", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("make_key", sa.Text(), nullable=False),
        sa.Column("model_key", sa.Text(), nullable=False),
        sa.Column("trim", sa.Text(), nullable=True),
        sa.Column("model_year", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("colour", sa.Text(), nullable=True),
        sa.Column("interior_colour", sa.Text(), nullable=True),
        sa.Column("transmission", sa.Text(), nullable=True),
        sa.Column("fuel", sa.Text(), nullable=True),
        sa.Column("plate_enc", sa.LargeBinary(), nullable=True),
        sa.Column("plate_index", sa.LargeBinary(), nullable=True),
        sa.Column("plate_masked", sa.Text(), nullable=True),
        sa.Column("odometer", sa.Integer(), nullable=True),
        sa.Column("odometer_unit", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("make <> '' AND model <> ''", name=op.f("ck_inventory_vehicles_described")),
        sa.CheckConstraint("odometer_unit IN ('km', 'mi')", name=op.f("ck_inventory_vehicles_odometer_unit")),
        sa.CheckConstraint(
            "vin_status IN ('incomplete', 'not_vin', 'structure_only', 'valid')",
            name=op.f("ck_inventory_vehicles_vin_status"),
        ),
        sa.CheckConstraint(
            "(vin IS NULL) = (vin_status IS NULL) AND (vin IS NULL) = (vin_reversed IS NULL)",
            name=op.f("ck_inventory_vehicles_vin"),
        ),
        sa.CheckConstraint("model_year BETWEEN 1886 AND 2100", name=op.f("ck_inventory_vehicles_model_year")),
        sa.CheckConstraint(
            "num_nulls(plate_enc, plate_index, plate_masked) IN (0, 3)", name=op.f("ck_inventory_vehicles_plate")
        ),
        sa.CheckConstraint(
            "odometer >= 0 AND odometer_unit IS NOT NULL OR odometer IS NULL",
            name=op.f("ck_inventory_vehicles_odometer"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_vehicles")),
    )
    op.create_index("ix_inventory_vehicles_created_at", "inventory_vehicles", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_inventory_vehicles_keys_trgm",
        "inventory_vehicles",
        ["make_key", "model_key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"make_key": "gin_trgm_ops", "model_key": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_inventory_vehicles_make_key_model_key", "inventory_vehicles", ["make_key", "model_key", "id"], unique=False
    )
    op.create_index("ix_inventory_vehicles_model_year", "inventory_vehicles", ["model_year", "id"], unique=False)
    op.create_index("ix_inventory_vehicles_plate_index", "inventory_vehicles", ["plate_index"], unique=False)
    op.create_index(
        "ix_inventory_vehicles_vin_reversed",
        "inventory_vehicles",
        ["vin_reversed"],
        unique=False,
        postgresql_ops={"vin_reversed": "text_pattern_ops"},
    )
    op.create_index(
        "uq_inventory_vehicles_vin",
        "inventory_vehicles",
        ["vin"],
        unique=True,
        postgresql_where="vin_status IN ('valid', 'structure_only')",
    )
    op.create_table(
        "inventory_odometer_readings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("reading", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "status IN ('original', 'replaced', 'rolledover', 'unknown')",
            name=op.f("ck_inventory_odometer_readings_status"),
        ),
        sa.CheckConstraint("unit IN ('km', 'mi')", name=op.f("ck_inventory_odometer_readings_unit")),
        sa.CheckConstraint("reading >= 0", name=op.f("ck_inventory_odometer_readings_reading")),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["tenants_users.id"], name=op.f("fk_inventory_odometer_readings_recorded_by")
        ),
        sa.ForeignKeyConstraint(
            ["vehicle_id"],
            ["inventory_vehicles.id"],
            name=op.f("fk_inventory_odometer_readings_vehicle_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_odometer_readings")),
        info={"append_only": True},
    )
    op.create_index(
        "ix_inventory_odometer_readings_recorded_by", "inventory_odometer_readings", ["recorded_by"], unique=False
    )
    op.create_index(
        "ix_inventory_odometer_readings_vehicle_id",
        "inventory_odometer_readings",
        ["vehicle_id", "recorded_at"],
        unique=False,
    )
    op.execute(REVOKE.format("UPDATE, DELETE", "inventory_odometer_readings"))
    op.create_table(
        "inventory_stock_units",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("stock_number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("cost", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("asking_price", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("acquired_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(closed_on IS NOT NULL) = (status IN ('dealer_trade_out', 'delivered', 'wholesaled'))",
            name=op.f("ck_inventory_stock_units_closed"),
        ),
        sa.CheckConstraint(
            "condition IN ('certified', 'new', 'used')", name=op.f("ck_inventory_stock_units_condition")
        ),
        sa.CheckConstraint(
            "status IN ('available', 'dealer_trade_out', 'delivered', 'in_recon', 'in_transit', 'on_hold', 'sold', 'wholesaled')",
            name=op.f("ck_inventory_stock_units_status"),
        ),
        sa.CheckConstraint("stock_number <> ''", name=op.f("ck_inventory_stock_units_stock_number")),
        sa.CheckConstraint("closed_on >= acquired_on", name=op.f("ck_inventory_stock_units_closed_on")),
        sa.CheckConstraint("cost >= 0 AND asking_price >= 0", name=op.f("ck_inventory_stock_units_amounts")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_inventory_stock_units_store_id")),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["inventory_vehicles.id"], name=op.f("fk_inventory_stock_units_vehicle_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_stock_units")),
    )
    op.create_index(
        "ix_inventory_stock_units_acquired_on", "inventory_stock_units", ["acquired_on", "id"], unique=False
    )
    op.create_index(
        "ix_inventory_stock_units_asking_price", "inventory_stock_units", ["asking_price", "id"], unique=False
    )
    op.create_index(
        "ix_inventory_stock_units_status", "inventory_stock_units", ["status", "acquired_on", "id"], unique=False
    )
    op.create_index(
        "ix_inventory_stock_units_vehicle_id", "inventory_stock_units", ["vehicle_id", "acquired_on"], unique=False
    )
    op.create_index(
        "uq_inventory_stock_units_open",
        "inventory_stock_units",
        ["vehicle_id"],
        unique=True,
        postgresql_where="closed_on IS NULL",
    )
    op.create_index(
        "uq_inventory_stock_units_stock_number", "inventory_stock_units", ["store_id", "stock_number"], unique=True
    )
    op.create_table(
        "inventory_price_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stock_unit_id", sa.Uuid(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("price_before", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("price_after", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["tenants_users.id"], name=op.f("fk_inventory_price_changes_changed_by")
        ),
        sa.ForeignKeyConstraint(
            ["stock_unit_id"],
            ["inventory_stock_units.id"],
            name=op.f("fk_inventory_price_changes_stock_unit_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_price_changes")),
        info={"append_only": True},
    )
    op.create_index("ix_inventory_price_changes_changed_by", "inventory_price_changes", ["changed_by"], unique=False)
    op.create_index(
        "ix_inventory_price_changes_stock_unit_id",
        "inventory_price_changes",
        ["stock_unit_id", "changed_at"],
        unique=False,
    )
    op.execute(REVOKE.format("UPDATE, DELETE", "inventory_price_changes"))


def downgrade() -> None:
    """Take back."""
    op.drop_table("inventory_price_changes")
    op.drop_table("inventory_stock_units")
    op.drop_table("inventory_odometer_readings")
    op.drop_table("inventory_vehicles")
