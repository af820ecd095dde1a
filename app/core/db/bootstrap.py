"""What a database server needs once, by an administrator: logins, owner, schemas, extensions, revoked rights.

Run it again after a restore and for every further server: `set_config` is revoked per database. Everything here is
idempotent. Passwords reach the server as bound literals quoted by the driver, never as text of ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

OWNER = "forecourt_owner"
MIGRATOR = "forecourt_migrator"
APP = "forecourt_app"
RELAY = "forecourt_relay"
BACKUP = "forecourt_backup"
TENANTS = "forecourt_tenant"
PLATFORM_ROLE = "r_platform"
OPERATOR_ROLE = "r_operator"

# How many tenants one login serves: the first switch of role costs by the square of memberships before PostgreSQL 16.
LOGIN_CAPACITY_OLD = 1_000
LOGIN_CAPACITY = 10_000
MINIMUM_VERSION = 150000


@dataclass(frozen=True)
class LoginPasswords:
    """The passwords of the four logins; further buckets of a login share its password."""

    app: str
    migrator: str
    relay: str
    backup: str


_ROLES = (
    (OWNER, "NOLOGIN"),
    (TENANTS, "NOLOGIN"),
    (PLATFORM_ROLE, "NOLOGIN NOINHERIT"),
    (OPERATOR_ROLE, "NOLOGIN NOINHERIT"),
    (MIGRATOR, "LOGIN NOINHERIT CREATEROLE"),
    (APP, "LOGIN NOINHERIT"),
    (RELAY, "LOGIN NOINHERIT"),
    (BACKUP, "LOGIN NOINHERIT"),
)


def bootstrap(admin_url: str, passwords: LoginPasswords, database: str = "forecourt") -> None:
    """Prepare roles and `database` on the server of `admin_url` (a superuser's DSN). Raises psycopg.Error."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        if connection.info.server_version < MINIMUM_VERSION:
            raise psycopg.NotSupportedError("PostgreSQL 15 or newer is needed")
        with connection.transaction():
            # Several starts may bootstrap one server at once (the test workers do): they wait for each other here.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('forecourt.bootstrap'))")
            _make_roles(connection, passwords)
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    with psycopg.connect(admin_url, autocommit=True, dbname=database) as connection, connection.transaction():
        _prepare_database(connection, database)


def _make_roles(connection: psycopg.Connection, passwords: LoginPasswords) -> None:
    secrets = {MIGRATOR: passwords.migrator, APP: passwords.app, RELAY: passwords.relay, BACKUP: passwords.backup}
    for name, attributes in _ROLES:
        role = sql.Identifier(name)
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone() is None:
            connection.execute(sql.SQL("CREATE ROLE {} ").format(role) + sql.SQL(attributes))
        if name in secrets:
            password = sql.Literal(secrets[name])
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, password))
    for login, bucket in connection.execute(
        "SELECT rolname, substring(rolname FROM '(.*)_[0-9]+$') FROM pg_roles "
        f"WHERE rolname ~ '^({APP}|{RELAY})_[0-9]+$'"
    ).fetchall():
        # A changed password is every bucket's.
        password = sql.Literal(secrets[bucket])
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(login), password))
    for login in (APP, RELAY):
        # An idle connection has nothing to see: role and path come with every BEGIN.
        connection.execute(sql.SQL("ALTER ROLE {} SET search_path = ''").format(sql.Identifier(login)))
    grant = sql.SQL("GRANT {} TO {}")
    pairs = [(OWNER, MIGRATOR), (PLATFORM_ROLE, APP), (OPERATOR_ROLE, APP)]
    for role_name, member in pairs:
        connection.execute(grant.format(sql.Identifier(role_name), sql.Identifier(member)))
    # The migrator makes tenants' roles members of the group.
    statement = sql.SQL("GRANT {} TO {} WITH ADMIN OPTION")
    connection.execute(statement.format(sql.Identifier(TENANTS), sql.Identifier(MIGRATOR)))
    connection.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(sql.Identifier(BACKUP)))
    connection.execute(sql.SQL("ALTER ROLE {} INHERIT").format(sql.Identifier(BACKUP)))


def _prepare_database(connection: psycopg.Connection, database: str) -> None:
    name = sql.Identifier(database)
    logins = sql.SQL(", ").join(map(sql.Identifier, (MIGRATOR, APP, RELAY, BACKUP)))
    statements = [
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, logins),
        # Further logins are made by the migrator, who lets them in.
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {} WITH GRANT OPTION").format(name, sql.Identifier(MIGRATOR)),
        sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(name, sql.Identifier(OWNER)),
        sql.SQL("REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC"),
        sql.SQL("GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO {}").format(
            sql.SQL(", ").join(map(sql.Identifier, (OWNER, MIGRATOR, BACKUP)))
        ),
        sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        sql.SQL("CREATE SCHEMA IF NOT EXISTS ext AUTHORIZATION {}").format(sql.Identifier(OWNER)),
        sql.SQL("CREATE SCHEMA IF NOT EXISTS platform AUTHORIZATION {}").format(sql.Identifier(OWNER)),
        sql.SQL("CREATE SCHEMA IF NOT EXISTS shared AUTHORIZATION {}").format(sql.Identifier(OWNER)),
        sql.SQL("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA ext"),
        sql.SQL("CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA ext"),
    ]
    for statement in statements:
        connection.execute(sql.Composed([statement]))
