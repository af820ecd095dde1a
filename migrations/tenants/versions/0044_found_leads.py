"""Leads, appraisals and receipts enter the search."""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

# A dealership that has some already gets their entries by the job that makes all anew; people go on finding meanwhile.
OWED = """
INSERT INTO core_outbox (id, task, queue)
SELECT gen_random_uuid(), 'search.begin_rebuild', 'default'
WHERE EXISTS (SELECT FROM crm_leads) OR EXISTS (SELECT FROM inventory_appraisals)
   OR EXISTS (SELECT FROM sales_payments)
"""


def upgrade() -> None:
    """Apply."""
    op.execute(OWED)


def downgrade() -> None:
    """Revert."""
    op.execute("DELETE FROM core_search_entries WHERE kind IN ('lead', 'appraisal', 'payment')")
    op.execute("DELETE FROM core_recents WHERE kind IN ('lead', 'appraisal', 'payment')")
