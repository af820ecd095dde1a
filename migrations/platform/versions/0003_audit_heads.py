"""Where the chains of the audits end, kept outside the tenants' schemas."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Only added to: the owner alone deletes, when a day is over or a tenant goes.
RIGHTS = (
    "GRANT INSERT (seq, proof) ON platform.audit_heads TO forecourt_tenant",
    "GRANT SELECT ON platform.audit_heads TO r_platform",
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_heads",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_user"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_heads")),
        schema="platform",
    )
    op.create_index("ix_audit_heads_tenant_id_seq", "audit_heads", ["tenant_id", "seq"], schema="platform")
    for statement in RIGHTS:
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("audit_heads", schema="platform")
