"""Runs `python -m ops.prepare` (roles, migrations, demo) apart from the launcher, and shows how it goes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app.core.config import ConfigError, Settings
from ops import processes
from ops.accounts import digest
from ops.errors import OpsError
from ops.layout import ROOT, shown
from ops.secrets import load
from ops.stack import Stack


def prepare(stack: Stack, *, demo: bool, public_port: int, stopping: Callable[[], bool] = lambda: False) -> None:
    """Bring the database to this code and, when asked, load the demo; idempotent. Progress goes to our stdout."""
    log = stack.layout.logs / "prepare.log"
    command = [sys.executable, "-P", "-m", "ops.prepare", *(["--demo"] if demo else [])]
    environment = {**stack.environment(public_port=public_port), **stack.for_administrator(), "PYTHONPATH": str(ROOT)}
    try:
        Settings.load(environment)
    except ConfigError as error:
        raise OpsError(str(error)) from error
    # In a process of its own: the launcher keeps no models in its memory for the days that it runs.
    with log.open("wb") as errors:
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=errors, start_new_session=True,
                                   preexec_fn=processes.die_with_parent())
        while running.poll() is None:
            if stopping():
                processes.kill_tree(running.pid)
                running.wait()
                return
            time.sleep(0.05)
    if running.returncode != 0:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        reason = lines[-1] if lines else f"exit code {running.returncode}"
        raise OpsError(f"Preparing the database failed: {reason[:400]} (the rest is in {shown(log)})")
    stack.values = load(stack.layout.secrets)
    marker(stack).write_text(_which_database(stack))


def prepare_if_new(stack: Stack) -> None:
    """Prepare a database that never was, without the demo."""
    known = marker(stack)
    if not known.exists() or known.read_text() != _which_database(stack):
        prepare(stack, demo=False, public_port=8000)


def demo_accounts(stack: Stack) -> list[dict[str, str]]:
    """Return name, slug, sign-in e-mail and password of each demo dealership that `ops.prepare` made."""
    report = stack.layout.run / "demo.json"
    if not report.exists():
        return []
    # The passwords are kept with the other secrets, and only there.
    return [{**row, "password": stack.values.demo_password(row["slug"])} for row in json.loads(report.read_text())]


def console_link(stack: Stack) -> str | None:
    """Return the link of the first operator, as long as nobody has used it."""
    note = stack.layout.run / "operator.json"
    return json.loads(note.read_text())["url"] if note.exists() else None


def marker(stack: Stack) -> Path:
    """Return the file that says which database this data folder was prepared with."""
    return stack.layout.data / "prepared"


def _which_database(stack: Stack) -> str:
    return "embedded" if stack.postgres is not None else digest(stack.admin_dsn)
