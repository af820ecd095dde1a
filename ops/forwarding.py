"""Runs a `flask …` command on the installation's servers, starting them for its duration when they are down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from ops.catalogues import compile_catalogues
from ops.layout import ROOT, Layout
from ops.lockfile import FolderLock
from ops.preparing import prepare_if_new
from ops.stack import Stack


def main(arguments: list[str]) -> int:
    """Run `flask ARGUMENTS` with the migrator's login, in the folder of whoever called."""
    layout = Layout.from_environment()
    layout.make()
    lock = FolderLock(layout.lock)
    alone = lock.take("flask")
    stack = Stack.of(layout, takeover=alone)
    try:
        compile_catalogues()
        stack.start()
        prepare_if_new(stack)
        environment = {**stack.environment(public_port=_public_port(layout)), **stack.for_migrator(),
                       "PYTHONPATH": str(ROOT)}
        # Ctrl-C reaches the command by itself (same terminal); we outlive it to stop the servers.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return subprocess.run([sys.executable, "-P", "-m", "flask", *arguments], env=environment, check=False,
                                  preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)).returncode
        finally:
            signal.signal(signal.SIGINT, before)
    finally:
        stack.stop()
        lock.release()


def _public_port(layout: Layout) -> int:
    """Return the port `up` used last: links that a command makes lead there."""
    try:
        return int((layout.data / "web.port").read_text())
    except (OSError, ValueError):
        return int(os.environ.get("PUBLIC_PORT") or 8000)
