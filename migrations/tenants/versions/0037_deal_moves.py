"""What a deal's moves leave: snapshots, approvals, reservations; and only deals that are agreed on hold their unit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_CLAIMING = sa.text("status IN ('pending', 'sold', 'booked', 'finalized')")
_ACTIVE = sa.text("status NOT IN ('lost', 'unwound')")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sales_snapshots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("transition", sa.Text(), nullable=False),
        sa.Column("status_before", sa.Text(), nullable=True),
        sa.Column("status_after", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "transition IN ('recorded', 'moved', 'delivered', 'unwound', 'reversed', 'corrected')",
            name=op.f("ck_sales_snapshots_transition"),
        ),
        sa.CheckConstraint("seq >= 1 AND (seq = 1) = (previous IS NULL)", name=op.f("ck_sales_snapshots_seq")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_snapshots")),
    )
    op.create_index("uq_sales_snapshots_seq", "sales_snapshots", ["deal_id", "seq"], unique=True)
    op.create_table(
        "sales_approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("price", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("discount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("limits", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("measures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state IN ('approved', 'declined')) = (decided_at IS NOT NULL)", name=op.f("ck_sales_approvals_decided")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'declined', 'dropped')", name=op.f("ck_sales_approvals_state")
        ),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_sales_approvals_decided_by_another")),
        sa.ForeignKeyConstraint(["asked_by"], ["tenants_users.id"], name=op.f("fk_sales_approvals_asked_by")),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["sales_deals.id"], name=op.f("fk_sales_approvals_deal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["tenants_users.id"], name=op.f("fk_sales_approvals_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_approvals")),
    )
    op.create_index("ix_sales_approvals_asked_by", "sales_approvals", ["asked_by"], unique=False)
    op.create_index("ix_sales_approvals_deal_id", "sales_approvals", ["deal_id", "asked_at"], unique=False)
    op.create_index("ix_sales_approvals_decided_by", "sales_approvals", ["decided_by"], unique=False)
    op.create_index(
        "uq_sales_approvals_waiting",
        "sales_approvals",
        ["deal_id"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "sales_reservations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stock_unit_id", sa.Uuid(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deposit", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status_before", sa.Text(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "release_reason IN ('sold', 'released', 'expired', 'deal_ended')",
            name=op.f("ck_sales_reservations_release_reason"),
        ),
        sa.CheckConstraint(
            "(released_at IS NULL) = (release_reason IS NULL)", name=op.f("ck_sales_reservations_released")
        ),
        sa.CheckConstraint("deposit >= 0", name=op.f("ck_sales_reservations_deposit")),
        sa.ForeignKeyConstraint(["customer_id"], ["crm_customers.id"], name=op.f("fk_sales_reservations_customer_id")),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["sales_deals.id"], name=op.f("fk_sales_reservations_deal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["made_by"], ["tenants_users.id"], name=op.f("fk_sales_reservations_made_by")),
        sa.ForeignKeyConstraint(["released_by"], ["tenants_users.id"], name=op.f("fk_sales_reservations_released_by")),
        sa.ForeignKeyConstraint(
            ["stock_unit_id"], ["inventory_stock_units.id"], name=op.f("fk_sales_reservations_stock_unit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_reservations")),
    )
    op.create_index("ix_sales_reservations_customer_id", "sales_reservations", ["customer_id"], unique=False)
    op.create_index("ix_sales_reservations_deal_id", "sales_reservations", ["deal_id"], unique=False)
    op.create_index("ix_sales_reservations_made_by", "sales_reservations", ["made_by"], unique=False)
    op.create_index("ix_sales_reservations_released_by", "sales_reservations", ["released_by"], unique=False)
    op.create_index("ix_sales_reservations_stock_unit_id", "sales_reservations", ["stock_unit_id"], unique=False)
    op.create_index(
        "uq_sales_reservations_live",
        "sales_reservations",
        ["stock_unit_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.execute(
        "DO $$ BEGIN EXECUTE format('REVOKE UPDATE, DELETE ON sales_snapshots FROM %I', current_schema()); END $$"
    )
    op.add_column("sales_deals", sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sales_deals", sa.Column("promised_by", sa.Uuid(), nullable=True))
    op.add_column("sales_deals", sa.Column("unit_status", sa.Text(), nullable=True))
    op.add_column("sales_deals", sa.Column("imported", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_foreign_key(op.f("fk_sales_deals_promised_by"), "sales_deals", "tenants_users", ["promised_by"], ["id"])
    op.create_index("ix_sales_deals_promised_by", "sales_deals", ["promised_by"], unique=False)
    op.create_index(
        "uq_sales_deals_claiming", "sales_deals", ["stock_unit_id"], unique=True, postgresql_where=_CLAIMING
    )
    op.drop_index("uq_sales_deals_active", "sales_deals")


def downgrade() -> None:
    """Take back; fails where one unit has several deals in work, which there was no room for."""
    op.create_index("uq_sales_deals_active", "sales_deals", ["stock_unit_id"], unique=True, postgresql_where=_ACTIVE)
    op.drop_index("uq_sales_deals_claiming", "sales_deals")
    op.drop_index("ix_sales_deals_promised_by", "sales_deals")
    for column in ("imported", "unit_status", "promised_by", "promised_at"):
        op.drop_column("sales_deals", column)
    for table in ("sales_reservations", "sales_approvals", "sales_snapshots"):
        op.drop_table(table)
