"""The papers of deals and what becomes of them, the rights over them, and those of the default roles."""

import sqlalchemy as sa
from alembic import op

from migrations.granting import grant

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

REVOKE = "DO $$ BEGIN EXECUTE format('REVOKE UPDATE, DELETE ON {} FROM %I', current_schema()); END $$"
# The default roles of dealerships that exist get what those of new ones have.
_GRANTS = {
    "gm": {"all": "deal_document.see deal_document.create deal_document.delete deal_document.sign"},
    "controller": {"all": "deal_document.see"},
    "sales_manager": {"store": "deal_document.see deal_document.create deal_document.delete deal_document.sign"},
    "salesperson": {"own": "deal_document.see deal_document.create deal_document.sign"},
    "fi_manager": {"store": "deal_document.see deal_document.create deal_document.delete deal_document.sign"},
    "cashier": {"store": "deal_document.see deal_document.create"},
}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sales_documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.String(length=60), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content_enc", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('quote', 'buyers_order', 'contract', 'delivery_checklist', 'receipt', 'licence', 'insurance', 'title', 'other')",
            name=op.f("ck_sales_documents_kind"),
        ),
        sa.CheckConstraint("edition > 0 AND size > 0", name=op.f("ck_sales_documents_positive")),
        sa.ForeignKeyConstraint(["deal_id"], ["sales_deals.id"], name=op.f("fk_sales_documents_deal_id")),
        sa.ForeignKeyConstraint(["file_id"], ["core_files.id"], name=op.f("fk_sales_documents_file_id")),
        sa.ForeignKeyConstraint(["made_by"], ["tenants_users.id"], name=op.f("fk_sales_documents_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_documents")),
        info={"append_only": True},
    )
    op.create_index("uq_sales_documents_edition", "sales_documents", ["deal_id", "kind", "edition"], unique=True)
    op.create_index("ix_sales_documents_subject_id", "sales_documents", ["subject_id"], unique=False)
    op.create_index("ix_sales_documents_file_id", "sales_documents", ["file_id"], unique=False)
    op.create_index("ix_sales_documents_made_by", "sales_documents", ["made_by"], unique=False)
    op.create_table(
        "sales_document_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("detail_enc", sa.LargeBinary(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('signed', 'voided', 'sent', 'opened')", name=op.f("ck_sales_document_events_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'signed') = (file_id IS NOT NULL) AND (kind = 'signed') = (sha256 IS NOT NULL)",
            name=op.f("ck_sales_document_events_signed"),
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["sales_documents.id"], name=op.f("fk_sales_document_events_document_id")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["core_files.id"], name=op.f("fk_sales_document_events_file_id")),
        sa.ForeignKeyConstraint(["by_id"], ["tenants_users.id"], name=op.f("fk_sales_document_events_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_document_events")),
        info={"append_only": True},
    )
    op.create_index(
        "uq_sales_document_events_once",
        "sales_document_events",
        ["document_id", "kind"],
        unique=True,
        postgresql_where="kind IN ('signed', 'voided')",
    )
    op.create_index(
        "ix_sales_document_events_document_id", "sales_document_events", ["document_id", "at"], unique=False
    )
    op.create_index("ix_sales_document_events_subject_id", "sales_document_events", ["subject_id"], unique=False)
    op.create_index("ix_sales_document_events_file_id", "sales_document_events", ["file_id"], unique=False)
    op.create_index("ix_sales_document_events_by_id", "sales_document_events", ["by_id"], unique=False)
    for table in ("sales_documents", "sales_document_events"):
        op.execute(REVOKE.format(table))
    grant(_GRANTS)


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM tenants_grants WHERE split_part(permission, '.', 1) = 'deal_document'")
    op.drop_table("sales_document_events")
    op.drop_table("sales_documents")
