"""What API keys read, by day and resource; and the way from a key to what it wrote."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    table = "tenants_api_key_reads"
    op.create_table(
        table,
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["tenants_api_keys.id"], name=op.f(f"fk_{table}_key_id")),
        sa.PrimaryKeyConstraint("key_id", "day", "resource", name=op.f(f"pk_{table}")),
    )
    op.create_index(
        "ix_core_audit_key_id_at", "core_audit", ["key_id", "at"], postgresql_where=sa.text("key_id IS NOT NULL")
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_core_audit_key_id_at", "core_audit")
    op.drop_table("tenants_api_key_reads")
