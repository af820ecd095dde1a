"""Provisioned schema == migrated schema == models, compared as text, for the tenants' line and the platform's."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import create_engine, make_url

from app.core.db import Tenant, revisions
from app.core.db.ddl import render_tables
from app.core.db.owner import owner
from app.core.db.platform import platform_metadata, shared_metadata
from app.core.db.session import Base
from ops.accounts import server_account
from ops.postgres_binaries import find_bin_dir

MIGRATED, MODELLED = "t_migrated0000", "t_modelled0000"


@pytest.fixture
def dump(admin_url: str, database: str) -> Callable[[str], str]:
    """`dump(schema)`: the schema as text, without names that differ on purpose; columns and statements sorted."""
    tool = find_bin_dir(server_account()) / "pg_dump"

    def make(schema: str) -> str:
        url = make_url(admin_url).set(database=database).render_as_string(hide_password=False)
        command = [str(tool), "--schema-only", "--no-owner", "--no-privileges", f"--schema={schema}", f"--dbname={url}"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return normalised(text, schema)

    return make


def normalised(text: str, schema: str) -> str:
    """Statements sorted, columns inside a table sorted, comments, settings and the schema's name taken out."""
    text = re.sub(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\\S+.*|CREATE SCHEMA .*)$", "", text, flags=re.M)
    text = text.replace(schema, "t_x")
    statements = [part.strip() for part in text.split(";\n") if part.strip()]
    return "\n".join(sorted(" ".join(_sorted_columns(statement).split()) for statement in statements))


def _sorted_columns(statement: str) -> str:
    head, opening, body = statement.partition(" (\n")
    if not statement.startswith("CREATE TABLE") or not opening:
        return statement
    lines = sorted(line.strip().rstrip(",") for line in body.rstrip(")").splitlines() if line.strip())
    return f"{head} ({'; '.join(lines)})"


@pytest.fixture
def built(app: Flask) -> Iterator[None]:
    """One schema made by every migration in turn, one by the models alone."""
    with app.app_context():
        with owner() as connection:
            for schema in (MIGRATED, MODELLED):
                connection.execute(f"CREATE SCHEMA {schema}")
            connection.execute(f"SET LOCAL search_path = {MIGRATED}, shared, ext, pg_temp")
            connection.execute(_without_rights(revisions.render_upgrade("tenants", None)).encode())
        engine = create_engine(_migrator_url(app))
        with engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL ROLE forecourt_owner")
            connection.exec_driver_sql(f"SET LOCAL search_path = {MODELLED}, shared, ext, pg_temp")
            Base.metadata.create_all(connection, checkfirst=False)
        engine.dispose()
        yield
        with owner() as connection:
            for schema in (MIGRATED, MODELLED):
                connection.execute(f"DROP SCHEMA {schema} CASCADE")


def _without_rights(script: str) -> str:
    """The rights of a tenant's role are compared elsewhere; these schemas have no role."""
    return re.sub(r"DO \$\$ BEGIN EXECUTE format\('(?:REVOKE|GRANT).*?END \$\$;", "", script)


def _migrator_url(app: Flask) -> str:
    url = make_url(app.extensions["forecourt_settings"].migrator_database_url)
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def test_provisioned_migrated_and_models_are_one(built: None, alpha: Tenant, dump: Callable[[str], str]) -> None:
    provisioned = dump(alpha.schema)
    assert "CREATE TABLE t_x.core_outbox" in provisioned
    assert "CREATE TABLE t_x.sales_deals" in provisioned
    assert dump(MIGRATED) == provisioned
    version_table = [line for line in provisioned.splitlines() if "alembic_version" in line]
    assert len(version_table) == 2
    assert dump(MODELLED).splitlines() == [line for line in provisioned.splitlines() if line not in version_table]


def test_rights_after_migrating_are_those_after_provisioning(app: Flask, alpha: Tenant) -> None:
    """Append-only tables and the version row: what the tenant's role lacks, the migrations take away as well."""
    with app.app_context():
        script = revisions.render_upgrade("tenants", None)
    assert "%%" not in script, "these scripts are sent as they are"
    taken = set(re.findall(r"REVOKE ([A-Z, ]+) ON (\w+) FROM", script))
    append_only = {table.name for table in Base.metadata.tables.values() if table.info.get("append_only")}
    assert taken == {("UPDATE, DELETE", name) for name in append_only} | {("INSERT, UPDATE, DELETE", "alembic_version")}
    assert "core_audit" in append_only
    given = set(re.findall(r"GRANT UPDATE \(([a-z_, ]+)\) ON (\w+) TO", script))
    words = {table.name: table.info["emptied"] for table in Base.metadata.tables.values() if "emptied" in table.info}
    assert given == {(", ".join(columns), name) for name, columns in words.items()}
    assert words.keys() <= append_only


def test_the_platforms_migrations_make_what_its_models_say(app: Flask, dump: Callable[[str], str]) -> None:
    migrated = {schema: dump(schema) for schema in ("platform", "shared")}
    with app.app_context():
        with owner() as connection:
            for schema in migrated:
                connection.execute(f"ALTER SCHEMA {schema} RENAME TO {schema}_aside")
                connection.execute(f"CREATE SCHEMA {schema}")
            tables = [*render_tables(platform_metadata), *render_tables(shared_metadata)]
            connection.execute(";\n".join(tables).encode())
        try:
            modelled = {schema: dump(schema) for schema in migrated}
        finally:
            with owner() as connection:
                for schema in migrated:
                    connection.execute(f"DROP SCHEMA {schema} CASCADE")
                    connection.execute(f"ALTER SCHEMA {schema}_aside RENAME TO {schema}")
    for schema, text in migrated.items():
        assert [line for line in text.splitlines() if "alembic_version" not in line] == modelled[schema].splitlines()


@pytest.mark.parametrize("line", ["platform", "tenants"])
def test_the_current_head_is_the_newest_revision_and_there_is_one(line: str) -> None:
    scripts = ScriptDirectory.from_config(revisions.config(line))
    assert scripts.get_heads() == [revisions.head(line)]


@pytest.mark.filterwarnings("ignore:Computed default", "ignore:Expression #1 'reverse")
def test_nothing_is_left_to_migrate(app: Flask, alpha: Tenant) -> None:
    """Alembic's own comparison, on a tenant's path alone, finds nothing."""
    engine = create_engine(_migrator_url(app))
    with engine.connect() as connection:
        connection.exec_driver_sql("SET ROLE forecourt_owner")
        connection.exec_driver_sql(f"SET search_path = {alpha.schema}")
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()
