"""Servers, application and dealerships for a bench: thrown away, or a fleet that is kept for the next bench."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from flask import Flask
from sqlalchemy import make_url

from app.core.db import directory, revisions
from app.core.db.bootstrap import LoginPasswords, bootstrap
from app.factory import create_app
from app.tenants.operations.provisioning import TenantRequest, create_tenant
from bench.report import say
from ops.accounts import scratch_folder
from ops.layout import ROOT, Layout
from ops.postgres import EmbeddedPostgres
from ops.valkey import EmbeddedValkey

DATABASE = "forecourt"
# A measure of work, not of the disk's patience; a drill that stops the server needs its writes kept.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}


@dataclass
class Ground:
    """Both servers, running, and what the processes on them are given."""

    folder: Path
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def admin_dsn(self) -> str:
        """The superuser's DSN in our database."""
        return make_url(self.postgres.dsn).set(database=DATABASE).render_as_string(hide_password=False)

    def application(self) -> Flask:
        """The application on this ground, its platform migrated."""
        app = create_app(self.environ)
        with app.app_context():
            revisions.upgrade_platform()
        return app

    def child_environ(self) -> dict[str, str]:
        """The whole environment of a child process."""
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **self.environ}


@contextmanager
def scratch(settings: Mapping[str, str] | None = None) -> Iterator[Ground]:
    """Ground that is thrown away afterwards."""
    folder = scratch_folder("forecourt-bench-")
    try:
        with _running(folder, FORGETFUL if settings is None else settings) as ground:
            yield ground
    finally:
        EmbeddedPostgres(folder / "postgres", password="").wipe()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fleet(tenants: int) -> Iterator[tuple[Ground, Flask, list[str]]]:
    """Ground with at least `tenants` dealerships, kept for the next bench and made anew when the DDL changes."""
    with kept("fleet", FORGETFUL) as ground:
        app = ground.application()
        with app.app_context():
            ids = [known.id for known in directory.all_tenants() if known.state == "active"]
            for number in range(len(ids), tenants):
                ids.append(make_tenant(f"fleet-{number:05d}"))
                if (number + 1) % 100 == 0:
                    say(f"  {number + 1} of {tenants} dealerships made")
        yield ground, app, ids[:tenants]


@contextmanager
def kept(name: str, settings: Mapping[str, str], mark: str = "") -> Iterator[Ground]:
    """Ground that is kept under `name` for the next bench, and made anew when the DDL or `mark` changes."""
    home = Layout.from_environment().data / "bench"
    folder = home / f"{name}-{_ddl_fingerprint()}{mark}"
    for old in home.glob(f"{name}-*"):
        if old.is_dir() and old != folder:
            EmbeddedPostgres(old / "postgres", password="").wipe()
            shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    with _running(folder, settings) as ground:
        yield ground


def _ddl_fingerprint() -> str:
    """What tells one release's DDL from another's: every migration, which a test holds equal to the models."""
    files = sorted(revisions.MIGRATIONS.glob("*/versions/*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def make_tenant(slug: str) -> str:
    """A dealership as the command line makes it; its id."""
    return create_tenant(request_of(slug))


def request_of(slug: str) -> TenantRequest:
    """What a dealership of a bench says about itself."""
    return TenantRequest(
        slug=slug, name=slug.title(), country="US", locale="en", currency="USD", timezone="UTC",
        store_name="Main", admin_name="Admin", admin_email=f"admin@{slug}.example",
    )  # fmt: skip


@contextmanager
def _running(folder: Path, settings: Mapping[str, str]) -> Iterator[Ground]:
    words = _passwords(folder)
    postgres = EmbeddedPostgres(folder / "postgres", password=words["root"], settings=settings, takeover=True)
    valkey = EmbeddedValkey(folder / "valkey", password=words["redis"], takeover=True)
    logins = LoginPasswords(words["app"], words["migrator"], words["relay"], words["backup"])
    try:
        valkey.launch()
        bootstrap(postgres.start(), logins, DATABASE)
        ground = Ground(folder, postgres, valkey)
        ground.environ = {
            "DATABASE_URL": _login(postgres, "forecourt_app", words["app"]),
            "MIGRATOR_DATABASE_URL": _login(postgres, "forecourt_migrator", words["migrator"]),
            "RELAY_DATABASE_URL": _login(postgres, "forecourt_relay", words["relay"]),
            "REDIS_URL": valkey.wait_until_ready(),
            "SECRET_KEY": words["secret"],
            "MASTER_KEY": base64.b64encode(bytes.fromhex(words["master"])).decode(),
            "FILES_DIR": str(folder / "files"),
            "PASSWORD_COST": "test",
            "DEMO_MAIL": "1",
            "LOG_LEVEL": "WARNING",
        }
        yield ground
    finally:
        valkey.stop()
        postgres.stop()


def _login(postgres: EmbeddedPostgres, user: str, password: str) -> str:
    return postgres.dsn_for(user, password, DATABASE)


def _passwords(folder: Path) -> dict[str, str]:
    """The secrets of this ground; a kept fleet needs the same ones each time."""
    path = folder / "secrets.json"
    if not path.exists():
        names = ("root", "app", "migrator", "relay", "backup", "redis", "secret", "master")
        made = {name: secrets.token_hex(32) for name in names}
        path.touch(mode=0o600)
        path.write_text(json.dumps(made))
    return dict(json.loads(path.read_text()))


def backend_pids(ground: Ground, application_name: str) -> list[int]:
    """The server processes of clients called `application_name`."""
    with psycopg.connect(ground.admin_dsn) as connection:
        rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", [application_name])
        return [row[0] for row in rows.fetchall()]
