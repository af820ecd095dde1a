"""What the running stack uses: the proportional set size (PSS) of the launcher and everything below it."""

from __future__ import annotations

import sys
from pathlib import Path

from ops.errors import OpsError
from ops.layout import Layout
from ops.lockfile import FolderLock
from ops.processes import command_line, descendants, is_alive


def pss_kb(pid: int) -> int:
    """Return the PSS of one process in kB: shared pages are counted once over all who share them."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0


def measure(root: int) -> list[tuple[int, int, str]]:
    """Return (pid, PSS in kB, command) of a process and all below it, the largest first."""
    pids = [root, *descendants(root)]
    return sorted(((pid, pss_kb(pid), command_line(pid)) for pid in pids), key=lambda row: -row[1])


def main(_arguments: list[str]) -> int:
    """Print a table and the sum."""
    if sys.platform != "linux":
        raise OpsError("The memory of the stack can be measured on Linux only.")
    lock = FolderLock(Layout.from_environment().lock)
    pid = lock.holder()[0] if lock.path.exists() else 0
    if not pid or not is_alive(pid):
        raise OpsError("Forecourt does not run in this folder: start it with `python3 forecourt.py up`.")
    try:
        rows = measure(pid)
    except PermissionError as error:
        raise OpsError("Forecourt runs under another account: measure as that account or as root.") from error
    for row_pid, kilobytes, command in rows:
        print(f"{row_pid:>8} {kilobytes / 1000:>8.1f} MB  {command[:100]}")
    print(f"{'sum':>8} {sum(row[1] for row in rows) / 1000:>8.1f} MB  (PSS of {len(rows)} processes)")
    return 0
