"""Keeps the processes of the application running, and ends them in order."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ops import processes
from ops.layout import ROOT, Layout, shown
from ops.stack import Stack

LONG_ENOUGH = 60.0  # A process that lived this long before it died starts its count anew.
LOUD_AFTER = 4
LONGEST_WAIT = 30.0
LOG_LIMIT = 32_000_000


@dataclass(frozen=True)
class Program:
    """One process of the stack. Programs of one stage stop together; lower stages stop first."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    stage: int
    patience: float = 15.0


@dataclass
class Child:
    """A program as it runs."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = 0
    retry_at: float = 0.0


@dataclass
class Supervisor:
    """Starts programs and restarts what dies. Use from the main thread: children die with the thread that made them."""

    layout: Layout
    stack: Stack
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    signals: int = 0
    _looked_at_logs: float = 0.0

    def listen(self) -> None:
        """Count the signals that ask us to stop."""
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._count)

    def _count(self, _signum: int, _frame: object) -> None:
        self.signals += 1

    @property
    def stopping(self) -> bool:
        """Whether somebody asked us to stop."""
        return self.signals > 0

    def end_orphans(self) -> None:
        """End what a killed launcher left behind, where the kernel did not do it for us."""
        for memory in self.layout.run.glob("*.pid"):
            with contextlib.suppress(OSError, ValueError):
                pid = int(memory.read_text())
                if processes.is_alive(pid) and str(ROOT) in processes.command_line(pid):
                    processes.end(pid, signal.SIGTERM, patience=10.0)
            memory.unlink(missing_ok=True)

    def add(self, program: Program) -> None:
        """Start a program and watch it from now on."""
        child = Child(program)
        self.children.append(child)
        self._start(child)

    def look(self) -> None:
        """Notice what died and start it again, later each time."""
        now = time.monotonic()
        self._look_at_servers()
        for child in self.children:
            if child.process is None:
                if now >= child.retry_at:
                    self._start(child)
                continue
            code = child.process.poll()
            if code is None:
                continue
            processes.kill_group(child.process.pid)  # What it leaves behind must not run beside its successor.
            child.deaths = 1 if now - child.started_at > LONG_ENOUGH else child.deaths + 1
            wait = min(LONGEST_WAIT, 0.5 * 2**child.deaths)
            child.process, child.retry_at = None, now + wait
            self._tell_of_death(child, code, wait)
        if now - self._looked_at_logs > LONGEST_WAIT:
            self._looked_at_logs = now
            self._trim_logs()

    def watch(self) -> None:
        """Look after everything until somebody asks us to stop."""
        while not self.stopping:
            self.look()
            time.sleep(0.2)

    def stop(self) -> None:
        """End everything in order: web, beat and relay, workers, Valkey, PostgreSQL. A further signal kills."""
        asked = self.signals
        for stage in sorted({child.program.stage for child in self.children}):
            alive = [child for child in self.children if child.program.stage == stage and child.process is not None]
            for child in alive:
                self._signal(child, signal.SIGTERM)
            deadline = time.monotonic() + max((child.program.patience for child in alive), default=0.0)
            while any(child.process is not None and child.process.poll() is None for child in alive):
                if self.signals > asked:
                    self.kill()
                    return
                if time.monotonic() > deadline:
                    break
                time.sleep(0.03)
            for child in alive:
                self._bury(child)
        self.stack.stop()

    def kill(self) -> None:
        """End everything at once."""
        for child in self.children:
            self._bury(child)
        self.stack.kill()

    def log_of(self, name: str) -> Path:
        """Return where a program's output goes."""
        return self.layout.logs / f"{name}.log"

    def last_words(self, name: str) -> str:
        """Return the last line a program wrote."""
        with contextlib.suppress(OSError, IndexError):
            return self.log_of(name).read_text(errors="replace").strip().splitlines()[-1][:300]
        return "nothing"

    def _start(self, child: Child) -> None:
        program = child.program
        with self.log_of(program.name).open("ab") as log:
            try:
                child.process = subprocess.Popen(
                    list(program.command), cwd=ROOT, env=dict(program.environment), stdin=subprocess.DEVNULL,
                    stdout=log, stderr=log, start_new_session=True, preexec_fn=processes.die_with_parent(),
                )
            except OSError as error:
                child.deaths += 1
                child.retry_at = time.monotonic() + LONGEST_WAIT
                self.say(f"{program.name} cannot be started: {error.strerror} ({program.command[0]}).")
                return
        child.started_at = time.monotonic()
        (self.layout.run / f"{program.name}.pid").write_text(f"{child.process.pid}\n")

    def _look_at_servers(self) -> None:
        for name, server in (("PostgreSQL", self.stack.postgres), ("Valkey", self.stack.valkey)):
            if server is not None and server.process is not None and server.process.poll() is not None:
                self.say(f"{name} died and is being started again; its log: {shown(server.log_file)}")
                server.start()

    def _tell_of_death(self, child: Child, code: int, wait: float) -> None:
        name, log = child.program.name, shown(self.log_of(child.program.name))
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        if child.deaths < LOUD_AFTER:
            self.say(f"{name} died ({how}); it is started again in {wait:.0f} s. Log: {log}")
        elif child.deaths == LOUD_AFTER:
            self.say(f"{name} has died {child.deaths} times in a row and is tried again every {LONGEST_WAIT:.0f} s "
                     f"from now on. Its last words in {log}: {self.last_words(name)}")

    def _signal(self, child: Child, signum: int) -> None:
        if child.process is not None:
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(signum)

    def _bury(self, child: Child) -> None:
        if child.process is not None:
            if child.process.poll() is None:
                processes.kill_tree(child.process.pid)
            processes.kill_group(child.process.pid)
            child.process.wait()
            child.process = None
        (self.layout.run / f"{child.program.name}.pid").unlink(missing_ok=True)

    def _trim_logs(self) -> None:
        """Keep a log and one before it. The programs append, so the file can be cut under them."""
        for log in self.layout.logs.glob("*.log"):
            if log.stat().st_size > LOG_LIMIT:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)
