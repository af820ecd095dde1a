"""Leads with their four clocks, how a store answers them, its rotation, and the lead of a deal."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.granting import grant

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

# What the default roles of a dealership that is there already may do from now on; its own roles it changes itself.
GRANTS = {
    "gm": {"all": "see create edit delete export take assign setup"},
    "sales_manager": {"store": "see create edit delete export take assign setup"},
    "salesperson": {"own": "edit", "store": "see create take"},
    "bdc_agent": {"store": "see create edit take assign"},
    "controller": {"all": "see export"},
    "fi_manager": {"store": "see"},
}


def upgrade() -> None:
    """Apply."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "crm_leads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("assigned_at", instant, nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_detail", sa.Text(), server_default="", nullable=False),
        sa.Column("stock_unit_id", sa.Uuid(), nullable=True),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        sa.Column("wanted", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("lost_reason", sa.Text(), nullable=True),
        sa.Column("lost_note", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", instant, nullable=False),
        sa.Column("first_auto_reply_at", instant, nullable=True),
        sa.Column("first_attempt_at", instant, nullable=True),
        sa.Column("first_contact_at", instant, nullable=True),
        sa.Column("first_appointment_at", instant, nullable=True),
        sa.Column("status_at", instant, nullable=False),
        sa.Column("ended_at", instant, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("channel IN ('web', 'email', 'chat', 'phone', 'walk_in')", name=op.f("ck_crm_leads_channel")),
        sa.CheckConstraint(
            "source IN ('own_website', 'portal', 'manufacturer', 'advertising', 'social', 'event', 'referral', "
            "'repeat', 'service', 'other')",
            name=op.f("ck_crm_leads_source"),
        ),
        sa.CheckConstraint(
            "status IN ('new', 'contacted', 'appointment_set', 'visited', 'negotiating', 'won', 'lost')",
            name=op.f("ck_crm_leads_status"),
        ),
        sa.CheckConstraint(
            "lost_reason IS NULL OR lost_reason IN ('no_answer', 'bought_elsewhere', 'price', 'financing', "
            "'not_in_stock', 'trade_in', 'postponed', 'wrong_data', 'duplicate', 'other')",
            name=op.f("ck_crm_leads_lost_reason"),
        ),
        sa.CheckConstraint("(status = 'lost') = (lost_reason IS NOT NULL)", name=op.f("ck_crm_leads_lost")),
        sa.CheckConstraint("(status IN ('won', 'lost')) = (ended_at IS NOT NULL)", name=op.f("ck_crm_leads_ended")),
        sa.CheckConstraint("(assignee_id IS NULL) = (assigned_at IS NULL)", name=op.f("ck_crm_leads_assigned")),
        sa.ForeignKeyConstraint(["customer_id"], ["crm_customers.id"], name=op.f("fk_crm_leads_customer_id")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_crm_leads_store_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["tenants_users.id"], name=op.f("fk_crm_leads_assignee_id")),
        sa.ForeignKeyConstraint(
            ["stock_unit_id"], ["inventory_stock_units.id"], name=op.f("fk_crm_leads_stock_unit_id")
        ),
        sa.ForeignKeyConstraint(["vehicle_id"], ["inventory_vehicles.id"], name=op.f("fk_crm_leads_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_leads")),
    )
    op.create_index("ix_crm_leads_customer_id", "crm_leads", ["customer_id", "received_at"])
    op.create_index("ix_crm_leads_received_at", "crm_leads", ["received_at", "id"])
    op.create_index("ix_crm_leads_status_at", "crm_leads", ["status_at", "id"])
    op.create_index("ix_crm_leads_store_id", "crm_leads", ["store_id", "status", "received_at"])
    op.create_index("ix_crm_leads_assignee_id", "crm_leads", ["assignee_id", "status", "received_at"])
    op.create_index("ix_crm_leads_stock_unit_id", "crm_leads", ["stock_unit_id"])
    op.create_index("ix_crm_leads_vehicle_id", "crm_leads", ["vehicle_id"])
    op.create_index(
        "ix_crm_leads_unanswered", "crm_leads", ["store_id", "received_at"],
        postgresql_where=sa.text("first_attempt_at IS NULL AND status = 'new'"),
    )
    op.create_table(
        "crm_lead_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("target_minutes", sa.Integer(), nullable=False),
        sa.Column("reassign_minutes", sa.Integer(), nullable=True),
        sa.Column("most_open", sa.Integer(), nullable=True),
        sa.Column("hours", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("target_minutes BETWEEN 1 AND 10080", name=op.f("ck_crm_lead_rules_target_minutes")),
        sa.CheckConstraint("reassign_minutes BETWEEN 1 AND 10080", name=op.f("ck_crm_lead_rules_reassign_minutes")),
        sa.CheckConstraint("most_open BETWEEN 1 AND 10000", name=op.f("ck_crm_lead_rules_most_open")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_crm_lead_rules_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_lead_rules")),
        sa.UniqueConstraint("store_id", name=op.f("uq_crm_lead_rules_store_id")),
    )
    op.create_table(
        "crm_rotations",
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("last_turn", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("is_away", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_crm_rotations_store_id")),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_crm_rotations_user_id")),
        sa.PrimaryKeyConstraint("store_id", "user_id", name=op.f("pk_crm_rotations")),
    )
    op.create_index(op.f("ix_crm_rotations_user_id"), "crm_rotations", ["user_id"])
    op.add_column("sales_deals", sa.Column("lead_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_sales_deals_lead_id"), "sales_deals", "crm_leads", ["lead_id"], ["id"])
    op.create_index("ix_sales_deals_lead_id", "sales_deals", ["lead_id"])
    grant(GRANTS, "lead")


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM tenants_grants WHERE permission LIKE 'lead.%'")
    op.drop_index("ix_sales_deals_lead_id", table_name="sales_deals")
    op.drop_constraint(op.f("fk_sales_deals_lead_id"), "sales_deals", type_="foreignkey")
    op.drop_column("sales_deals", "lead_id")
    op.drop_table("crm_rotations")
    op.drop_table("crm_lead_rules")
    op.drop_table("crm_leads")
