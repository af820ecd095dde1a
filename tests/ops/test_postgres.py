"""The embedded PostgreSQL against real crashes: what was committed is there, and nobody else's server is touched."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ops import processes
from ops.accounts import scratch_folder
from ops.errors import OpsError
from ops.layout import ROOT
from ops.postgres import EmbeddedPostgres

PASSWORD = "a password/with @ signs"
LAUNCHER = """
import sys
from ops.postgres import EmbeddedPostgres
server = EmbeddedPostgres(sys.argv[1], password=sys.argv[2], settings={"fsync": "off"})
server.start()
print(server.process.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[EmbeddedPostgres]:
    folder = scratch_folder("forecourt-ops-")
    server = EmbeddedPostgres(folder / "postgres", password=PASSWORD, settings={"fsync": "off"})
    server.start()
    with psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE kept (n integer)")
    server.stop()
    yield server
    server.stop()
    server.wipe()
    shutil.rmtree(folder)


@pytest.fixture
def server(cluster: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    cluster.start()
    yield cluster
    cluster.stop()


def add_row(dsn: str) -> int:
    """Insert a row and return how many there are."""
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO kept VALUES (1)")
        found = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert found is not None
    return int(found[0])


def test_a_crash_keeps_what_was_committed_and_the_address(server: EmbeddedPostgres) -> None:
    before, address = add_row(server.dsn), server.dsn
    server.kill()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address)
    assert server.start() == address
    assert add_row(server.dsn) == before + 1


def test_the_server_is_fit_for_the_platform(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        wanted = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200",
                  "jit": "off", "max_locks_per_transaction": "512", "max_files_per_process": "4000",
                  "password_encryption": "scram-sha-256", "track_commit_timestamp": "on"}
        shown = {name: connection.execute(f"SHOW {name}").fetchone() for name in wanted}  # type: ignore[call-overload]
        assert shown == {name: (value,) for name, value in wanted.items()}
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        rules = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
    assert rules == [("scram-sha-256",)]
    assert os.stat(server.data_dir).st_mode & 0o077 == 0


def test_a_second_launcher_attaches_and_leaves_the_server_alone(server: EmbeddedPostgres) -> None:
    second = EmbeddedPostgres(server.wanted_dir, password=PASSWORD)
    assert second.start() == server.dsn
    second.stop()
    second.kill()
    assert add_row(server.dsn) > 0


def test_other_secrets_are_refused_with_a_sentence(server: EmbeddedPostgres) -> None:
    server.stop()
    stranger = EmbeddedPostgres(server.wanted_dir, password="another")
    with pytest.raises(OpsError, match="made with other secrets"):
        stranger.start()
    assert stranger.process is None


def test_a_stale_pid_file_that_names_an_innocent_process(server: EmbeddedPostgres) -> None:
    server.kill()
    pid_file = server.data_dir / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    server.start()
    assert add_row(server.dsn) > 0


def test_a_killed_launcher_leaves_nothing_that_stops_the_next(server: EmbeddedPostgres) -> None:
    before = add_row(server.dsn)
    server.stop()
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCHER, str(server.wanted_dir), PASSWORD], cwd=ROOT,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert launcher.stdin is not None
    assert launcher.stdout is not None
    orphan = int(launcher.stdout.readline())
    launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    launcher.stdin.close()
    launcher.stdout.close()
    server.takeover = True
    server.start()
    assert not processes.is_alive(orphan)
    assert server.process is not None
    assert add_row(server.dsn) == before + 1


def test_a_taken_port_is_left_for_another(cluster: EmbeddedPostgres) -> None:
    fresh = EmbeddedPostgres(cluster.wanted_dir, password=PASSWORD)
    memory = Path(f"{cluster.wanted_dir}.port")
    taken = EmbeddedPostgres(cluster.wanted_dir.with_name("other"), password=PASSWORD, settings={"fsync": "off"})
    taken.start()
    try:
        memory.write_text(f"{taken.port}\n")
        fresh.start()
        assert fresh.port != taken.port
        assert int(memory.read_text()) == fresh.port
    finally:
        fresh.stop()
        taken.wipe()


def test_data_of_another_version_is_refused_with_a_sentence(cluster: EmbeddedPostgres) -> None:
    cluster.stop()
    version = cluster.data_dir / "PG_VERSION"
    real = version.read_text()
    version.write_text("9\n")
    try:
        with pytest.raises(OpsError, match="was made by PostgreSQL 9"):
            cluster.start()
    finally:
        version.write_text(real)
