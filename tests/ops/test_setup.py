"""`forecourt.py` in a folder of its own: the environment is made once, and anew when it no longer fits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ops.layout import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a checkout"
    (folder / "locks").mkdir(parents=True)
    shutil.copyfile(ROOT / "forecourt.py", folder / "forecourt.py")
    shutil.copyfile(ROOT / "locks" / "uv.lock", folder / "locks" / "uv.lock")
    (folder / "locks" / "embedded.lock").write_text("# nothing is needed\n")
    return folder


def forecourt(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, folder / "forecourt.py", *arguments], capture_output=True, text=True,
                          check=False, timeout=120, env={**os.environ, **environment})


def test_the_second_start_needs_no_installer(checkout: Path) -> None:
    first = forecourt(checkout, "setup")
    assert first.returncode == 0, first.stderr
    assert "Installing packages from locks/embedded.lock" in first.stderr
    # With an empty PATH no installer could be found, and none is looked for.
    second = forecourt(checkout, "setup", PATH="/nonexistent")
    assert (second.returncode, second.stderr) == (0, "")


def test_another_lock_removes_nothing_and_a_changed_one_is_installed(checkout: Path) -> None:
    forecourt(checkout, "setup")
    (checkout / "locks" / "gateway.lock").write_text("# more\n")
    assert "locks/gateway.lock" in forecourt(checkout, "setup", "gateway").stderr
    assert forecourt(checkout, "setup").stderr == ""
    (checkout / "locks" / "embedded.lock").write_text("# something else\n")
    assert "locks/embedded.lock" in forecourt(checkout, "setup").stderr


def test_a_moved_folder_and_another_python_make_it_anew(checkout: Path) -> None:
    forecourt(checkout, "setup")
    moved = checkout.with_name("moved")
    checkout.rename(moved)
    anew = "made by another Python or in another folder"
    assert anew in forecourt(moved, "setup").stderr
    assert forecourt(moved, "setup").stderr == ""
    config = moved / ".venv" / "pyvenv.cfg"
    lines = ["version_info = 3.9.1" if line.startswith("version") else line for line in config.read_text().splitlines()]
    config.write_text("\n".join(lines))
    assert anew in forecourt(moved, "setup").stderr


@pytest.mark.parametrize(("arguments", "sentence"), [
    (("upp",), "There is no command 'upp': see python3 forecourt.py help."),
    (("setup", "nothing"), "There is no locks/nothing.lock."),
])
def test_wrong_commands_are_one_sentence(checkout: Path, arguments: tuple[str, ...], sentence: str) -> None:
    ran = forecourt(checkout, *arguments)
    assert (ran.returncode, ran.stderr) == (1, sentence + "\n")


def test_help_needs_nothing(checkout: Path) -> None:
    ran = forecourt(checkout, "help")
    assert ran.returncode == 0
    assert "up [--port N]" in ran.stdout
    assert not (checkout / ".venv").exists()
