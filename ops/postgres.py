"""Runs one PostgreSQL server of our own, as a child process on the loopback address."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg

from ops import processes
from ops.accounts import own, reachable_data_dir, server_account
from ops.errors import OpsError
from ops.postgres_binaries import find_bin_dir, major_version

DEFAULT_SETTINGS: dict[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "max_locks_per_transaction": "512",
    # A connection serves many dealerships, each with files of its own: below this it closes and opens them all day.
    "max_files_per_process": "4000",
    "jit": "off",
    # Half of the server's own default: the machine's page cache holds the rest, and gives it back when asked.
    "shared_buffers": "64MB",
    # The audit is sealed in the order of commits; without their times the order within a round is a guess.
    "track_commit_timestamp": "on",
    "log_checkpoints": "off",
}
START_PATIENCE = 120.0
STOP_PATIENCE = 30.0


class EmbeddedPostgres:
    """A server with its own data folder: `start()` gives the superuser's DSN, `stop()` ends it cleanly.

    When a live server already holds the folder, `start()` attaches to it (and `stop()` then leaves it alone), or with
    `takeover=True` stops it first: for a caller that holds a lock on the folder, such a server is an orphan.
    """

    def __init__(self, data_dir: Path | str, *, password: str, port: int | None = None,
                 settings: Mapping[str, str] | None = None, bin_dir: Path | str | None = None,
                 log_file: Path | str | None = None, takeover: bool = False) -> None:
        self.wanted_dir = Path(data_dir).absolute()
        self.password = password
        self.port = port
        self.settings = {**DEFAULT_SETTINGS, **(settings or {})}
        self.log_file = Path(log_file) if log_file else self.wanted_dir.with_name(self.wanted_dir.name + ".log")
        self.takeover = takeover
        self.process: subprocess.Popen[bytes] | None = None
        self._fixed_port = port is not None
        self._wanted_bin_dir = Path(bin_dir) if bin_dir else None
        self._account = server_account()
        self.data_dir = self.wanted_dir  # Until `start` finds out whether the server's account can reach it.

    @property
    def dsn(self) -> str:
        """The superuser's address."""
        return self.dsn_for("postgres", self.password)

    def dsn_for(self, user: str, password: str, database: str = "postgres") -> str:
        """Return the address of another login or database on this server."""
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def exists(self) -> bool:
        """Say whether the cluster was made before."""
        return (reachable_data_dir(self.wanted_dir, self._account) / "PG_VERSION").exists()

    def start(self) -> str:
        """Make the cluster at the first start, run the server, wait until it answers; return the superuser's DSN."""
        self.wanted_dir.parent.mkdir(parents=True, exist_ok=True)
        self.data_dir = reachable_data_dir(self.wanted_dir, self._account)
        self.bin_dir = find_bin_dir(self._account, self._wanted_bin_dir)
        if self._meet_running_server():
            return self.dsn
        self._initialise()
        memory = self.wanted_dir.with_name(self.wanted_dir.name + ".port")
        for _attempt in range(3):
            if not self._fixed_port:
                self.port = processes.remembered_port(memory)
            self._launch()
            if self._wait_until_ready():
                self._fixed_port = True  # Clients know the address by now: a restart must come back to it.
                return self.dsn
            memory.unlink(missing_ok=True)  # Somebody else may have taken the port in between.
            if self._fixed_port:
                break
        raise OpsError(f"PostgreSQL did not start; the reason is at the end of {self.log_file}: {self._last_words()}")

    def stop(self) -> None:
        """Shut down cleanly (SIGINT: clients are dropped, everything is written). A server we attached to stays."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None

    def kill(self) -> None:
        """SIGKILL the server and all its backends, as a crash would; for drills."""
        if self.process is not None:
            processes.kill_tree(self.process.pid)  # Backends make sessions of their own, so a group kill misses them.
            self.process.wait()
            self.process = None

    def wipe(self) -> None:
        """Delete the data for good, after ending a server that still runs on it."""
        actual = self.data_dir = reachable_data_dir(self.wanted_dir, self._account)
        self.stop()
        self.takeover = True
        self._meet_running_server()
        for path in {actual, actual.with_name(actual.name + ".new"), self.wanted_dir}:
            shutil.rmtree(path, ignore_errors=True)
        for suffix in (".port", ".location", ".log"):
            self.wanted_dir.with_name(self.wanted_dir.name + suffix).unlink(missing_ok=True)

    def _identity(self) -> dict[str, object]:
        return self._account.popen() if self._account else {}

    def _initialise(self) -> None:
        version_file = self.data_dir / "PG_VERSION"
        if version_file.exists():
            made_by, have = version_file.read_text().strip(), major_version(self.bin_dir)
            if made_by != str(have):
                raise OpsError(f"The data in {self.data_dir} was made by PostgreSQL {made_by} and this is {have}: "
                               f"bring PostgreSQL {made_by} back, or start over with `up --fresh`.")
            return
        # Made under another name and renamed: a kill in the middle leaves nothing that looks like a database.
        making = self.data_dir.with_name(self.data_dir.name + ".new")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        own(making, self._account)
        password_file = self.data_dir.with_name(self.data_dir.name + ".password")
        password_file.unlink(missing_ok=True)
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, self.password.encode())
            os.close(descriptor)
            own(password_file, self._account)
            command = [str(self.bin_dir / "initdb"), "-D", str(making), "-U", "postgres", "--encoding=UTF8",
                       "--auth=scram-sha-256", f"--pwfile={password_file}"]
            if self.settings.get("fsync") == "off":
                command.append("--no-sync")
            made = self._run_initdb([*command, "--locale=C.UTF-8"])
            if made.returncode != 0 and "locale" in made.stderr:  # A machine without that locale.
                made = self._run_initdb([*command, "--locale=C"])
        finally:
            password_file.unlink(missing_ok=True)
        if made.returncode != 0:
            shutil.rmtree(making, ignore_errors=True)
            reason = (made.stderr.strip() or made.stdout.strip() or "no reason given").splitlines()[-1]
            raise OpsError(f"PostgreSQL could not make its data folder {self.data_dir}: {reason}")
        if self.data_dir.is_dir():
            self.data_dir.rmdir()
        making.rename(self.data_dir)

    def _run_initdb(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": "/usr/bin:/bin", "LC_MESSAGES": "C"}
        ran: subprocess.CompletedProcess[str] = subprocess.run(  # type: ignore[call-overload]
            command, cwd="/", capture_output=True, text=True, check=False, env=environment, **self._identity()
        )
        return ran

    def _meet_running_server(self) -> bool:
        """Attach to a live server of this folder, or end it; True when attached. A stale pid file is removed."""
        pid_file = self.data_dir / "postmaster.pid"
        try:
            lines = pid_file.read_text().splitlines()
            pid, port = int(lines[0]), int(lines[3])
        except (OSError, ValueError, IndexError):
            return False
        if not processes.is_alive(pid) or "postgres" not in processes.command_line(pid):
            pid_file.unlink(missing_ok=True)  # The number may belong to an innocent process by now.
            return False
        if not self.takeover:
            self.port = port
            if self._answers():
                return True
            raise OpsError(f"Another PostgreSQL (process {pid}) uses {self.data_dir} and does not answer: stop it.")
        processes.end(pid, signal.SIGINT, patience=STOP_PATIENCE)
        return False

    def _launch(self) -> None:
        options = {**self.settings, "port": str(self.port)}
        command = [str(self.bin_dir / "postgres"), "-D", str(self.data_dir)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={"PATH": "/usr/bin:/bin", "LC_MESSAGES": "C"}, preexec_fn=processes.die_with_parent(signal.SIGINT),
                **self._identity(),  # type: ignore[call-overload]
            )

    def _wait_until_ready(self) -> bool:
        deadline = time.monotonic() + START_PATIENCE
        while self.process is not None and self.process.poll() is None:
            if self._answers():
                return True
            if time.monotonic() > deadline:
                self.kill()
                raise OpsError(f"PostgreSQL did not answer within {START_PATIENCE:.0f} seconds; see {self.log_file}.")
            time.sleep(0.05)
        self.process = None
        return False

    def _answers(self) -> bool:
        """Run a real statement: an open port alone also shows while the server still recovers."""
        try:
            with psycopg.connect(self.dsn, connect_timeout=5) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                self.stop()
                raise OpsError(f"The database in {self.data_dir} was made with other secrets than those at hand: bring "
                               "var/secrets.json back, or start over with `up --fresh`.") from error
            return False

    def _last_words(self) -> str:
        with contextlib.suppress(OSError, IndexError):
            return self.log_file.read_text(errors="replace").splitlines()[-1]
        return "nothing was logged"
