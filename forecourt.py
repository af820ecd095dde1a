#!/usr/bin/env python3
"""Sets Forecourt up and runs it: `python3 forecourt.py up`. Needs Python alone; the rest comes from the locks.

  up [--port N] [--gateway] [--fresh]   run everything and print where to sign in
  test [pytest arguments]               run the whole suite on throw-away servers
  flask ARGUMENTS                       a command of the application, as in `flask tenants list`
  bench NAME                            one benchmark or drill
  screenshots [--url ADDRESS]           a picture of every screen, into screenshots/
  assets [--watch]                      build style, scripts and icons (the others do it themselves)
  clients [FOLDER]                      make the API's Python and TypeScript clients, into build/clients
  memory                                what the running stack uses
  lock [--check] [--upgrade]            write the locks from pyproject.toml
  setup [LOCK]                          only make the environment
  secrets [FOLDER]                      make the secret files that docker-compose.yml hands out
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time

if sys.version_info < (3, 11):  # noqa: UP036 - an old Python gets a sentence instead of a traceback
    sys.exit("Forecourt needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info))

import fcntl
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = ROOT / "locks"
BOOTSTRAP = ROOT / ".uv"
BEGUN = time.time()
LOCK_OF = {"test": "test", "clients": "clients", "bench": "gateway", "screenshots": "test"}
ROOM_NEEDED = 1_000_000_000


class SetupError(Exception):
    """One sentence for the person at the keyboard."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(command: list[Any], **options: Any) -> bool:
    """Run a step, its output shown; False when it fails or does not exist."""
    try:
        return subprocess.run([str(part) for part in command], check=False, **options).returncode == 0
    except OSError:
        return False


