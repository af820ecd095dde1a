"""The relay's process: `python -m worker.relay`. It takes the relay's own login and the broker, and nothing else."""

from __future__ import annotations

import importlib
import os
import signal
import threading
from collections.abc import Mapping
from types import FrameType
from urllib.parse import urlsplit, urlunsplit

from app.core import logging
from app.core.jobs.relay import Relay
from worker.environment import read
from worker.memory import give_back


def server_urls(environ: Mapping[str, str]) -> dict[str, str]:
    """The relay's DSN on every server: its login of the first one, at the places DATABASE_URL_<NAME> says."""
    main = read(environ, "RELAY_DATABASE_URL")
    credentials = urlsplit(main).netloc.rpartition("@")[0]
    urls = {"main": main}
    for name in environ:
        if name.startswith("DATABASE_URL_") and not name.endswith("_FILE"):
            parts = urlsplit(environ[name])
            place = parts.netloc.rpartition("@")[2]
            server = name.removeprefix("DATABASE_URL_").lower()
            urls[server] = urlunsplit(parts._replace(netloc=f"{credentials}@{place}"))
    return urls


def main(environ: Mapping[str, str] = os.environ) -> None:
    """Run until SIGTERM or SIGINT."""
    logging.configure(environ.get("LOG_LEVEL", "INFO"))
    relay = Relay(server_urls(environ), read(environ, "REDIS_URL"))
    stop = threading.Event()

    def end(_signum: int, _frame: FrameType | None) -> None:
        stop.set()

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, end)
    # What the first message would load: what loading it needed goes back with the rest.
    importlib.import_module("kombu.transport.redis")
    give_back()
    relay.run(stop)


if __name__ == "__main__":
    main()
