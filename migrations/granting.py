"""What a migration gives the default roles of dealerships that are there already; own roles they change themselves."""

from __future__ import annotations

from collections.abc import Mapping

from alembic import op


def grant(by_role: Mapping[str, Mapping[str, str]], resource: str = "") -> None:
    """Give roles permissions: key of the role -> scope -> permissions parted by blanks, in one statement.

    With `resource` the words are its verbs. What a role has already keeps the scope it has; a role that was deleted
    gets nothing.
    """
    prefix = f"{resource}." if resource else ""
    rows = ", ".join(
        f"('{role}', '{prefix}{word}', '{scope}')"
        for role, scopes in by_role.items()
        for scope, words in scopes.items()
        for word in words.split()
    )
    op.execute(
        "INSERT INTO tenants_grants (role_id, permission, scope) SELECT tenants_roles.id, permission, scope "
        f"FROM tenants_roles JOIN (VALUES {rows}) AS new (key, permission, scope) USING (key) ON CONFLICT DO NOTHING"
    )
