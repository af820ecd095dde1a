"""`python -m ops.bootstrap`: makes logins, database and schemas on an empty server, and migrates; idempotent.

What a deployment runs before its other processes, and again at every release. It alone is given the administrator's
address; the passwords of the logins it makes are those in the addresses that the other processes are given.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import psycopg

from app.core.config import ConfigError
from app.core.db.bootstrap import APP, MIGRATOR, RELAY, LoginPasswords, bootstrap
from app.core.errors import DomainError
from app.factory import create_app
from ops.errors import OpsError
from ops.prepare import first_line, migrate
from worker.environment import read


def login_of(environ: Mapping[str, str], name: str, user: str) -> tuple[str, str]:
    """Return password and database of the address that setting `name` holds; it must be the login `user`."""
    parts = urlsplit(read(environ, name))
    database = unquote(parts.path.lstrip("/"))
    if parts.username != user or not parts.password or not database:
        raise OpsError(f"{name} must be an address like postgresql://{user}:PASSWORD@HOST:5432/forecourt.")
    return unquote(parts.password), database


def make_logins(environ: Mapping[str, str]) -> None:
    """Create what the addresses in `environ` speak of."""
    app, database = login_of(environ, "DATABASE_URL", APP)
    migrator, second = login_of(environ, "MIGRATOR_DATABASE_URL", MIGRATOR)
    relay, third = login_of(environ, "RELAY_DATABASE_URL", RELAY)
    if not database == second == third:
        raise OpsError("DATABASE_URL, MIGRATOR_DATABASE_URL and RELAY_DATABASE_URL must name the same database.")
    passwords = LoginPasswords(app=app, migrator=migrator, relay=relay, backup=read(environ, "BACKUP_PASSWORD"))
    bootstrap(read(environ, "ADMIN_DATABASE_URL"), passwords, database)


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Bring the server that `environ` names to this release."""
    try:
        make_logins(environ)
        with create_app(environ).app_context():
            migrate()
    except psycopg.errors.InsufficientPrivilege as error:
        print(f"ADMIN_DATABASE_URL must be the address of a superuser: {first_line(error)}", file=sys.stderr)
    except (psycopg.Error, DomainError, ConfigError, OpsError, OSError) as error:
        print(first_line(error), file=sys.stderr)
    else:
        print("The database is ready.", flush=True)
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
