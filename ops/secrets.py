"""The installation's secrets: made at the first start, kept in one file that its owner alone can read."""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ops.errors import OpsError

# Without the letters and digits that people confuse when they type a password from the screen.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def _token() -> str:
    return secrets.token_urlsafe(32)


def readable_password() -> str:
    """Return a random password of about 79 bits that can be typed from the screen."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))


@dataclass
class Secrets:
    """Everything random about an installation."""

    postgres_password: str = field(default_factory=_token)
    migrator_password: str = field(default_factory=_token)
    app_password: str = field(default_factory=_token)
    relay_password: str = field(default_factory=_token)
    backup_password: str = field(default_factory=_token)
    redis_password: str = field(default_factory=_token)
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    master_key: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())
    demo_passwords: dict[str, str] = field(default_factory=dict)

    def demo_password(self, slug: str) -> str:
        """Return the demo password of one dealership, made up at the first request; `write` keeps it."""
        return self.demo_passwords.setdefault(slug, readable_password())


def write(path: Path, values: Secrets) -> None:
    """Write the file whole or not at all, readable by its owner alone from its first byte."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")  # mkstemp makes it 0600.
    with os.fdopen(descriptor, "w") as out:
        json.dump(asdict(values), out, indent=2)
        out.write("\n")
        out.flush()
        os.fsync(out.fileno())
    Path(name).replace(path)


def load(path: Path) -> Secrets:
    """Read the secrets, or make them at the first start; a file others can read is closed again."""
    if not path.exists():
        made = Secrets()
        write(path, made)
        return made
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
        values = json.loads(path.read_text())
        if not isinstance(values, dict):
            raise TypeError("not an object")
        known = {name: values[name] for name in Secrets.__dataclass_fields__ if name in values}
        read = Secrets(**known)
    except (OSError, ValueError, TypeError) as error:
        raise OpsError(f"{path} cannot be read as the installation's secrets: bring it back from a copy, "
                       "or start over with `up --fresh`.") from error
    if len(known) < len(Secrets.__dataclass_fields__):  # An older installation: what is new was made just now.
        write(path, read)
    return read
