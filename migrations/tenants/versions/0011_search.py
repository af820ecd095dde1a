"""What can be found, and what each user opened last."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# A dealership that has records already fills its entries by a job; the sweep of the relay finds what is owed.
OWED = "INSERT INTO core_outbox (id, task, queue) VALUES (gen_random_uuid(), 'search.begin_rebuild', 'default')"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "core_search_entries",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("shown_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=True),
        sa.Column("spellings", postgresql.ARRAY(sa.Integer()), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("tokens", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.CheckConstraint("title <> ''", name=op.f("ck_core_search_entries_title")),
        sa.PrimaryKeyConstraint("kind", "record_id", name=op.f("pk_core_search_entries")),
    )
    op.create_index(
        "ix_core_search_entries_names_trgm",
        "core_search_entries",
        ["names"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"names": "gin_trgm_ops"},
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(
        "ix_core_search_entries_kind_names",
        "core_search_entries",
        ["kind", "names"],
        unique=False,
        postgresql_ops={"names": "text_pattern_ops"},
        postgresql_where=sa.text("names IS NOT NULL"),
    )
    for name in ("spellings", "tokens"):
        op.create_index(
            f"ix_core_search_entries_{name}",
            "core_search_entries",
            [name],
            unique=False,
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        )
    op.create_index(
        "ix_core_search_entries_code",
        "core_search_entries",
        ["code"],
        unique=False,
        postgresql_ops={"code": "text_pattern_ops"},
        postgresql_where=sa.text("code IS NOT NULL"),
    )
    op.create_index(
        "ix_core_search_entries_code_reversed",
        "core_search_entries",
        [sa.text("reverse(code) text_pattern_ops")],
        unique=False,
        postgresql_where=sa.text("code IS NOT NULL"),
    )
    op.create_table(
        "core_recents",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind", "record_id", name=op.f("pk_core_recents")),
    )
    op.create_index("ix_core_recents_record", "core_recents", ["kind", "record_id"], unique=False)
    op.execute(OWED)


def downgrade() -> None:
    """Take back."""
    op.drop_table("core_recents")
    op.drop_table("core_search_entries")
