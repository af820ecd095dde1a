"""The words beside a payment can be emptied when the buyer is erased; what was paid stays as it is."""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_RIGHT = "DO $$ BEGIN EXECUTE format('{} UPDATE (reference, reason) ON sales_payments {} %I', current_schema()); END $$"


def upgrade() -> None:
    """Apply."""
    op.execute(_RIGHT.format("GRANT", "TO"))


def downgrade() -> None:
    """Revert."""
    op.execute(_RIGHT.format("REVOKE", "FROM"))