def uv_environment() -> dict[str, str]:
    """uv must trust what the system trusts, and never fetch a Python of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "UV_PYTHON")}
    return {**kept, "UV_SYSTEM_CERTS": "1", "UV_PYTHON_DOWNLOADS": "never"}


def find_uv() -> Path | None:
    """Return a uv that runs: the one on PATH, else one installed into .uv/, else None."""
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    named = shutil.which("uv")
    found = [Path(named)] if named else []
    found += [BOOTSTRAP / "venv" / "bin" / "uv", BOOTSTRAP / "target" / "bin" / "uv"]
    for program in found:
        if run([program, "--version"], **quiet):
            return program
    say("Fetching the installer (uv) …")
    shutil.rmtree(BOOTSTRAP, ignore_errors=True)
    install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", LOCKS / "uv.lock"]
    venv = BOOTSTRAP / "venv"
    if run([sys.executable, "-m", "venv", venv], **quiet) and run([venv / "bin" / "python", *install]):
        return venv / "bin" / "uv"
    # A Debian without python3-venv may still have pip, which refuses anything but a folder of ours.
    if run([sys.executable, *install, "--target", BOOTSTRAP / "target"], **quiet):
        return BOOTSTRAP / "target" / "bin" / "uv"
    return None


def venv_is_sound() -> bool:
    """Say whether .venv was made here, by this version of Python, and still runs."""
    try:
        config = (VENV / "pyvenv.cfg").read_text()
        activate = (VENV / "bin" / "activate").read_text()
    except OSError:
        return False
    versions = [line.partition("=")[2].strip() for line in config.splitlines() if line.startswith("version")]
    same_version = any(version.split(".")[:2] == [str(part) for part in sys.version_info[:2]] for version in versions)
    return same_version and str(VENV) in activate and PYTHON.exists()  # exists() follows the link to the interpreter


def make_venv(uv: Path | None) -> None:
    """Make .venv anew, with uv or with the standard library."""
    if VENV.exists():
        say("The environment in .venv was made by another Python or in another folder: making it anew …")
        shutil.rmtree(VENV)
    if uv and run([uv, "venv", "-q", "-p", sys.executable, VENV], env=uv_environment()):
        return
    if not run([sys.executable, "-m", "venv", VENV]):
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError("Python cannot make environments here (on Debian and Ubuntu: apt install python3-venv).")


def uv_install(uv: Path, options: list[Any]) -> bool:
    """Install with uv; its downloads are shown, its list of every package is not."""
    command = [str(part) for part in (uv, "pip", "install", "-p", PYTHON, *options)]
    with subprocess.Popen(command, env=uv_environment(), stderr=subprocess.PIPE, text=True) as running:
        for line in running.stderr or ():
            if not line.startswith(" + "):
                say(line.rstrip())
    return running.returncode == 0


def install(uv: Path | None, lock: Path) -> None:
    """Add what a lock names to .venv; nothing that another lock put there is removed."""
    # A lock is complete, so nothing needs resolving.
    options = ["--no-deps", "--require-hashes", "-r", lock]
    if uv and uv_install(uv, options):
        return
    say("Installing with pip instead, which takes a minute or two …")
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if not run([PYTHON, "-m", "pip", "--version"], **quiet) and not run([PYTHON, "-m", "ensurepip"], **quiet):
        raise SetupError("The packages could not be installed with uv, and pip is missing "
                         "(on Debian and Ubuntu: apt install python3-venv).")
    if not run([PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *options]):
        room = shutil.disk_usage(ROOT).free
        raise SetupError("The disk is full: the packages could not be installed." if room < 50_000_000 else
                         "The packages could not be installed (see above): is a package registry reachable?")


def prepare(name: str) -> None:
    """Bring .venv to what locks/NAME.lock says; at once when it is there already."""
    lock = LOCKS / f"{name}.lock"
    if not lock.exists():
        raise SetupError(f"There is no {lock.relative_to(ROOT)}.")
    stamp = VENV / f".installed-{name}"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    folder = os.open(ROOT, os.O_RDONLY)  # Two commands in one folder must not build one environment at once.
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if venv_is_sound() and stamp.exists() and stamp.read_text() == wanted:
            return
        if shutil.disk_usage(ROOT).free < ROOM_NEEDED:
            raise SetupError(f"The disk is nearly full: setting up takes {ROOM_NEEDED // 1_000_000} MB in {ROOT}.")
        begun = time.monotonic()
        uv = find_uv()
        if not venv_is_sound():
            make_venv(uv)
        say(f"Installing packages from {lock.relative_to(ROOT)} …")
        install(uv, lock)
        stamp.write_text(wanted)
        say(f"Packages are ready ({time.monotonic() - begun:.0f} s).")
    finally:
        os.close(folder)


def main(arguments: list[str]) -> int:
    command = arguments[0] if arguments else "help"
    if command in ("help", "-h", "--help"):
        print(__doc__)
        return 0
    if command == "lock":
        uv = find_uv()
        if uv is None:
            raise SetupError("Writing the locks needs uv, which could not be installed.")
        return subprocess.run([sys.executable, "-P", ROOT / "ops" / "lock.py", uv, *arguments[1:]], check=False,
                              env=uv_environment()).returncode
    if command == "secrets":
        return subprocess.run([sys.executable, "-P", ROOT / "ops" / "secret_files.py", *arguments[1:]],
                              check=False).returncode
    if command not in ("up", "test", "flask", "bench", "memory", "assets", "clients", "screenshots", "setup"):
        raise SetupError(f"There is no command {command!r}: see python3 forecourt.py help.")
    if command == "setup":
        prepare(arguments[1] if len(arguments) > 1 else "embedded")
        return 0
    prepare("gateway" if command == "up" and "--gateway" in arguments else LOCK_OF.get(command, "embedded"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FORECOURT_BEGUN": str(BEGUN)}
    os.execve(PYTHON, [str(PYTHON), "-P", "-m", "ops", *arguments], environment)  # noqa: S606 - our own interpreter
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped.")
    except OSError as error:
        sys.exit(f"Setting up failed: {error.strerror or error}" + (f" ({error.filename})." if error.filename else "."))
