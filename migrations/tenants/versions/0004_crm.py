"""Customers, contact points and activities."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "crm_customers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=True),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('individual', 'business')", name=op.f("ck_crm_customers_kind")),
        sa.CheckConstraint("name <> '' AND name_key <> ''", name=op.f("ck_crm_customers_name")),
        sa.ForeignKeyConstraint(["owner_id"], ["tenants_users.id"], name=op.f("fk_crm_customers_owner_id")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_crm_customers_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_customers")),
    )
    op.create_index("ix_crm_customers_created_at", "crm_customers", ["created_at", "id"], unique=False)
    op.create_index("ix_crm_customers_name_key_id", "crm_customers", ["name_key", "id"], unique=False)
    op.create_index(
        "ix_crm_customers_name_key_trgm",
        "crm_customers",
        ["name_key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name_key": "gin_trgm_ops"},
    )
    op.create_index("ix_crm_customers_owner_id", "crm_customers", ["owner_id"], unique=False)
    op.create_index("ix_crm_customers_store_id_name_key", "crm_customers", ["store_id", "name_key"], unique=False)
    op.create_table(
        "crm_activities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "direction IS NULL OR direction IN ('inbound', 'outbound')", name=op.f("ck_crm_activities_direction")
        ),
        sa.CheckConstraint(
            "type IN ('call', 'message', 'visit', 'test_drive', 'note')", name=op.f("ck_crm_activities_type")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["crm_customers.id"], name=op.f("fk_crm_activities_customer_id")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_crm_activities_store_id")),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_crm_activities_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_activities")),
    )
    op.create_index("ix_crm_activities_at", "crm_activities", ["at", "id"], unique=False)
    op.create_index(
        "ix_crm_activities_customer_id_at",
        "crm_activities",
        ["customer_id", sa.literal_column("at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_crm_activities_store_id", "crm_activities", ["store_id", "at"], unique=False)
    op.create_index("ix_crm_activities_user_id", "crm_activities", ["user_id", "at"], unique=False)
    op.create_table(
        "crm_activity_summaries",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("activities", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("previous_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "gap_index",
            sa.Numeric(precision=20, scale=6),
            sa.Computed(
                "CASE WHEN activities >= 2 THEN round(EXTRACT(epoch FROM (last_at - previous_at)) * 1.000000000000 / activities, 6) END",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.CheckConstraint("activities >= 0", name=op.f("ck_crm_activity_summaries_activities")),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["crm_customers.id"],
            name=op.f("fk_crm_activity_summaries_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_crm_activity_summaries")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "crm_contact_points",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("value_enc", sa.LargeBinary(), nullable=False),
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("value_masked", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("kind IN ('phone', 'email')", name=op.f("ck_crm_contact_points_kind")),
        sa.CheckConstraint("status IN ('valid', 'raw')", name=op.f("ck_crm_contact_points_status")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["crm_customers.id"], name=op.f("fk_crm_contact_points_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_contact_points")),
    )
    op.create_index("ix_crm_contact_points_value_index", "crm_contact_points", ["value_index"], unique=False)
    op.create_index(
        "uq_crm_contact_points_customer_value",
        "crm_contact_points",
        ["customer_id", "kind", "value_index"],
        unique=True,
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("crm_contact_points")
    op.drop_table("crm_activity_summaries")
    op.drop_table("crm_activities")
    op.drop_table("crm_customers")
