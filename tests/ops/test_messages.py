"""Every way in which a start can fail is one clear sentence, exit code 1 and no traceback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ops.accounts import scratch_folder
from ops.layout import ROOT
from ops.lockfile import FolderLock
from ops.postgres import EmbeddedPostgres
from ops.stack import login_dsn


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    folder = scratch_folder("forecourt-ops-")
    server = EmbeddedPostgres(folder / "postgres", password="x", settings={"fsync": "off"})
    server.start()
    yield server
    server.wipe()
    shutil.rmtree(folder)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "var"


def command(data: Path, *arguments: str, **environment: str) -> str:
    """Run a command that must fail, and return its one sentence."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "PORT")}
    ran = subprocess.run([sys.executable, "-m", "ops", *arguments], cwd=ROOT, capture_output=True, text=True,
                         timeout=60, stdin=subprocess.DEVNULL, check=False,
                         env={**kept, "FORECOURT_DATA": str(data), "PYTHONPATH": str(ROOT), **environment})
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stderr.strip()


def test_a_busy_port(data: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        said = command(data, "up", "--port", str(port))
    assert said == f"Port {port} is in use by another program: stop it, or choose another with --port."


def test_a_second_start_in_the_same_folder(data: Path) -> None:
    data.mkdir()
    lock = FolderLock(data / "up.lock")
    assert lock.take("up 8000")
    said = command(data, "up", "--port", "8765")
    lock.release()
    assert said == f"Forecourt already runs in this folder (process {os.getpid()}, port 8000): stop it first."


def test_a_full_disk(data: Path) -> None:
    said = command(data, "up", "--port", "8765", FORECOURT_ROOM_MB="999999999")
    assert said.startswith("The disk is nearly full: ")


def test_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = command(tmp_path / "file" / "var", "up", "--port", "8765")
    assert said == f"The data folder {tmp_path}/file/var cannot be made: Not a directory."


def test_starting_over_without_anybody_to_ask(data: Path) -> None:
    data.mkdir()
    (data / "secrets.json").write_text("kept")
    said = command(data, "up", "--port", "8765", "--fresh")
    assert said == "--fresh deletes all data and nobody is there to ask: add --yes."
    assert (data / "secrets.json").read_text() == "kept"


@pytest.mark.parametrize(("dsn", "reason"), [
    ("postgresql://someone:pw@127.0.0.1:9/x", "DATABASE_URL does not lead to a database: "),
    ("no address at all", "DATABASE_URL does not lead to a database: "),
])
def test_a_broken_database_address(data: Path, dsn: str, reason: str) -> None:
    said = command(data, "up", "--port", "8765", DATABASE_URL=dsn)
    assert said.startswith(reason)
    assert "pw" not in said


def test_a_database_login_that_cannot_create_roles(data: Path, server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'y'")
    said = command(data, "up", "--port", "8765", DATABASE_URL=login_dsn(server.dsn, "plain", "y"))
    assert said == "DATABASE_URL must be an administrator's address: 'plain' cannot create roles on that server."


def test_a_broken_redis_address(data: Path, server: EmbeddedPostgres) -> None:
    said = command(data, "up", "--port", "8765", DATABASE_URL=server.dsn, REDIS_URL="redis://127.0.0.1:9/0")
    assert said.startswith("REDIS_URL does not lead to a Redis server: ")


def test_starting_over_does_not_touch_a_given_database(data: Path, server: EmbeddedPostgres) -> None:
    said = command(data, "up", "--port", "8765", "--fresh", "--yes", DATABASE_URL=server.dsn)
    assert said == "--fresh deletes the embedded database only: drop the one of DATABASE_URL yourself."


def test_measuring_what_does_not_run(data: Path) -> None:
    assert command(data, "memory").startswith("Forecourt does not run in this folder")


def test_an_unknown_command(data: Path) -> None:
    assert command(data, "upp").startswith("There is no command 'upp'")


def test_options_of_an_address_stay_with_every_login() -> None:
    given = "postgresql://admin:secret@db.example:6432/postgres?sslmode=require&connect_timeout=3"
    made = login_dsn(given, "forecourt_app", "p@ss/word", "forecourt")
    address, _, options = made.partition("?")
    assert address == "postgresql://forecourt_app:p%40ss%2Fword@db.example:6432/forecourt"
    assert sorted(options.split("&")) == ["connect_timeout=3", "sslmode=require"]
    assert "secret" not in made
