"""The linter and the type checker agree with the whole tree."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKS = {
    "ruff": ["ruff", "check", "--quiet", "."],
    "mypy": ["mypy", "--no-error-summary", "app", "worker", "ops", "bench"],
}


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_check_is_clean(name):
    program, *arguments = CHECKS[name]
    command = [Path(sys.executable).with_name(program), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
