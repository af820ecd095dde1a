"""What exports are for and who gets them, sealed. The words in the clear go; the audit has them, sealed as ever."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("core_exports", sa.Column("purpose_enc", sa.LargeBinary(), nullable=True))
    op.add_column("core_exports", sa.Column("recipient_enc", sa.LargeBinary(), nullable=True))
    op.drop_column("core_exports", "purpose")
    op.drop_column("core_exports", "recipient")
    op.add_column("core_export_schedules", sa.Column("purpose_enc", sa.LargeBinary(), nullable=True))
    op.drop_column("core_export_schedules", "purpose")
    # Nothing leaves without a purpose: whoever keeps a schedule says it again.
    op.execute("UPDATE core_export_schedules SET stopped = 'purpose_gone', next_at = NULL WHERE stopped IS NULL")


def downgrade() -> None:
    """Take back."""
    op.add_column("core_export_schedules", sa.Column("purpose", sa.Text(), server_default="-", nullable=False))
    op.alter_column("core_export_schedules", "purpose", server_default=None)
    op.drop_column("core_export_schedules", "purpose_enc")
    op.add_column("core_exports", sa.Column("recipient", sa.Text(), server_default="", nullable=False))
    op.add_column("core_exports", sa.Column("purpose", sa.Text(), server_default="-", nullable=False))
    op.alter_column("core_exports", "purpose", server_default=None)
    op.drop_column("core_exports", "recipient_enc")
    op.drop_column("core_exports", "purpose_enc")
