"""Second factors: apps, passkeys, recovery codes, and the challenges of whoever is asked for one."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KINDS = "ck_tenants_sign_in_attempts_kind_known"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "tenants_roles",
        sa.Column("requires_second_factor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("tenants_sessions", sa.Column("factor_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "tenants_sessions",
        sa.Column("proved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.drop_constraint(op.f(KINDS), "tenants_sign_in_attempts", type_="check")
    op.create_check_constraint(
        op.f(KINDS), "tenants_sign_in_attempts", "kind in ('account', 'address', 'reset', 'factor')"
    )
    op.create_table(
        "tenants_code_apps",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret_enc", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_tenants_code_apps_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_code_apps")),
    )
    op.create_index(
        "uq_tenants_code_apps_user_id_confirmed",
        "tenants_code_apps",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("confirmed_at IS NOT NULL"),
    )
    op.create_index(
        "uq_tenants_code_apps_user_id_begun",
        "tenants_code_apps",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("confirmed_at IS NULL"),
    )
    op.create_table(
        "tenants_passkeys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("synced", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_tenants_passkeys_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_tenants_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_tenants_passkeys_user_id"), "tenants_passkeys", ["user_id"], unique=False)
    op.create_table(
        "tenants_recovery_codes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_tenants_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_recovery_codes")),
        sa.UniqueConstraint("user_id", "code_hash", name=op.f("uq_tenants_recovery_codes_user_id_code_hash")),
    )
    op.create_table(
        "tenants_challenges",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "purpose in ('sign_in', 'passkey', 'confirm', 'add')", name=op.f("ck_tenants_challenges_purpose_known")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["tenants_users.id"], name=op.f("fk_tenants_challenges_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants_challenges")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tenants_challenges_token_hash")),
    )
    op.create_index(op.f("ix_tenants_challenges_user_id"), "tenants_challenges", ["user_id"], unique=False)
    op.create_index(op.f("ix_tenants_challenges_expires_at"), "tenants_challenges", ["expires_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    for table in ("tenants_challenges", "tenants_recovery_codes", "tenants_passkeys", "tenants_code_apps"):
        op.drop_table(table)
    op.execute("DELETE FROM tenants_sign_in_attempts WHERE kind = 'factor'")
    op.drop_constraint(op.f(KINDS), "tenants_sign_in_attempts", type_="check")
    op.create_check_constraint(op.f(KINDS), "tenants_sign_in_attempts", "kind in ('account', 'address', 'reset')")
    op.drop_column("tenants_sessions", "proved_at")
    op.drop_column("tenants_sessions", "factor_at")
    op.drop_column("tenants_roles", "requires_second_factor")
