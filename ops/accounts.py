"""Which account the database server runs as, and which folders that account can reach."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ops.errors import OpsError


@dataclass(frozen=True)
class Account:
    """An unprivileged account of this machine."""

    name: str
    uid: int
    gid: int

    def popen(self) -> dict[str, object]:
        """Return the Popen arguments that start a process as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account() -> Account | None:
    """Return the account to drop to when we are root (PostgreSQL refuses to run as root), else None: ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise OpsError("PostgreSQL does not run as root and this machine has neither a postgres nor a nobody account: "
                   "start as an ordinary user.")


def can_reach(account: Account | None, path: Path, mode: str = "x") -> bool:
    """Ask the kernel, as that account, whether `path` may be used (`x` entered or run, `r` read, `w` written)."""
    if account is None:
        return os.access(path, {"x": os.X_OK, "r": os.R_OK, "w": os.W_OK}[mode])
    asked = subprocess.run(["/bin/sh", "-c", f'test -{mode} "$1"', "sh", str(path)], cwd="/", check=False,
                           capture_output=True, **account.popen())  # type: ignore[call-overload]
    return bool(asked.returncode == 0)


def own(path: Path, account: Account | None) -> None:
    """Give a path to the account."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def digest(text: str) -> str:
    """Return a short name for a path or a version."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def trusted_folder(path: Path) -> bool:
    """Say whether a folder in a shared place is ours alone to write, so that what it holds may be run."""
    try:
        info = path.lstat()
    except OSError:
        return False
    return path.is_dir() and not path.is_symlink() and info.st_uid == os.geteuid() and not info.st_mode & 0o022


def reachable_data_dir(wanted: Path, account: Account | None) -> Path:
    """Return where the data really goes: `wanted`, or a folder keyed by it where the server's account can reach it.

    A pointer file beside `wanted` names the other place, so that people and backups find the data.
    """
    pointer = wanted.with_name(wanted.name + ".location")
    if pointer.exists():
        return Path(pointer.read_text().strip())
    if can_reach(account, wanted.parent):
        return wanted
    for base in (Path("/var/lib/forecourt"), Path("/var/tmp/forecourt")):  # noqa: S108 - checked by trusted_folder
        try:
            base.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        if trusted_folder(base) and can_reach(account, base):
            actual = base / f"{wanted.name}-{digest(str(wanted.resolve()))}"
            pointer.write_text(f"{actual}\n")
            return actual
    raise OpsError(f"The account that runs PostgreSQL cannot reach {wanted} and no other place for the data was found: "
                   "move the project to a folder that others may enter, or start as an ordinary user.")


def reachable_copy(install: Path, parts: list[Path], account: Account | None) -> Path:
    """Return the parent folder of `parts`, or of a copy of them, from which the account can run programs."""
    if account is None or (all(can_reach(account, part) for part in parts) and can_reach(account, install)):
        return parts[0].parent
    info = install.stat()
    target = Path("/var/tmp") / f"forecourt-pg-{digest(f'{install}:{info.st_size}:{info.st_mtime_ns}')}"  # noqa: S108
    if trusted_folder(target):
        return target
    if target.exists() or target.is_symlink():
        raise OpsError(f"{target} belongs to somebody else, and PostgreSQL's programs must go there: remove it.")
    making = Path(tempfile.mkdtemp(prefix="forecourt-pg-", dir=target.parent))
    making.chmod(0o755)
    for part in parts:
        shutil.copytree(part, making / part.name, symlinks=True)
    try:
        making.rename(target)
    except OSError:  # Another start made it at the same moment.
        shutil.rmtree(making)
    return target


def scratch_folder(prefix: str = "forecourt-") -> Path:
    """Make a throw-away folder that the server's account can reach (a pytest `tmp_path` of root cannot be)."""
    path = Path(tempfile.mkdtemp(prefix=prefix))
    path.chmod(0o711)
    return path
