"""A wrong configuration is told as a list of what is wrong, exit code 1, without a traceback, wherever it is met."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops.layout import ROOT

WRONG = {"LOG_LEVEL": "LOUD", "SESSION_HOURS": "many"}
SAID = [
    "The configuration is wrong:",
    "  - LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR",
    "  - SESSION_HOURS must be a whole number from 1 to 744",
]


def run(arguments: list[str], environment: dict[str, str]) -> list[str]:
    """Run a command that must fail, and return what it told."""
    private = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "MASTER_KEY", "PORT")
    kept = {name: value for name, value in os.environ.items() if name not in private}
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        check=False, env={**kept, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    assert ran.returncode == 1, ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr
    return ran.stderr.rstrip().splitlines()


@pytest.mark.parametrize("arguments", [["-c", "import wsgi"], ["-m", "flask", "--app", "wsgi:app", "tenants", "list"]])
def test_the_application_and_flask_commands(environ: dict[str, str], arguments: list[str]) -> None:
    assert run(arguments, {**environ, **WRONG}) == SAID


def test_up(tmp_path: Path, admin_url: str, redis_url: str) -> None:
    # Nothing is written to the server given: the settings are read before.
    servers = {"DATABASE_URL": admin_url, "REDIS_URL": redis_url, "FORECOURT_DATA": str(tmp_path / "var")}
    assert run(["-m", "ops", "up", "--port", "8765"], {**servers, **WRONG}) == SAID


def test_up_off_loopback_catches_no_mails_unless_it_is_told_to(tmp_path: Path, admin_url: str, redis_url: str) -> None:
    public = {"BASE_HOST": "dealers.example", "PUBLIC_SCHEME": "https", **WRONG}
    servers = {"DATABASE_URL": admin_url, "REDIS_URL": redis_url, "FORECOURT_DATA": str(tmp_path / "var")}
    assert run(["-m", "ops", "up", "--port", "8765"], {**servers, **public}) == SAID
    told = run(["-m", "ops", "up", "--port", "8765"], {**servers, **public, "DEMO_MAIL": "1"})
    assert told == [*SAID, "  - DEMO_MAIL must not be 1 unless BASE_HOST is localhost"]
