"""The dealership's own identity provider."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    table = "tenants_identity_providers"
    op.create_table(
        table,
        sa.Column("slot", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("secret_enc", sa.LargeBinary(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("slot = 1", name=op.f("ck_tenants_identity_providers_only_one")),
        sa.CheckConstraint(
            "(role_id IS NULL) = (store_id IS NULL)", name=op.f("ck_tenants_identity_providers_role_at_a_store")
        ),
        sa.ForeignKeyConstraint(["role_id"], ["tenants_roles.id"], name=op.f(f"fk_{table}_role_id")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f(f"fk_{table}_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_identity_providers")),
        sa.UniqueConstraint("slot", name=op.f("uq_tenants_identity_providers_slot")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("tenants_identity_providers")
