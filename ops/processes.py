"""Processes as the operating system sees them: alive, whose children, what name, how to end them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(signum: int = signal.SIGTERM) -> Callable[[], None] | None:
    """Return a `preexec_fn` that has the kernel send `signum` when our process dies; None where that is unknown.

    The kernel watches the *thread* that forked, so children must be started from a thread that lives on.
    """
    if _LIBC is None:
        return None
    parent = os.getpid()

    def arrange() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signum)
        if os.getppid() != parent:  # The launcher died between fork and prctl.
            os._exit(1)

    return arrange


def is_alive(pid: int) -> bool:
    """Say whether the process exists and is not a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return sys.platform != "linux"


def command_line(pid: int) -> str:
    """Return the command line of a process, empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        if sys.platform == "linux":
            return ""
    shown = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
    return shown.stdout.strip()


def _parents() -> dict[int, int]:
    if sys.platform == "linux":
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError, IndexError, ValueError):
                    found[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        return found
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False).stdout
    return {int(pid): int(ppid) for pid, ppid in (line.split() for line in listed.splitlines() if line.strip())}


def descendants(pid: int) -> list[int]:
    """Return every process below `pid`, nearest first."""
    parents = _parents()
    found, layer = [], [pid]
    while layer:
        layer = [child for child, parent in parents.items() if parent in layer]
        found += layer
    return found


def kill_tree(pid: int) -> None:
    """SIGKILL a process and everything below it; children that made sessions of their own included."""
    for victim in [pid, *descendants(pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)


def kill_group(pid: int) -> None:
    """SIGKILL what is left of the process group that a child of ours led."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end(pid: int, signum: int, *, patience: float) -> bool:
    """Signal a process that is not our child, wait, kill its tree when it stays. True when it went by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signum)
    deadline = time.monotonic() + patience
    while is_alive(pid):
        if time.monotonic() > deadline:
            kill_tree(pid)
            return False
        time.sleep(0.05)
    return True


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port nobody listens on at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def remembered_port(memory: Path) -> int:
    """Return the port written in `memory` while it is free, else a new one, written down."""
    with contextlib.suppress(OSError, ValueError):
        port = int(memory.read_text())
        if port_is_free(port):
            return port
    return new_port(memory)


def new_port(memory: Path) -> int:
    """Choose a free port and write it down."""
    port = free_port()
    memory.write_text(f"{port}\n")
    return port


def resolves(name: str) -> bool:
    """Say whether this machine's resolver knows a host name."""
    try:
        return bool(socket.getaddrinfo(name, None))
    except OSError:
        return False
