"""How much each role sees of each group of fields; and the role as which somebody looks at the pages."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tenants_role_sights",
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("field_group", sa.String(length=20), nullable=False),
        sa.Column("sight", sa.String(length=7), nullable=False),
        sa.CheckConstraint(
            "sight in ('masked', 'visible')", name=op.f("ck_tenants_role_sights_sight_known")
        ),
        sa.ForeignKeyConstraint(["role_id"], ["tenants_roles.id"], name=op.f("fk_tenants_role_sights_role_id")),
        sa.PrimaryKeyConstraint("role_id", "field_group", name=op.f("pk_tenants_role_sights")),
    )
    # What the two rights said until now: contacts masked without theirs, costs and margins hidden.
    op.execute(
        "INSERT INTO tenants_role_sights (role_id, field_group, sight) SELECT id, field_group, 'masked' "
        "FROM tenants_roles, (VALUES ('contact'), ('identity')) AS masked (field_group) "
        "WHERE key IS DISTINCT FROM 'tenant_admin'"
    )
    op.execute(
        "UPDATE tenants_role_sights SET sight = 'visible' WHERE field_group = 'contact' "
        "AND role_id IN (SELECT role_id FROM tenants_grants WHERE permission = 'customer.contact')"
    )
    op.execute(
        "INSERT INTO tenants_role_sights (role_id, field_group, sight) SELECT role_id, field_group, 'visible' "
        "FROM tenants_grants, (VALUES ('cost'), ('margin')) AS opened (field_group) WHERE permission = 'stock.cost'"
    )
    op.execute(
        "INSERT INTO tenants_role_sights (role_id, field_group, sight) "
        "SELECT id, '*', 'visible' FROM tenants_roles WHERE key = 'tenant_admin'"
    )
    op.execute("DELETE FROM tenants_grants WHERE permission IN ('customer.contact', 'stock.cost')")
    op.add_column("tenants_sessions", sa.Column("preview_role_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_tenants_sessions_preview_role_id"), "tenants_sessions", "tenants_roles", ["preview_role_id"], ["id"]
    )


def downgrade() -> None:
    """Take back."""
    op.execute(
        "INSERT INTO tenants_grants (role_id, permission, scope) "
        "SELECT role_id, CASE field_group WHEN 'contact' THEN 'customer.contact' ELSE 'stock.cost' END, 'all' "
        "FROM tenants_role_sights WHERE field_group IN ('contact', 'cost') AND sight = 'visible'"
    )
    op.drop_constraint(op.f("fk_tenants_sessions_preview_role_id"), "tenants_sessions", type_="foreignkey")
    op.drop_column("tenants_sessions", "preview_role_id")
    op.drop_table("tenants_role_sights")
