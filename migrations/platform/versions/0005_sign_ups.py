"""Dealerships people sign up for by themselves: what waits for its e-mail to be confirmed, and how often it was tried."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Written and read on the bare host, which belongs to no dealership.
RIGHTS = "GRANT SELECT, INSERT, UPDATE, DELETE ON platform.sign_ups, platform.sign_up_attempts TO r_platform"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sign_ups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.Column("mail_enc", sa.LargeBinary(), nullable=True),
        sa.Column("tenant_id", sa.String(length=12), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("link_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ups")),
        schema="platform",
    )
    op.create_table(
        "sign_up_attempts",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('address', 'email', 'made')", name=op.f("ck_sign_up_attempts_kind_known")),
        sa.PrimaryKeyConstraint("kind", "fingerprint", name=op.f("pk_sign_up_attempts")),
        schema="platform",
    )
    op.execute(RIGHTS)


def downgrade() -> None:
    """Take back."""
    op.drop_table("sign_up_attempts", schema="platform")
    op.drop_table("sign_ups", schema="platform")
