"""Connections of the migrator, acting as the owner of every schema: for the ops worker and the command line alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import psycopg
from flask import current_app
from psycopg import sql
from sqlalchemy import Engine, create_engine, make_url

from app.core.config import Settings
from app.core.db.bootstrap import APP, OWNER, RELAY
from app.core.errors import N_, DomainError

# A DDL statement that waits for a lock makes everyone behind it wait too, so it gives up soon and is tried again.
LOCK_TIMEOUT_MS = 2_000
STATEMENT_TIMEOUT_MS = 60_000
# A backend keeps a plan for each foreign key it has ever checked and goes through all of them at every DDL statement:
# each tenant it has made adds 0.2 ms to the next, and a new backend costs some 12 ms.
MADE_BY_A_CONNECTION = 8


class NoOwner(DomainError):
    """This process was not given the migrator's login."""

    code = "no_owner"
    message = N_("This needs the migrator's database login (MIGRATOR_DATABASE_URL), which this process does not have.")
    status = 503


class NoRelayLogin(DomainError):
    """A further login of the relay is wanted, and this process was not given the first one's password."""

    code = "no_relay_login"
    message = N_("This needs the relay's database login (RELAY_DATABASE_URL), which this process does not have.")
    status = 503


def migrator_url(dsn_name: str = "main") -> str:
    """The migrator's DSN on the server `dsn_name`; raises NoOwner in a process that may not run DDL."""
    settings: Settings = current_app.extensions["forecourt_settings"]
    if settings.migrator_database_url is None:
        raise NoOwner
    if dsn_name == "main":
        return settings.migrator_database_url
    base, target = make_url(settings.migrator_database_url), make_url(settings.database_urls[dsn_name])
    moved = base.set(host=target.host, port=target.port, database=target.database)
    return moved.render_as_string(hide_password=False)


@contextmanager
def migrator(dsn_name: str = "main", *, makes_tenant: bool = False) -> Iterator[psycopg.Connection]:
    """An autocommit connection of the migrator's own login; statements run as the owner only inside `as_owner`.

    It comes from a small pool, so a role or a path is only ever set with SET LOCAL; one that met an error is closed,
    and so is one that has made its share of tenants (`makes_tenant`: the body makes one).
    """
    pooled = _engine(dsn_name).raw_connection()
    try:
        connection = pooled.driver_connection
        yield cast("psycopg.Connection", connection)
    except BaseException:
        pooled.invalidate()
        raise
    else:
        made = pooled.info["made"] = pooled.info.get("made", 0) + makes_tenant
        if made >= MADE_BY_A_CONNECTION:
            pooled.invalidate()
        pooled.close()


def _engine(dsn_name: str) -> Engine:
    engines: dict[str, Engine] = current_app.extensions.setdefault("forecourt_migrator_engines", {})
    if dsn_name not in engines:
        url = make_url(migrator_url(dsn_name)).set(drivername="postgresql+psycopg")
        limits = f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS}"
        engines[dsn_name] = create_engine(
            url,
            connect_args={
                "autocommit": True,
                "prepare_threshold": None,
                "application_name": "forecourt-migrator",
                "options": limits,
            },
            pool_size=2,
            max_overflow=8,
            pool_recycle=300,
            pool_reset_on_return=None,
            pool_pre_ping=True,
            use_native_hstore=False,
        )
    return engines[dsn_name]


@contextmanager
def owner(dsn_name: str = "main") -> Iterator[psycopg.Connection]:
    """One transaction as the owner role on the platform's path, committed at the end."""
    with migrator(dsn_name) as connection, connection.transaction():
        connection.execute("SET LOCAL ROLE forecourt_owner")
        connection.execute("SET LOCAL search_path = platform, shared, ext, pg_temp")
        yield connection


def base_host() -> str:
    """The host under which tenants get their own, such as `localhost`."""
    settings: Settings = current_app.extensions["forecourt_settings"]
    return settings.base_host


def further_login(connection: psycopg.Connection, base: str, bucket: int) -> None:
    """Make login number `bucket` of `base` if there is none yet; sent as the migrator, in a transaction.

    It shares the password of the first and nothing else: a member of the first login could become its tenants.
    Raises NoRelayLogin.
    """
    settings: Settings = current_app.extensions["forecourt_settings"]
    url = settings.database_urls["main"] if base == APP else settings.relay_database_url
    password = make_url(url).password if url else None
    if password is None:
        raise NoRelayLogin
    login = f"{base}_{int(bucket)}"
    name, database = sql.Identifier(login), sql.Identifier(connection.info.dbname)
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('forecourt.login'))")
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login]).fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT PASSWORD {}").format(name, sql.Literal(password)))
        connection.execute(sql.SQL("ALTER ROLE {} SET search_path = ''").format(name))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))
    if base == RELAY:
        # The first relay's own rights, as far as a tenant's rows need them: the rest it does as the first.
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(OWNER)))
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA platform TO {}").format(name))
        connection.execute(sql.SQL("GRANT SELECT, DELETE ON platform.outbox_hint TO {}").format(name))
        connection.execute("RESET ROLE")
