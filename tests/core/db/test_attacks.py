"""Case I21: what a fragment injected into a statement, or a whole statement, can and cannot do as a tenant."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.dialect import ExtendedCursor

STORE = "00000000-0000-7000-8000-000000000001"


@pytest.fixture
def secret(app: Flask, alpha: Tenant, beta: Tenant) -> str:
    """A row in the other dealership that nobody here may learn of or change; its table's qualified name."""
    for owner, last in ((alpha, 1), (beta, 4711)):
        with app.app_context(), tenant(owner.id), transaction():
            db.session.execute(text("DELETE FROM core_counters"))
            db.session.execute(
                text("INSERT INTO core_counters (kind, store_id, last) VALUES ('x', :store, :last)"),
                {"store": STORE, "last": last},
            )
    return f"{beta.schema}.core_counters"


def injectable(fragment: str) -> str:
    """A statement built the way no statement of ours is: the fragment ends up in its text."""
    return f"SELECT last FROM core_counters WHERE kind = '{fragment}'"


def fragments(beta: Tenant) -> list[str]:
    """Ways to leave the tenant from inside a statement's text."""
    other = f"{beta.schema}.core_counters"
    switch = f"SET LOCAL ROLE {beta.schema}"
    stolen = f"SELECT set_config(''role'', ''{beta.schema}'', true)"
    return [
        f"x'; {switch}; SELECT last FROM {other} --",
        f"x'; RESET ROLE; {switch}; SELECT last FROM {other} --",
        f"x'; COMMIT; BEGIN; {switch}; SELECT last FROM {other} --",
        f"x'; DO $$ BEGIN EXECUTE '{switch}'; END $$; SELECT last FROM {other} --",
        f"x' UNION SELECT last FROM {other} --",
        f"x' OR set_config('role', '{beta.schema}', true) = '' --",
        f"x' UNION SELECT (SELECT 1 FROM (SELECT set_config('role', '{beta.schema}', true)) s) --",
        f"x' UNION SELECT length(query_to_xml('SELECT last FROM {other}', true, true, '')::text) --",
        f"x' UNION SELECT nentry FROM ts_stat('SELECT to_tsvector(kind) FROM {other}') --",
        f"x' UNION SELECT length(query_to_xml('{stolen}', true, true, '')::text) --",
    ]


@pytest.mark.parametrize("number", range(10))
def test_an_injected_fragment_never_reaches_another_tenant(
    app: Flask, alpha: Tenant, beta: Tenant, secret: str, number: int
) -> None:
    statement = injectable(fragments(beta)[number])
    with app.app_context(), tenant(alpha.id):
        with pytest.raises(DBAPIError) as refused:
            db.session.connection().exec_driver_sql(statement.replace("%", "%%"))
        assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege | psycopg.errors.SyntaxError)
        db.session.rollback()
        assert db.session.execute(text("SELECT last FROM core_counters")).scalars().all() == [1]


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO STDOUT; SET LOCAL ROLE {other}; UPDATE {other}.core_counters SET last = 0",
        "COPY core_counters FROM STDIN; SET LOCAL ROLE {other}; UPDATE {other}.core_counters SET last = 0",
        "COPY (SELECT 1) TO STDOUT; COMMIT; SET ROLE {other}",
    ],
)
def test_a_stacked_copy_is_refused_whole(app: Flask, alpha: Tenant, beta: Tenant, secret: str, statement: str) -> None:
    with app.app_context(), tenant(alpha.id):
        driver = db.session.connection().connection.driver_connection
        assert driver is not None
        with pytest.raises(psycopg.errors.SyntaxError), driver.cursor().copy(statement.format(other=beta.schema)):
            pass
        db.session.rollback()
    with app.app_context(), tenant(beta.id):
        assert db.session.execute(text("SELECT last FROM core_counters")).scalars().all() == [4711]


def test_copying_another_tenants_table_is_refused(app: Flask, alpha: Tenant, secret: str) -> None:
    with app.app_context(), tenant(alpha.id):
        driver = db.session.connection().connection.driver_connection
        assert driver is not None
        with pytest.raises(psycopg.errors.InsufficientPrivilege), driver.cursor().copy(f"COPY {secret} TO STDOUT"):
            pass


def test_the_drivers_hook_is_still_there(app: Flask, alpha: Tenant) -> None:
    """Without parameters psycopg would use the simple protocol, which takes stacked commands."""
    with app.app_context(), tenant(alpha.id):
        driver = db.session.connection().connection.driver_connection
        assert driver is not None
        assert driver.cursor_factory is ExtendedCursor
        with pytest.raises(psycopg.errors.SyntaxError):
            driver.execute("SELECT 1; SELECT 2")
        db.session.rollback()
        with psycopg.ClientCursor(driver) as plain:
            driver.execute("BEGIN")
            plain.execute("SELECT 1; SELECT 2")
            driver.execute("ROLLBACK")


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE core_counters",
        "ALTER TABLE core_counters ADD COLUMN x integer",
        "CREATE TABLE mine (x integer)",
        "CREATE TEMP TABLE core_counters (x integer)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "TRUNCATE core_counters",
        "UPDATE core_audit SET actor_name = 'nobody'",
        "DELETE FROM core_audit",
        "UPDATE alembic_version SET version_num = 'x'",
        "INSERT INTO alembic_version VALUES ('x')",
        "INSERT INTO shared.makes (name) VALUES ('x')",
        "SELECT * FROM platform.tenants",
        "SELECT * FROM platform.wrapped_keys",
        "SELECT * FROM platform.outbox_hint",
        "INSERT INTO platform.outbox_hint (tenant_id) VALUES ('t_aaaaaaaaaaaa')",
        "DELETE FROM platform.outbox_hint",
        "ALTER ROLE CURRENT_USER SUPERUSER",
    ],
)
def test_a_tenant_has_nothing_but_its_own_rows(app: Flask, alpha: Tenant, statement: str) -> None:
    with app.app_context(), tenant(alpha.id):
        with pytest.raises(DBAPIError) as refused:
            db.session.execute(text(statement))
        assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


def test_a_tenant_cannot_share_what_it_may_use(app: Flask, alpha: Tenant, beta: Tenant) -> None:
    """GRANT by somebody who does not own the table succeeds in name and grants nothing."""
    with app.app_context(), tenant(alpha.id):
        with transaction():
            db.session.execute(text(f"GRANT SELECT ON core_counters TO {beta.schema}"))
        held = text("SELECT has_table_privilege(:role, :name, 'SELECT')")
        values = {"role": beta.schema, "name": f"{alpha.schema}.core_counters"}
        assert db.session.execute(held, values).scalar_one() is False


def test_the_login_by_itself_can_do_nothing(app: Flask, environ: dict[str, str], alpha: Tenant) -> None:
    with psycopg.connect(environ["DATABASE_URL"], autocommit=True) as connection:
        for statement in (
            f"SELECT * FROM {alpha.schema}.core_counters",
            "SELECT * FROM platform.tenants",
            "SELECT * FROM shared.makes",
            "SET ROLE forecourt_owner",
            "SET ROLE forecourt_migrator",
            "SELECT set_config('role', 'forecourt_owner', false)",
            "CREATE TEMP TABLE x (y integer)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_values_are_bound_whatever_they_say(app: Flask, alpha: Tenant, secret: str) -> None:
    hostile = f"x'; SET LOCAL ROLE postgres; SELECT last FROM {secret} --"
    with app.app_context(), tenant(alpha.id):
        found = db.session.execute(text("SELECT last FROM core_counters WHERE kind = :kind"), {"kind": hostile})
        assert found.scalars().all() == []
