"""How a call ended."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("crm_activities", sa.Column("outcome", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_crm_activities_outcome"), "crm_activities", "outcome IS NULL OR outcome IN ('reached', 'no_answer')"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_constraint(op.f("ck_crm_activities_outcome"), "crm_activities", type_="check")
    op.drop_column("crm_activities", "outcome")
