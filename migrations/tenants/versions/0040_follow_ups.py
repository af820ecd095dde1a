"""Next steps with customers."""

import sqlalchemy as sa
from alembic import op

from migrations.granting import grant

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

# What the default roles of a dealership that is there already may do from now on; its own roles it changes itself.
GRANTS = {
    "gm": {"all": "see create edit delete"},
    "sales_manager": {"store": "see create edit delete"},
    "salesperson": {"own": "edit delete", "store": "see create"},
    "bdc_agent": {"store": "see create edit delete"},
}


def upgrade() -> None:
    """Apply."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "crm_follow_ups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("done_at", instant, nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('call', 'message', 'appointment', 'papers', 'other')", name=op.f("ck_crm_follow_ups_kind")
        ),
        sa.CheckConstraint("done_at IS NOT NULL OR done_by IS NULL", name=op.f("ck_crm_follow_ups_done")),
        sa.ForeignKeyConstraint(["customer_id"], ["crm_customers.id"], name=op.f("fk_crm_follow_ups_customer_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["crm_leads.id"], name=op.f("fk_crm_follow_ups_lead_id")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_crm_follow_ups_store_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["tenants_users.id"], name=op.f("fk_crm_follow_ups_assignee_id")),
        sa.ForeignKeyConstraint(["done_by"], ["tenants_users.id"], name=op.f("fk_crm_follow_ups_done_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_follow_ups")),
    )
    op.create_index("ix_crm_follow_ups_customer_id", "crm_follow_ups", ["customer_id", "due_at"])
    op.create_index("ix_crm_follow_ups_lead_id", "crm_follow_ups", ["lead_id"])
    op.create_index("ix_crm_follow_ups_due_at", "crm_follow_ups", ["due_at", "id"])
    op.create_index("ix_crm_follow_ups_store_id", "crm_follow_ups", ["store_id", "due_at"])
    op.create_index("ix_crm_follow_ups_assignee_id", "crm_follow_ups", ["assignee_id", "due_at"])
    op.create_index(
        "ix_crm_follow_ups_open", "crm_follow_ups", ["due_at", "id"], postgresql_where=sa.text("done_at IS NULL")
    )
    grant(GRANTS, "follow_up")


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM tenants_grants WHERE split_part(permission, '.', 1) = 'follow_up'")
    op.drop_table("crm_follow_ups")
