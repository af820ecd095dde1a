"""From where and for whom an entry of the audit came, and the chain over all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

REVOKE = "DO $$ BEGIN EXECUTE format('REVOKE UPDATE, DELETE ON {} FROM %I', current_schema()); END $$"


def upgrade() -> None:
    """Apply."""
    op.add_column("core_audit", sa.Column("origin", sa.String(length=60), nullable=True))
    op.add_column("core_audit", sa.Column("agent", sa.String(length=60), nullable=True))
    op.add_column("core_audit", sa.Column("behind", sa.String(length=120), nullable=True))
    op.add_column("core_audit", sa.Column("key_id", sa.Uuid(), nullable=True))
    # The entries there are get the number of no transaction, without being written anew; the sealer takes them first.
    op.add_column("core_audit", sa.Column("tx", sa.BigInteger(), server_default="0", nullable=False))
    op.alter_column("core_audit", "tx", server_default=sa.text("(pg_current_xact_id()::text)::bigint"))
    op.create_index("ix_core_audit_actor_id_at", "core_audit", ["actor_id", "at", "id"], unique=False)
    op.create_index("ix_core_audit_at", "core_audit", ["at", "id"], unique=False)
    op.create_index("ix_core_audit_tx", "core_audit", ["tx"], unique=False)
    op.create_table(
        "core_audit_seals",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("horizon", sa.BigInteger(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_core_audit_seals")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_core_audit_seals_entry_id")),
        info={"append_only": True},
    )
    op.execute(REVOKE.format("core_audit_seals"))
    op.create_table(
        "core_audit_secrets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_audit_secrets")),
        info={"append_only": True},
    )
    op.execute(REVOKE.format("core_audit_secrets"))


def downgrade() -> None:
    """Take back."""
    op.drop_table("core_audit_secrets")
    op.drop_table("core_audit_seals")
    for name in ("ix_core_audit_tx", "ix_core_audit_at", "ix_core_audit_actor_id_at"):
        op.drop_index(name, table_name="core_audit")
    for name in ("tx", "key_id", "behind", "agent", "origin"):
        op.drop_column("core_audit", name)
