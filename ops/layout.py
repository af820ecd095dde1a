"""Where things lie: the checkout, and the data folder with secrets, databases, files and logs."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ops.errors import OpsError

ROOT = Path(__file__).resolve().parent.parent
ROOM_NEEDED_MB = 500


@dataclass(frozen=True)
class Layout:
    """The data folder of one installation: `var/`, or what FORECOURT_DATA names."""

    data: Path

    @classmethod
    def from_environment(cls) -> Layout:
        """Return the installation's layout; nothing is made yet."""
        return cls(Path(os.environ.get("FORECOURT_DATA") or ROOT / "var").absolute())

    @property
    def secrets(self) -> Path:
        return self.data / "secrets.json"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def valkey(self) -> Path:
        return self.data / "valkey"

    @property
    def files(self) -> Path:
        return self.data / "files"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def lock(self) -> Path:
        return self.data / "up.lock"

    def make(self) -> None:
        """Make the folders. The data folder may be entered (the database's account must), not read, by others."""
        try:
            for folder, mode in ((self.data, 0o711), (self.logs, 0o700), (self.files, 0o700), (self.run, 0o700)):
                if not folder.is_dir():
                    folder.mkdir(parents=True, mode=mode)
                    folder.chmod(mode)
        except OSError as error:
            raise OpsError(f"The data folder {self.data} cannot be made: {error.strerror}.") from error
        if not os.access(self.data, os.W_OK):
            raise OpsError(f"The data folder {self.data} belongs to another account and cannot be written.")

    def require_room(self) -> None:
        """Refuse to start on a disk that a database would fill."""
        needed = int(os.environ.get("FORECOURT_ROOM_MB") or ROOM_NEEDED_MB)
        free = shutil.disk_usage(self.data).free // 1_000_000
        if free < needed:
            raise OpsError(f"The disk is nearly full: {free} MB are free in {self.data} and {needed} MB are needed.")


def shown(path: Path) -> str:
    """Return a path as people type it: relative to the checkout when it lies there."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
