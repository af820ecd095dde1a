"""Stores, users, roles, sessions, links and teams."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tenants_roles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_roles")),
        sa.UniqueConstraint("key", name=op.f("uq_tenants_roles_key")),
        sa.UniqueConstraint("name", name=op.f("uq_tenants_roles_name")),
    )
    op.create_table(
        "tenants_sign_in_attempts",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind in ('account', 'address', 'reset')", name=op.f("ck_tenants_sign_in_attempts_kind_known")
        ),
        sa.PrimaryKeyConstraint("kind", "fingerprint", name=op.f("pk_tenants_sign_in_attempts")),
    )
    op.create_index(op.f("ix_tenants_sign_in_attempts_last_at"), "tenants_sign_in_attempts", ["last_at"], unique=False)
    op.create_table(
        "tenants_stores",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_stores")),
        sa.UniqueConstraint("code", name=op.f("uq_tenants_stores_code")),
    )
    op.create_table(
        "tenants_users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email_enc", sa.LargeBinary(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("email_masked", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locale", sa.String(length=10), nullable=True),
        sa.Column("state", sa.String(length=10), server_default="invited", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state in ('invited', 'active', 'disabled')", name=op.f("ck_tenants_users_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_users")),
        sa.UniqueConstraint("email_index", name=op.f("uq_tenants_users_email_index")),
    )
    op.create_table(
        "tenants_grants",
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.String(length=60), nullable=False),
        sa.Column("scope", sa.String(length=5), nullable=False),
        sa.CheckConstraint("scope in ('own', 'team', 'store', 'all')", name=op.f("ck_tenants_grants_scope_known")),
        sa.ForeignKeyConstraint(["role_id"], ["tenants_roles.id"], name=op.f("fk_tenants_grants_role_id")),
        sa.PrimaryKeyConstraint("role_id", "permission", name=op.f("pk_tenants_grants")),
    )
    op.create_table(
        "tenants_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('invitation', 'password_reset')", name=op.f("ck_tenants_links_kind_known")),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_tenants_links_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_links")),
    )
    op.create_index(op.f("ix_tenants_links_user_id"), "tenants_links", ["user_id"], unique=False)
    op.create_table(
        "tenants_mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_masked", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body_enc", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_tenants_mails_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_mails")),
    )
    op.create_index(op.f("ix_tenants_mails_created_at"), "tenants_mails", ["created_at"], unique=False)
    op.create_index(op.f("ix_tenants_mails_user_id"), "tenants_mails", ["user_id"], unique=False)
    op.create_table(
        "tenants_memberships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["tenants_roles.id"], name=op.f("fk_tenants_memberships_role_id")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_tenants_memberships_store_id")),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_tenants_memberships_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_memberships")),
        sa.UniqueConstraint(
            "user_id", "store_id", "role_id", name=op.f("uq_tenants_memberships_user_id_store_id_role_id")
        ),
    )
    op.create_index(op.f("ix_tenants_memberships_role_id"), "tenants_memberships", ["role_id"], unique=False)
    op.create_index(op.f("ix_tenants_memberships_store_id"), "tenants_memberships", ["store_id"], unique=False)
    op.create_table(
        "tenants_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_tenants_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tenants_sessions_token_hash")),
    )
    op.create_index(op.f("ix_tenants_sessions_expires_at"), "tenants_sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_tenants_sessions_user_id"), "tenants_sessions", ["user_id"], unique=False)
    op.create_table(
        "tenants_teams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["tenants_users.id"], name=op.f("fk_tenants_teams_lead_id")),
        sa.ForeignKeyConstraint(["store_id"], ["tenants_stores.id"], name=op.f("fk_tenants_teams_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_teams")),
    )
    op.create_index(op.f("ix_tenants_teams_lead_id"), "tenants_teams", ["lead_id"], unique=False)
    op.create_index(op.f("ix_tenants_teams_store_id"), "tenants_teams", ["store_id"], unique=False)
    op.create_table(
        "tenants_team_members",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["tenants_teams.id"], name=op.f("fk_tenants_team_members_team_id")),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_tenants_team_members_user_id")),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_tenants_team_members")),
    )
    op.create_index(op.f("ix_tenants_team_members_user_id"), "tenants_team_members", ["user_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("tenants_team_members")
    op.drop_table("tenants_teams")
    op.drop_table("tenants_sessions")
    op.drop_table("tenants_memberships")
    op.drop_table("tenants_mails")
    op.drop_table("tenants_links")
    op.drop_table("tenants_grants")
    op.drop_table("tenants_users")
    op.drop_table("tenants_stores")
    op.drop_table("tenants_sign_in_attempts")
    op.drop_table("tenants_roles")
