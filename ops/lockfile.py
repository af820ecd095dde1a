"""One command at a time per data folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class FolderLock:
    """An flock on a file: gone with the process that holds it, however it ends. The file says who that is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self, note: str) -> bool:
        """Take the lock and write who we are; False when another process holds it."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()} {note}\n".encode())
        self._descriptor = descriptor
        return True

    def holder(self) -> tuple[int, str]:
        """Return process id and note of whoever wrote last."""
        pid, _, note = self.path.read_text().strip().partition(" ")
        return int(pid or 0), note

    def release(self) -> None:
        """Let the next one in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
