"""The suite's ground: real servers, a database per worker, and two dealerships that share their ids."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from hypothesis import settings
from sqlalchemy import make_url

from app.core.db import revisions, session
from app.core.db.bootstrap import LoginPasswords, bootstrap
from app.factory import create_app
from ops import assets
from ops.postgres import EmbeddedPostgres
from ops.valkey import EmbeddedValkey

# The suite asks the same questions in every run; `HYPOTHESIS_PROFILE=explore` asks new ones, and many more of them.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

pytest_plugins = [
    "tests.fixtures.audited",
    "tests.fixtures.dealerships",
    "tests.fixtures.serving",
    "tests.fixtures.watching",
]

PASSWORDS = LoginPasswords(app="test-app", migrator="test-migrator", relay="test-relay", backup="test-backup")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`forecourt.py test --full` looks at every screen in every combination; `--write-golden` renews stored texts."""
    parser.addoption("--full", action="store_true", help="every screen in all combinations, the API by every role")
    parser.addoption("--write-golden", action="store_true", help="write tests/data anew, to be read before it is kept")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have the pages' style and scripts as the sources say, also for a run without `forecourt.py test`."""
    if not hasattr(session.config, "workerinput"):
        assets.build()


@pytest.fixture(scope="session")
def admin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An administrator's DSN: of the servers the test command started, or of one for this process alone."""
    given = os.environ.get("FORECOURT_TEST_ADMIN_URL")
    if given:
        yield given
        return
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), password="test", settings={"fsync": "off"})
    yield server.start()
    server.wipe()  # As root the data lies outside pytest's folder, where nobody else would remove it.


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory, worker_number: int) -> Iterator[str]:
    """A Redis database of this worker's own."""
    given = os.environ.get("FORECOURT_TEST_REDIS_URL")
    if given:
        yield f"{given.rstrip('/').removesuffix('/0')}/{worker_number}"
        return
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"), password="test")
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def worker_number() -> int:
    """Which of the parallel test processes this is, from 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture(scope="session")
def database(admin_url: str, worker_number: int) -> Iterator[str]:
    """A bootstrapped database of this process; its name."""
    name = f"forecourt_test_{worker_number}_{os.getpid()}"
    bootstrap(admin_url, PASSWORDS, name)
    yield name
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def login_url(admin_url: str, login: str, password: str, database: str) -> str:
    """The DSN of one of our logins on the administrator's server."""
    url = make_url(admin_url).set(username=login, password=password, database=database)
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def environ(admin_url: str, redis_url: str, database: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an application under test, with every login a process could have."""
    return {
        # The suite asks more in a minute than any program may; the tests of limits say their own.
        **dict.fromkeys(("API_PER_KEY", "API_PER_USER", "API_PER_TENANT"), "1000000"),
        "DATABASE_URL": login_url(admin_url, "forecourt_app", PASSWORDS.app, database),
        "MIGRATOR_DATABASE_URL": login_url(admin_url, "forecourt_migrator", PASSWORDS.migrator, database),
        "RELAY_DATABASE_URL": login_url(admin_url, "forecourt_relay", PASSWORDS.relay, database),
        "REDIS_URL": redis_url,
        "SECRET_KEY": "a secret of the test suite, long enough",
        "MASTER_KEY": base64.b64encode(bytes(range(32))).decode(),
        "FILES_DIR": str(tmp_path_factory.mktemp("files")),
        "PASSWORD_COST": "test",
        "DEMO_MAIL": "1",
        "LOG_LEVEL": "WARNING",
    }


@pytest.fixture(scope="session")
def app(environ: dict[str, str]) -> Iterator[Flask]:
    """The application on a migrated platform, without any tenant yet."""
    made = create_app(environ)
    made.config["TESTING"] = True
    with made.app_context():
        revisions.upgrade_platform()
    yield made
    session.dispose_engines(made, close=True)
