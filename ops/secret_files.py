"""Makes the secret files that docker-compose.yml hands out. Standard library alone: the host needs Python and Docker.

Run by `python3 forecourt.py secrets [FOLDER]`. Existing files are never touched.
"""

from __future__ import annotations

import base64
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def contents(database: str = "postgres:5432", broker: str = "redis:6379") -> dict[str, str]:
    """Return what goes into each file, made up anew; `database` and `broker` are where the servers are reached."""
    admin, app, migrator, relay, backup, redis = (secrets.token_urlsafe(32) for _ in range(6))
    return {
        "postgres_password": admin,
        "admin_database_url": f"postgresql://postgres:{admin}@{database}/postgres",
        "database_url": f"postgresql://forecourt_app:{app}@{database}/forecourt",
        "migrator_database_url": f"postgresql://forecourt_migrator:{migrator}@{database}/forecourt",
        "relay_database_url": f"postgresql://forecourt_relay:{relay}@{database}/forecourt",
        "backup_password": backup,
        "redis_conf": f"requirepass {redis}",
        "redis_url": f"redis://:{redis}@{broker}/0",
        "secret_key": secrets.token_urlsafe(48),
        "master_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "smtp_url": "",
    }


def make(folder: Path) -> list[str]:
    """Write the files and return their names; an empty list when all are there already. Raises FileExistsError."""
    made = contents()
    present = [name for name in made if (folder / name).exists()]
    if len(present) == len(made):
        return []
    if present:
        missing = ", ".join(sorted(set(made) - set(present)))
        raise FileExistsError(f"{folder} holds some of the secrets but not {missing}: bring them back from a copy.")
    # The folder keeps others out. The files themselves must be readable to the accounts inside the containers, into
    # which Docker mounts them one by one, owner and mode unchanged.
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    for name, text in made.items():
        (folder / name).write_text(f"{text}\n")
        (folder / name).chmod(0o644 if name == "smtp_url" else 0o444)  # That one is for people to fill in.
    return list(made)


def main(arguments: list[str]) -> int:
    """Make the folder that the first argument names, `secrets/` by default."""
    folder = Path(arguments[0]).absolute() if arguments else ROOT / "secrets"
    try:
        names = make(folder)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    shown = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    print(f"Made in {shown}/: {', '.join(names)}." if names else f"All secrets are in {shown}/ already.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
