"""The DDL of a tenant, rendered once from the models and sent as one script; of the platform likewise.

Names in the script are constants of ours and one schema name from the directory whose shape is checked: nothing
else is ever put into it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from sqlalchemy import Dialect, MetaData, Table
from sqlalchemy.dialects.postgresql import psycopg as postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from app.core.db import scopes
from app.core.db.bootstrap import APP, OWNER, RELAY, TENANTS
from app.core.db.session import Base


def render_tables(metadata: MetaData) -> Iterator[str]:
    """CREATE statements of every table of `metadata` and its indexes, in order of dependence."""
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata.sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect)).strip()
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=dialect)).strip()
        yield from _rights(table)


def _rights(table: Table) -> Iterator[str]:
    """What a tenant loses again on a table that is only ever added to."""
    if table.info.get("append_only"):
        yield revoke("UPDATE, DELETE", table.name)
    if words := table.info.get("emptied"):
        # Of its rows these columns alone may be written again, so that an erasure can empty them.
        yield grant(f"UPDATE ({', '.join(words)})", table.name)


def revoke(rights: str, table: str) -> str:
    """Take `rights` on `table` from the schema's own tenant: the default privileges gave them all."""
    return f"DO $$ BEGIN EXECUTE format('REVOKE {rights} ON {table} FROM %I', current_schema()); END $$"


def grant(rights: str, table: str) -> str:
    """Give `rights` on `table` back to the schema's own tenant."""
    return f"DO $$ BEGIN EXECUTE format('GRANT {rights} ON {table} TO %I', current_schema()); END $$"


@cache
def tenant_tables_script() -> str:
    """The tables of one tenant, to run with only its schema, `shared` and `ext` on the path.

    Rendered once per process: it is the same for every tenant.
    """
    version = (
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    statements = [version, revoke("INSERT, UPDATE, DELETE", "alembic_version"), *render_tables(Base.metadata)]
    return ";\n".join(statements) + ";\n"


def tenant_role_script(schema: str, login: int) -> str:
    """Role of one tenant and who may become it; sent as the migrator, who may create roles."""
    _check(schema)
    suffix = "" if login == 1 else f"_{int(login)}"
    return (
        f"CREATE ROLE {schema} NOLOGIN INHERIT;\n"
        f"GRANT {TENANTS} TO {schema};\n"
        f"GRANT {schema} TO {APP}{suffix};\n"
        f"GRANT {schema} TO {RELAY}{suffix};\n"
    )


def tenant_schema_script(schema: str, revision: str, tables: str | None = None) -> str:
    """Schema, rights, tables and version of one tenant; sent as the owner inside a transaction.

    `tables` is what makes tables and version of an older revision; the models say those of today.
    """
    _check(schema)
    if not revision.replace("_", "").isalnum():
        raise ValueError(f"not a revision: {revision!r}")
    return (
        f"CREATE SCHEMA {schema};\n"
        f"GRANT USAGE ON SCHEMA {schema} TO {schema};\n"
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA {schema} "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {schema};\n"
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {schema};\n"
        f"SET LOCAL search_path = {schema}, shared, ext, pg_temp;\n"
    ) + (tables or f"{tenant_tables_script()}INSERT INTO alembic_version (version_num) VALUES ('{revision}');\n")


def _check(schema: str) -> None:
    if not scopes.SCHEMA_SHAPE.match(schema):
        raise ValueError(f"not a tenant schema: {schema!r}")
