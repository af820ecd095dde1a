"""API keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tenants_api_keys",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("permissions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("networks", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("beginning", sa.String(length=20), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("old_hash", sa.LargeBinary(), nullable=True),
        sa.Column("old_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["tenants_roles.id"], name=op.f("fk_tenants_api_keys_role_id")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_tenants_api_keys_store_id")),
        sa.ForeignKeyConstraint(["created_by"], ["tenants_users.id"], name=op.f("fk_tenants_api_keys_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_api_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_tenants_api_keys_hash")),
        sa.UniqueConstraint("old_hash", name=op.f("uq_tenants_api_keys_old_hash")),
    )
    op.create_index("ix_tenants_api_keys_role_id", "tenants_api_keys", ["role_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("tenants_api_keys")
