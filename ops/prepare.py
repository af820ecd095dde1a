"""`python -m ops.prepare [--demo]`: roles, migrations and the demonstration dealerships; idempotent.

Runs with ADMIN_DATABASE_URL and MIGRATOR_DATABASE_URL. What is worth showing goes to stdout, faults to stderr: the
last line there is the sentence a person sees.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from typing import Any

import psycopg

from app.core.config import ConfigError
from app.core.db import operators, revisions, transaction
from app.core.db.bootstrap import LoginPasswords, bootstrap
from app.core.db.tenancy import current_settings
from app.core.errors import DomainError
from app.factory import create_app
from app.operators.cli import link_url
from app.operators.operations import accounts
from app.operators.operations.actor import COMMAND_LINE
from app.operators.queries.accounts import anybody_can_sign_in, find_operator
from app.tenants.operations import migrating
from ops import secrets
from ops.layout import Layout

DEMO = "ops.demo"
FIRST_OPERATOR = "operator@example.com"


def make_roles(values: secrets.Secrets) -> None:
    """Create logins, database, schemas and extensions."""
    passwords = LoginPasswords(app=values.app_password, migrator=values.migrator_password, relay=values.relay_password,
                               backup=values.backup_password)
    bootstrap(os.environ["ADMIN_DATABASE_URL"], passwords, os.environ.get("FORECOURT_DATABASE") or "forecourt")


def migrate() -> None:
    """Bring platform and tenants to this code; a tenant that fails stays whole and closed, the others go on."""
    revisions.upgrade_platform()
    report = migrating.migrate_tenants()
    if report.migrated:
        print(f"Dealerships migrated: {len(report.migrated)}.", flush=True)
    for tenant_id, reason in sorted(report.failed.items()):
        print(f"Dealership {tenant_id} could not be migrated and stays closed: {reason}", flush=True)


def load_demo(layout: Layout, values: secrets.Secrets) -> None:
    """Create what is missing of the demonstration and write down its accounts for the launcher to print.

    The demonstration's package has `load(password_for, say)`, which returns slug, name and e-mail of each dealership.
    """
    load: Callable[..., list[dict[str, Any]]] = importlib.import_module(DEMO).load
    known = dict(values.demo_passwords)

    def password_for(slug: str) -> str:
        password = values.demo_password(slug)
        if slug not in known:  # Kept before it is used: a kill in between must not lock anybody out.
            secrets.write(layout.secrets, values)
            known[slug] = password
        return password

    accounts = load(password_for, lambda text: print(text, flush=True))
    rows = [{"slug": row["slug"], "name": row["name"], "email": row["email"]} for row in accounts]
    (layout.run / "demo.json").write_text(json.dumps(rows))


def offer_console(layout: Layout, *, is_loopback: bool) -> None:
    """Write down how to begin as the first operator, for the launcher to print; once somebody has, nothing.

    On a machine of one's own alone: elsewhere the first operator is made by `flask operators create`.
    """
    note = layout.run / "operator.json"
    note.unlink(missing_ok=True)
    if not is_loopback:
        return
    with operators():
        if anybody_can_sign_in():
            return
        with transaction():
            known = find_operator(FIRST_OPERATOR)
            made = accounts.add_operator(COMMAND_LINE, name="Operator", email=FIRST_OPERATOR) if known is None else None
            token = made[1] if made else accounts.new_link(COMMAND_LINE, known.id)
    # Whoever may read the installation's secrets may read this, and nobody else.
    with os.fdopen(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump({"url": link_url(token)}, out)


def main(arguments: list[str]) -> int:
    """Prepare the installation that the environment names."""
    layout = Layout.from_environment()
    values = secrets.load(layout.secrets)
    try:
        make_roles(values)
        app = create_app()
        with app.app_context():
            migrate()
            if "--demo" in arguments and importlib.util.find_spec(DEMO) is not None:
                load_demo(layout, values)
            offer_console(layout, is_loopback=current_settings().is_loopback)
    except psycopg.errors.InsufficientPrivilege as error:
        print(f"DATABASE_URL must be the address of a superuser: {first_line(error)}", file=sys.stderr)
    except (psycopg.Error, DomainError, ConfigError) as error:
        print(first_line(error), file=sys.stderr)
    else:
        return 0
    return 1


def first_line(error: Exception) -> str:
    """Return an error as one line."""
    if isinstance(error, ConfigError):
        return " ".join(str(error).split())
    return (str(error).strip() or type(error).__name__).splitlines()[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
