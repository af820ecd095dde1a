"""Saved views of lists."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "core_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("list_name", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("args", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("conditions", sa.LargeBinary(), nullable=True),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(scope = 'team') = (team_id IS NOT NULL)", name=op.f("ck_core_views_team")),
        sa.CheckConstraint("scope IN ('own', 'team', 'tenant')", name=op.f("ck_core_views_scope")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_views")),
    )
    op.create_index("ix_core_views_list_name_owner_id", "core_views", ["list_name", "owner_id"], unique=False)
    op.create_index(
        "ix_core_views_list_name_shared",
        "core_views",
        ["list_name"],
        unique=False,
        postgresql_where=sa.text("scope <> 'own'"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("core_views")
