"""Letting the operator in: what a dealership has agreed to, who came in by it, and the sessions that began so."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tenants_consents",
        sa.Column("granted_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["granted_by"], ["tenants_users.id"], name=op.f("fk_tenants_consents_granted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_consents")),
    )
    op.create_table(
        "tenants_entries",
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("operator_name", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["tenants_consents.id"], name=op.f("fk_tenants_entries_consent_id")),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_tenants_entries_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_entries")),
    )
    op.create_index("ix_tenants_entries_consent_id", "tenants_entries", ["consent_id"], unique=False)
    op.add_column("tenants_sessions", sa.Column("behind", sa.Text(), nullable=True))
    op.add_column("tenants_sessions", sa.Column("consent_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_tenants_sessions_consent_id"), "tenants_sessions", "tenants_consents", ["consent_id"], ["id"]
    )


def downgrade() -> None:
    """Take back."""
    op.drop_constraint(op.f("fk_tenants_sessions_consent_id"), "tenants_sessions", type_="foreignkey")
    op.drop_column("tenants_sessions", "consent_id")
    op.drop_column("tenants_sessions", "behind")
    op.drop_table("tenants_entries")
    op.drop_table("tenants_consents")
