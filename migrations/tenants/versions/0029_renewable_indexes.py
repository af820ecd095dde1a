"""Fingerprints of imported rows and of people of a provider can be made anew, from what is sealed beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    made = sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False)
    op.add_column("core_import_marks", made)
    op.add_column("core_import_marks", sa.Column("said_enc", sa.LargeBinary(), nullable=True))
    op.drop_constraint(op.f("pk_core_import_marks"), "core_import_marks")
    op.create_primary_key(op.f("pk_core_import_marks"), "core_import_marks", ["id"])
    op.create_unique_constraint(
        op.f("uq_core_import_marks_kind_identity"), "core_import_marks", ["kind", "identity"]
    )
    op.add_column("tenants_identities", sa.Column("subject_enc", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("tenants_identities", "subject_enc")
    op.drop_constraint(op.f("uq_core_import_marks_kind_identity"), "core_import_marks")
    op.drop_constraint(op.f("pk_core_import_marks"), "core_import_marks")
    op.create_primary_key(op.f("pk_core_import_marks"), "core_import_marks", ["kind", "identity"])
    op.drop_column("core_import_marks", "said_enc")
    op.drop_column("core_import_marks", "id")
