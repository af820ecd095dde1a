"""The supervisor with real processes: what dies comes back, everything ends in order, nothing is left."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops import processes, secrets
from ops.layout import Layout
from ops.stack import Stack
from ops.supervisor import LOUD_AFTER, Program, Supervisor

POLITE = """
import signal, sys, time
def leave(*_):
    open(sys.argv[1], "a").write(sys.argv[2] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("up", flush=True)
time.sleep(60)
"""
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(60)
"""


class Said(list[str]):
    """What the supervisor told the person."""


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def supervisor(tmp_path: Path, said: Said) -> Iterator[Supervisor]:
    layout = Layout(tmp_path / "var")
    layout.make()
    made = Supervisor(layout, Stack(layout, secrets.Secrets(), None, None), said.append)
    yield made
    made.kill()


def script(name: str, text: str, *arguments: str, stage: int = 0, patience: float = 5.0) -> Program:
    """A program of a few lines of Python."""
    return Program(name, [sys.executable, "-c", text, *arguments], dict(os.environ), stage, patience)


def wait_for(condition: Callable[[], object], supervisor: Supervisor | None = None) -> None:
    """Wait until something is so, for at most ten seconds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        if supervisor is not None:
            supervisor.look()
        time.sleep(0.02)


def test_what_is_killed_is_started_again_with_a_sentence(supervisor: Supervisor, said: Said, tmp_path: Path) -> None:
    supervisor.add(script("web", POLITE, str(tmp_path / "order"), "web"))
    child = supervisor.children[0]
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: child.process is not None and child.process.pid != first, supervisor)
    assert said[0].startswith("web died (signal 9); it is started again")
    assert str(supervisor.log_of("web")) in said[0]


def test_repeated_death_is_told_once_with_its_last_words(supervisor: Supervisor, said: Said) -> None:
    supervisor.add(script("worker", "import sys; sys.exit('no such broker')"))
    child = supervisor.children[0]
    for _ in range(LOUD_AFTER + 1):
        wait_for(lambda: child.process is None, supervisor)
        child.retry_at = 0.0
        supervisor.look()
        assert child.process is not None
    loud = [line for line in said if "times in a row" in line]
    assert len(loud) == 1
    assert "no such broker" in loud[0]


def test_stages_end_in_order(supervisor: Supervisor, tmp_path: Path) -> None:
    order = tmp_path / "order"
    for name, stage in (("worker", 3), ("web", 1), ("beat", 2)):
        supervisor.add(script(name, POLITE, str(order), name, stage=stage))
        wait_for(lambda name=name: "up" in supervisor.log_of(name).read_text())
    supervisor.stop()
    assert order.read_text().split() == ["web", "beat", "worker"]
    assert list(supervisor.layout.run.iterdir()) == []


def test_what_does_not_leave_is_killed_with_its_children(supervisor: Supervisor) -> None:
    supervisor.add(script("stubborn", STUBBORN, patience=0.3))
    wait_for(lambda: supervisor.log_of("stubborn").read_text().strip())
    grandchild = int(supervisor.log_of("stubborn").read_text())
    assert processes.is_alive(grandchild)
    supervisor.stop()
    wait_for(lambda: not processes.is_alive(grandchild))


def test_a_program_that_is_missing_is_a_sentence(supervisor: Supervisor, said: Said) -> None:
    supervisor.add(Program("gateway", ["/nowhere/caddy"], {}, 0))
    assert said == ["gateway cannot be started: No such file or directory (/nowhere/caddy)."]


def test_a_program_gets_its_own_environment_only(supervisor: Supervisor) -> None:
    show = [sys.executable, "-c", "import os; print(sorted(os.environ), flush=True)"]
    supervisor.add(Program("shown", show, {"ONLY": "this"}, 0))
    wait_for(lambda: supervisor.log_of("shown").read_text().strip())
    assert "ONLY" in supervisor.log_of("shown").read_text()
    assert "PATH" not in supervisor.log_of("shown").read_text()


def test_orphans_of_a_killed_launcher_are_ended(supervisor: Supervisor, tmp_path: Path) -> None:
    from_here = [sys.executable, "-c", POLITE, str(tmp_path / "order"), "orphan"]
    supervisor.add(Program("orphan", from_here, dict(os.environ), 0))
    wait_for(lambda: "up" in supervisor.log_of("orphan").read_text())
    successor = Supervisor(supervisor.layout, supervisor.stack, print)
    successor.end_orphans()
    process = supervisor.children[0].process
    assert process is not None
    assert process.wait(5) == 0


def test_a_recycled_number_is_not_an_orphan(supervisor: Supervisor) -> None:
    memory = supervisor.layout.run / "web.pid"
    memory.write_text("1\n")  # Surely alive, surely not ours.
    supervisor.end_orphans()
    assert processes.is_alive(1)
    assert not memory.exists()
