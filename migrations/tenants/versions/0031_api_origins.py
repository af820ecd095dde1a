"""Which pages of other hosts may ask the API from a browser."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tenants_api_origins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("origins", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("slot = 1", name=op.f("ck_tenants_api_origins_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_api_origins")),
        sa.UniqueConstraint("slot", name=op.f("uq_tenants_api_origins_slot")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("tenants_api_origins")
