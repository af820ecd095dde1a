"""The ID number of a customer, and which group of fields a reveal opens."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("crm_customers", sa.Column("id_number_enc", sa.LargeBinary(), nullable=True))
    op.add_column("crm_customers", sa.Column("id_number_index", sa.LargeBinary(), nullable=True))
    op.add_column("crm_customers", sa.Column("id_number_masked", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_crm_customers_id_number"),
        "crm_customers",
        "num_nulls(id_number_enc, id_number_index, id_number_masked) IN (0, 3)",
    )
    op.create_index("ix_crm_customers_id_number_index", "crm_customers", ["id_number_index"], unique=False)
    op.add_column(
        "core_reveals", sa.Column("field_group", sa.String(length=20), server_default="contact", nullable=False)
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("core_reveals", "field_group")
    op.drop_index("ix_crm_customers_id_number_index", table_name="crm_customers")
    op.drop_constraint(op.f("ck_crm_customers_id_number"), "crm_customers", type_="check")
    op.drop_column("crm_customers", "id_number_masked")
    op.drop_column("crm_customers", "id_number_index")
    op.drop_column("crm_customers", "id_number_enc")
