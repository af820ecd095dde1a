"""What is new among what can be found waits in a short list, also where 0011 was applied when it allowed none."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_INDEXES = tuple(f"ix_core_search_entries_{name}" for name in ("names_trgm", "spellings", "tokens"))


def upgrade() -> None:
    """Apply."""
    for name in _INDEXES:
        op.execute(f"ALTER INDEX {name} RESET (fastupdate)")
        op.execute(f"ALTER INDEX {name} SET (gin_pending_list_limit = 256)")


def downgrade() -> None:
    """Take back."""
    for name in _INDEXES:
        op.execute(f"ALTER INDEX {name} RESET (gin_pending_list_limit)")
        op.execute(f"ALTER INDEX {name} SET (fastupdate = off)")
