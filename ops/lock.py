"""Writes the hashed locks from pyproject.toml, or checks that they agree with it. Standard library alone.

Run by `python3 forecourt.py lock [--check] [--upgrade]`, which hands over the path of uv.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GROUPS: dict[str, tuple[str, ...]] = {
    "runtime": (),
    "embedded": ("embedded",),
    "gateway": ("embedded", "gateway"),
    "node": ("node",),
    "clients": ("clients",),
    "test": ("embedded", "gateway", "test", "browser"),
}
ALONE = {"node"}  # Of use beside any of the others: it does not repeat what the application needs.
INSTALLER = "uv==0.13.9"  # What `forecourt.py` fetches where there is no uv; its lock is `uv`.


def compile_lock(uv: str, name: str, output: Path, *, upgrade: bool) -> bool:
    """Resolve one lock for every platform, without download addresses. What stands in `output` is kept when it fits."""
    command = [uv, "pip", "compile", "-q", "--universal", "--generate-hashes", "--python-version", "3.11",
               "--custom-compile-command", "python3 forecourt.py lock", "--no-emit-index-url", "-o", str(output)]
    if name not in ALONE:
        command.append("pyproject.toml" if name in GROUPS else "-")
    for group in GROUPS.get(name, ()):
        command += ["--group", group]
    if upgrade:
        command.append("--upgrade")
    return subprocess.run(command, cwd=ROOT, input=f"{INSTALLER}\n", text=True, stdout=subprocess.DEVNULL,
                          check=False).returncode == 0


def main(arguments: list[str]) -> int:
    uv, options = arguments[0], arguments[1:]
    unknown = set(options) - {"--check", "--upgrade"}
    if unknown:
        print(f"lock knows --check and --upgrade, not {' '.join(sorted(unknown))}.", file=sys.stderr)
        return 1
    stale = []
    for name in (*GROUPS, "uv"):
        lock = ROOT / "locks" / f"{name}.lock"
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / lock.name
            if lock.exists():
                shutil.copyfile(lock, output)
            print(f"Resolving {name} …", file=sys.stderr, flush=True)
            if not compile_lock(uv, name, output, upgrade="--upgrade" in options):
                print(f"The lock {name} could not be resolved (see above).", file=sys.stderr)
                return 1
            if lock.exists() and lock.read_text() == output.read_text():
                continue
            stale.append(name)
            if "--check" not in options:
                shutil.copyfile(output, lock)
    if stale and "--check" in options:
        print(f"The locks {', '.join(stale)} do not agree with pyproject.toml: run python3 forecourt.py lock.",
              file=sys.stderr)
        return 1
    print(f"Written: {', '.join(stale)}." if stale else "The locks agree with pyproject.toml.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
