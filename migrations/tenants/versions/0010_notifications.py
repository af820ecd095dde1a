"""Notifications: what people were told, and what they want to be told."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "notifications_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("same_key", sa.String(length=120), nullable=False),
        sa.Column("times", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("times > 0", name=op.f("ck_notifications_items_times_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_notifications_items_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications_items")),
    )
    is_open = sa.text("done_at IS NULL")
    op.create_index(
        "ix_notifications_items_same",
        "notifications_items",
        ["user_id", "same_key"],
        unique=True,
        postgresql_where=is_open,
    )
    op.create_index(
        "ix_notifications_items_open",
        "notifications_items",
        ["user_id", "last_at", "id"],
        unique=False,
        postgresql_where=is_open,
    )
    op.create_index("ix_notifications_items_user_id", "notifications_items", ["user_id", "last_at", "id"], unique=False)
    op.create_index(
        "ix_notifications_items_subject_id",
        "notifications_items",
        ["subject_id"],
        unique=False,
        postgresql_where=is_open,
    )
    op.create_index(
        "ix_notifications_items_done_at",
        "notifications_items",
        ["done_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NOT NULL"),
    )
    op.create_table(
        "notifications_preferences",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_notifications_preferences_user_id")),
        sa.PrimaryKeyConstraint("user_id", "topic", "channel", name=op.f("pk_notifications_preferences")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("notifications_preferences")
    op.drop_table("notifications_items")
