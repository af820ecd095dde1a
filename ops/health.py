"""`python -m ops.health web|worker NAME|relay|beat`: exit code 0 while that process does its work; for containers.

Each check is given what the process itself is given, and nothing more.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
from collections.abc import Callable

PATIENCE = 5.0
RELAY_SECONDS = 30


def web(port: str = "8000") -> bool:
    """Whether the web server can serve: database and schema are there."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
    try:
        connection.request("GET", "/readyz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    finally:
        connection.close()


def worker(name: str = "worker") -> bool:
    """Whether this machine's worker `name` answers over the broker."""
    from worker.beat import celery  # noqa: PLC0415 - the check of the web server needs no Celery

    node = f"{name}@{socket.gethostname()}"
    return bool(celery.control.inspect(destination=[node], timeout=PATIENCE).ping())


def relay() -> bool:
    """Whether a relay has asked the database lately; its login may look at its own sessions."""
    import psycopg  # noqa: PLC0415 - as above

    from worker.environment import read  # noqa: PLC0415

    with psycopg.connect(read(os.environ, "RELAY_DATABASE_URL"), connect_timeout=int(PATIENCE)) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usename = current_user"
            " AND pid <> pg_backend_pid() AND state_change > now() - make_interval(secs => %s)", [RELAY_SECONDS]
        ).fetchone()
    return row is not None and row[0] > 0


def beat() -> bool:
    """Whether the broker, all that beat talks to, can be reached from here."""
    import redis  # noqa: PLC0415 - as above

    from worker.environment import read  # noqa: PLC0415

    with redis.Redis.from_url(read(os.environ, "REDIS_URL"), socket_timeout=PATIENCE,
                              socket_connect_timeout=PATIENCE) as client:
        return bool(client.ping())


CHECKS: dict[str, Callable[..., bool]] = {"web": web, "worker": worker, "relay": relay, "beat": beat}


def main(arguments: list[str]) -> int:
    """Run the check that the first argument names with the arguments after it."""
    if not arguments or arguments[0] not in CHECKS:
        print(f"usage: python -m ops.health {'|'.join(CHECKS)}", file=sys.stderr)
        return 2
    try:
        return 0 if CHECKS[arguments[0]](*arguments[1:]) else 1
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
