"""The processes of the application: their commands, and which secrets each is given."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from app.core.jobs.queues import queue_list
from ops.errors import OpsError
from ops.layout import ROOT
from ops.stack import Stack
from ops.supervisor import Program

# Lower stages stop first: nobody knocks any more, nothing new is scheduled, work under way ends.
GATEWAY, WEB, TIMERS, WORKERS = range(4)
KEYS = (
    *("SECRET_KEY", "MASTER_KEY", "MASTER_KEY_PREVIOUS"),
    *("SECRET_KEY_FILE", "MASTER_KEY_FILE", "MASTER_KEY_PREVIOUS_FILE"),
)


def tool(name: str) -> str:
    """Return a program of our own environment; PATH may hold another version."""
    return str(Path(sys.executable).with_name(name))


def web(name: str, port: int, workers: int, environment: dict[str, str]) -> Program:
    """A web server on the loopback address."""
    command = [tool("granian"), "--interface", "wsgi", "wsgi:app", "--host", "127.0.0.1", "--port", str(port),
               "--workers", str(workers), "--blocking-threads", "4", "--no-ws", "--respawn-failed-workers",
               "--workers-kill-timeout", "10"]
    return Program(name, command, environment, WEB)


def celery(name: str, arguments: list[str], environment: dict[str, str], stage: int) -> Program:
    """A process of Celery."""
    # SIGTERM means: finish or give back what is under way, soon.
    remapped = {**environment, "REMAP_SIGTERM": "SIGQUIT"}
    command = [sys.executable, "-P", "-m", "worker", *arguments]
    return Program(name, command, remapped, stage, patience=20.0)


def worker(name: str, queues: str, pool: list[str], environment: dict[str, str]) -> Program:
    """A worker on the named queues. One machine needs no gossip between workers."""
    quiet = ["--without-gossip", "--without-mingle"]
    arguments = ["worker", "-Q", queues, "-n", f"{name}@%h", *pool, *quiet, "-l", "INFO"]
    return celery(name, arguments, environment, WORKERS)


def beat(stack: Stack, environment: dict[str, str]) -> Program:
    """The clock. It is given the broker alone: it only says that time has passed."""
    schedule = str(stack.layout.run / "beat-schedule")
    arguments = ["beat", "-s", schedule, "-l", "INFO"]
    return celery("beat", arguments, only_broker(environment), TIMERS)


def relay(stack: Stack, environment: dict[str, str]) -> Program:
    """The relay, with a login of its own and the broker."""
    settings = {**only_broker(environment), **stack.for_relay()}
    settings |= {name: value for name, value in environment.items() if name.startswith("DATABASE_URL_")}
    return Program("relay", [sys.executable, "-P", "-m", "worker.relay"], settings, TIMERS)


def only_broker(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment without databases and keys."""
    return {name: value for name, value in environment.items()
            if name not in KEYS and not name.startswith("DATABASE_URL")}


def front(port: int, upstreams: list[int], stack: Stack, environment: dict[str, str]) -> Program:
    """Caddy in front of the web servers."""
    caddy = tool("caddy") if Path(tool("caddy")).exists() else shutil.which("caddy")
    if caddy is None:
        raise OpsError("Caddy is missing: python3 forecourt.py setup gateway, or install it.")
    settings = {
        "FORECOURT_PORT": str(port),
        "FORECOURT_UPSTREAMS": " ".join(f"127.0.0.1:{upstream}" for upstream in upstreams),
        "XDG_DATA_HOME": str(stack.layout.data / "caddy"),
        "XDG_CONFIG_HOME": str(stack.layout.data / "caddy"),
    }
    kept = {name: value for name, value in environment.items() if name in ("PATH", "HOME", "BASE_HOST")}
    command = [caddy, "run", "--config", str(ROOT / "gateway" / "Caddyfile"), "--adapter", "caddyfile"]
    return Program("gateway", command, {**kept, **settings}, GATEWAY)


def programs(stack: Stack, port: int, *, workers: int, gateway: bool) -> list[Program]:
    """Return every program of the stack; the ops worker alone may change schemas, the relay has its own login."""
    base = {**stack.environment(public_port=port), "PYTHONPATH": str(ROOT)}
    listed = [web("web", port, workers, base)]
    if gateway:
        # The gateway's word about a client's address is heard, nobody else's.
        behind = {**base, "GATEWAY_ADDRESSES": "127.0.0.1/32"}
        listed = [web("web-1", port + 1, workers, behind), web("web-2", port + 2, workers, behind),
                  front(port, [port + 1, port + 2], stack, base)]
    return [
        *listed,
        worker("worker", queue_list("worker"), ["-c", "2"], base),
        worker("ops", queue_list("ops"), ["--pool", "solo"], {**base, **stack.for_migrator()}),
        beat(stack, base),
        relay(stack, base),
    ]
