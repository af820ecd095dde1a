"""The servers of one installation, embedded or given, and the environment of the processes that use them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from app.core.config import is_loopback_host
from ops import secrets
from ops.errors import OpsError
from ops.layout import Layout
from ops.postgres import EmbeddedPostgres
from ops.postgres_binaries import MINIMUM_MAJOR
from ops.valkey import EmbeddedValkey

DATABASE_NAME = "forecourt"
MAINTENANCE_DATABASES = ("postgres", "template1", "defaultdb")


def login_dsn(admin_dsn: str, user: str, password: str, database: str | None = None) -> str:
    """Return the address of another login on the server of an administrator's address, its options kept."""
    parts = {key: str(value) for key, value in conninfo_to_dict(admin_dsn).items() if value is not None}
    host, port = parts.pop("host", "127.0.0.1"), parts.pop("port", "5432")
    name = database or parts.pop("dbname", "postgres")
    for key in ("user", "password", "dbname"):
        parts.pop(key, None)
    if host.startswith("/"):  # A socket folder goes into the options of a URL.
        parts["host"], parts["port"] = host, port
        place = ""
    else:
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    address = f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"
    return urlunsplit(("postgresql", address, f"/{quote(name, safe='')}", urlencode(parts), ""))


def check_administrator(dsn: str) -> str:
    """Return the database a given DATABASE_URL names, or refuse it with one sentence."""
    try:
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            found = connection.execute(
                "SELECT rolsuper OR rolcreaterole, current_setting('server_version_num')::int / 10000,"
                " current_database(), current_user FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except (psycopg.Error, UnicodeError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise OpsError(f"DATABASE_URL does not lead to a database: {reason}") from error
    if found is None:
        raise OpsError("DATABASE_URL leads to a server that does not show its roles.")
    may_create, major, database, user = found
    if major < MINIMUM_MAJOR:
        raise OpsError(f"DATABASE_URL leads to PostgreSQL {major}; {MINIMUM_MAJOR} or newer is needed.")
    if not may_create:
        raise OpsError(f"DATABASE_URL must be an administrator's address: {user!r} cannot create roles on that server.")
    return str(database)


def check_redis(url: str) -> None:
    """Refuse a given REDIS_URL that does not answer."""
    import redis  # noqa: PLC0415 - loaded where a server is given alone: the launcher keeps it in memory

    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5, retry=None) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise OpsError(f"REDIS_URL does not lead to a Redis server: {error}") from error


@dataclass
class Stack:
    """PostgreSQL and Valkey of an installation. What is given by the environment is used, nothing is embedded then."""

    layout: Layout
    values: secrets.Secrets
    postgres: EmbeddedPostgres | None
    valkey: EmbeddedValkey | None
    admin_dsn: str = ""
    redis_url: str = ""
    database: str = DATABASE_NAME

    @classmethod
    def of(cls, layout: Layout, *, takeover: bool) -> Stack:
        """Describe the installation's servers without starting them."""
        values = secrets.load(layout.secrets)
        admin_dsn, redis_url = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
        postgres = None if admin_dsn else EmbeddedPostgres(
            layout.postgres, password=values.postgres_password, log_file=layout.logs / "postgres.log",
            takeover=takeover)
        valkey = None if redis_url else EmbeddedValkey(
            layout.valkey, password=values.redis_password, log_file=layout.logs / "valkey.log", takeover=takeover)
        return cls(layout, values, postgres, valkey, admin_dsn, redis_url)

    def start(self) -> None:
        """Start what is embedded, both at once, and check what is given."""
        if self.valkey is not None:
            self.valkey.launch()  # It comes up while PostgreSQL does.
        else:
            check_redis(self.redis_url)
        if self.postgres is not None:
            self.admin_dsn = self.postgres.start()
        else:
            named = check_administrator(self.admin_dsn)
            self.database = DATABASE_NAME if named in MAINTENANCE_DATABASES else named
        if self.valkey is not None:
            self.redis_url = self.valkey.wait_until_ready()

    def stop(self) -> None:
        """Stop what is embedded and ours."""
        if self.valkey is not None:
            self.valkey.stop()
        if self.postgres is not None:
            self.postgres.stop()

    def kill(self) -> None:
        """End what is embedded and ours without manners."""
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.kill()

    def environment(self, *, public_port: int) -> dict[str, str]:
        """Return the environment of every process of the application: no more logins than the web needs."""
        base_host = os.environ.get("BASE_HOST") or "localhost"
        kept = {name: value for name, value in os.environ.items() if name not in PRIVATE}
        return {
            **kept,
            "DATABASE_URL": self.login("forecourt_app"),
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": os.environ.get("SECRET_KEY") or self.values.secret_key,
            "MASTER_KEY": os.environ.get("MASTER_KEY") or self.values.master_key,
            "BASE_HOST": base_host,
            "PUBLIC_SCHEME": os.environ.get("PUBLIC_SCHEME") or "http",
            "PUBLIC_PORT": os.environ.get("PUBLIC_PORT") or str(public_port),
            "FILES_DIR": os.environ.get("FILES_DIR") or str(self.layout.files),
            "DEMO_MAIL": os.environ.get("DEMO_MAIL") or str(int(is_loopback_host(base_host))),
            "FLASK_APP": "wsgi:app",
            "PYTHONUNBUFFERED": "1",
            "MALLOC_ARENA_MAX": "2",  # glibc otherwise keeps an arena per thread, tens of MB over the stack.
        }

    def login(self, user: str) -> str:
        """Return the address of one of the application's logins."""
        passwords = {
            "forecourt_app": self.values.app_password,
            "forecourt_migrator": self.values.migrator_password,
            "forecourt_relay": self.values.relay_password,
        }
        return login_dsn(self.admin_dsn, user, passwords[user], self.database)

    def for_migrator(self) -> dict[str, str]:
        """Return what the ops worker and the command line get besides."""
        # The relay's address too: its password is that of every further login, which the migrator makes.
        return {"MIGRATOR_DATABASE_URL": self.login("forecourt_migrator"), **self.for_relay()}

    def for_relay(self) -> dict[str, str]:
        """Return what the relay gets besides."""
        return {"RELAY_DATABASE_URL": self.login("forecourt_relay")}

    def for_administrator(self) -> dict[str, str]:
        """Return what preparing the installation gets besides."""
        return {**self.for_migrator(), "ADMIN_DATABASE_URL": self.admin_dsn, "FORECOURT_DATABASE": self.database}


# An administrator's address must not reach the application's processes by inheritance.
_DSNS = ("DATABASE_URL", "ADMIN_DATABASE_URL", "MIGRATOR_DATABASE_URL", "RELAY_DATABASE_URL")
PRIVATE = frozenset([*_DSNS, *(f"{name}_FILE" for name in _DSNS)])

