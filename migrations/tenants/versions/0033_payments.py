"""Payments, applications to lenders and insurers, the day a lender paid, and who may do what with them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.granting import grant

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

REVOKE = "DO $$ BEGIN EXECUTE format('REVOKE UPDATE, DELETE ON {} FROM %I', current_schema()); END $$"

# Role by its key: scope -> rights. Dealerships there are already get what new ones begin with.
_GRANTS = {
    "gm": {"all": "payment.see payment.create payment.refund payment.export application.see application.create "
                  "application.edit application.export application.fund"},
    "controller": {"all": "payment.see payment.create payment.refund payment.export application.see "
                          "application.export application.fund"},
    "sales_manager": {"store": "payment.see payment.create payment.refund payment.export application.see "
                               "application.create application.edit application.export"},
    "salesperson": {"own": "payment.see payment.create application.see"},
    "fi_manager": {"store": "payment.see payment.create payment.export application.see application.create "
                            "application.edit application.export application.fund"},
    "cashier": {"store": "payment.see payment.create payment.export"},
}  # fmt: skip


def upgrade() -> None:
    """Apply."""
    op.add_column("sales_deals", sa.Column("funded_on", sa.Date(), nullable=True))
    op.create_table(
        "sales_applications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("partner_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("requested", JSONB(), nullable=False),
        sa.Column("decided", JSONB(), nullable=True),
        sa.Column("decided_amount", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("buy_rate", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("stipulations", JSONB(), server_default="[]", nullable=False),
        sa.Column("figures_hash", sa.Text(), nullable=False),
        sa.Column("external_reference", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("funded_on", sa.Date(), nullable=True),
        sa.Column("owed", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'funded') = (funded_on IS NOT NULL)", name=op.f("ck_sales_applications_funded")),
        sa.CheckConstraint("kind IN ('lender', 'insurer')", name=op.f("ck_sales_applications_kind")),
        sa.CheckConstraint(
            "owed IS NULL OR owed IN ('submit', 'decide', 'withdraw', 'fund')", name=op.f("ck_sales_applications_owed")
        ),
        sa.CheckConstraint(
            "status IN ('submitted', 'approved', 'conditional', 'declined', 'withdrawn', 'funded')",
            name=op.f("ck_sales_applications_status"),
        ),
        sa.CheckConstraint("amount > 0 AND decided_amount >= 0", name=op.f("ck_sales_applications_amounts")),
        sa.ForeignKeyConstraint(["asked_by"], ["tenants_users.id"], name=op.f("fk_sales_applications_asked_by")),
        sa.ForeignKeyConstraint(["deal_id"], ["sales_deals.id"], name=op.f("fk_sales_applications_deal_id")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_sales_applications_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_applications")),
    )
    op.create_index("ix_sales_applications_amount", "sales_applications", ["amount", "id"], unique=False)
    op.create_index("ix_sales_applications_asked_at", "sales_applications", ["asked_at", "id"], unique=False)
    op.create_index("ix_sales_applications_asked_by", "sales_applications", ["asked_by", "asked_at"], unique=False)
    op.create_index("ix_sales_applications_deal_id", "sales_applications", ["deal_id"], unique=False)
    op.create_index("ix_sales_applications_store_id", "sales_applications", ["store_id", "asked_at"], unique=False)
    op.create_table(
        "sales_payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("receipt_number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column(
            "signed_amount",
            sa.Numeric(precision=18, scale=4),
            sa.Computed("CASE direction WHEN 'in' THEN amount ELSE -amount END", persisted=True),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(kind = 'refund') = (reverses_id IS NOT NULL)", name=op.f("ck_sales_payments_reverses")),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_sales_payments_direction")),
        sa.CheckConstraint("kind <> 'refund' OR reason <> ''", name=op.f("ck_sales_payments_reason")),
        sa.CheckConstraint(
            "kind = 'refund' OR (kind IN ('deposit', 'payment') AND party = 'buyer' AND direction = 'in') OR (kind = 'payoff' AND party = 'payee' AND direction = 'out') OR (kind = 'lender_funding' AND party = 'lender' AND direction = 'in')",
            name=op.f("ck_sales_payments_side"),
        ),
        sa.CheckConstraint(
            "kind IN ('deposit', 'payment', 'refund', 'payoff', 'lender_funding')", name=op.f("ck_sales_payments_kind")
        ),
        sa.CheckConstraint(
            "method IN ('card', 'cash', 'bank_transfer', 'cheque', 'finance', 'wechat_pay', 'alipay', 'other')",
            name=op.f("ck_sales_payments_method"),
        ),
        sa.CheckConstraint("party IN ('buyer', 'lender', 'payee')", name=op.f("ck_sales_payments_party")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_sales_payments_amount")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["sales_applications.id"], name=op.f("fk_sales_payments_application_id")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["crm_customers.id"], name=op.f("fk_sales_payments_customer_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["sales_deals.id"], name=op.f("fk_sales_payments_deal_id")),
        sa.ForeignKeyConstraint(["received_by"], ["tenants_users.id"], name=op.f("fk_sales_payments_received_by")),
        sa.ForeignKeyConstraint(["reverses_id"], ["sales_payments.id"], name=op.f("fk_sales_payments_reverses_id")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_sales_payments_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_payments")),
        info={"append_only": True},
    )
    op.create_index("ix_sales_payments_application_id", "sales_payments", ["application_id"], unique=False)
    op.create_index("ix_sales_payments_customer_id", "sales_payments", ["customer_id"], unique=False)
    op.create_index("ix_sales_payments_deal_id", "sales_payments", ["deal_id"], unique=False)
    op.create_index("ix_sales_payments_received_at", "sales_payments", ["received_at", "id"], unique=False)
    op.create_index("ix_sales_payments_received_by", "sales_payments", ["received_by", "received_on"], unique=False)
    op.create_index("ix_sales_payments_received_on", "sales_payments", ["received_on", "id"], unique=False)
    op.create_index("ix_sales_payments_reverses_id", "sales_payments", ["reverses_id"], unique=False)
    op.create_index("ix_sales_payments_signed_amount", "sales_payments", ["signed_amount", "id"], unique=False)
    op.create_index("ix_sales_payments_store_id", "sales_payments", ["store_id", "received_on"], unique=False)
    op.create_index("uq_sales_payments_receipt_number", "sales_payments", ["store_id", "receipt_number"], unique=True)
    # ### end Alembic commands ###
    op.execute(REVOKE.format("sales_payments"))
    grant(_GRANTS)


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM tenants_grants WHERE split_part(permission, '.', 1) IN ('payment', 'application')")
    op.drop_table("sales_payments")
    op.drop_table("sales_applications")
    op.drop_column("sales_deals", "funded_on")
