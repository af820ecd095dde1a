"""The drill: two web servers behind the gateway, each killed in turn under load; no read may fail."""

from __future__ import annotations

import argparse
import http.client
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench.ground import Ground, make_tenant, scratch
from bench.loading import Load
from bench.report import finish, p95, say, table
from ops import programs
from ops.layout import ROOT, Layout
from ops.processes import free_port, kill_tree
from ops.secrets import Secrets
from ops.stack import Stack
from ops.supervisor import Supervisor

PATIENCE = 90.0
SLUG = "drill"


class Front:
    """Caddy before two web servers, as `up --gateway` runs them, under the same supervisor."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.port, self.upstreams = free_port(), [free_port(), free_port()]
        layout = Layout(folder / "var")
        layout.make()
        stack = Stack(layout, Secrets(), None, None)
        self.supervisor = Supervisor(layout, stack, say)
        base = {"PATH": os.environ["PATH"], "HOME": str(layout.data), "PYTHONPATH": str(ROOT), **environ}
        behind = {**base, "PUBLIC_PORT": str(self.port), "GATEWAY_ADDRESSES": "127.0.0.1/32"}
        for number, upstream in enumerate(self.upstreams, 1):
            self.supervisor.add(programs.web(f"web-{number}", upstream, 1, behind))
        self.supervisor.add(programs.front(self.port, self.upstreams, stack, base))

    def wait_for_all(self) -> None:
        """Wait until web servers and gateway are ready."""
        for port in (*self.upstreams, self.port):
            self.wait(port)

    def wait(self, port: int) -> None:
        """Wait until the server at `port` is ready."""
        deadline = time.monotonic() + PATIENCE
        while self.status(port, "/readyz") != 200:
            self.supervisor.look()
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing answers at port {port}: see {self.supervisor.layout.logs}")
            time.sleep(0.05)

    def status(self, port: int, path: str) -> int:
        """The status of one read; 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": "localhost"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def kill(self, number: int) -> None:
        """SIGKILL a web server with its workers; the supervisor's next look finds it."""
        process = self.supervisor.children[number].process
        if process is not None:
            kill_tree(process.pid)

    def end(self) -> None:
        """End everything."""
        self.supervisor.kill()


@contextmanager
def running(ground: Ground) -> Iterator[Front]:
    """The gateway and its web servers, ready, with one dealership to read from."""
    with ground.application().app_context():
        make_tenant(SLUG)
    front = Front(ground.folder, ground.environ)
    try:
        front.wait_for_all()
        yield front
    finally:
        front.end()


def drill(front: Front, load: Load, kills: int) -> int:
    """Kill the web servers in turn while `load` runs, each time when the last one is back; the kills made."""
    load.start()
    made = 0
    while load.is_running:
        front.supervisor.look()
        due = load.done >= load.reads * (made + 1) / (kills + 2)
        if made < kills and due and all(front.status(port, "/readyz") == 200 for port in front.upstreams):
            front.kill(made % 2)
            made += 1
            say(f"  {load.done:>5} reads done  kill -9 web-{(made - 1) % 2 + 1}")
        time.sleep(0.02)
    load.stop()
    return made


def main(arguments: list[str]) -> int:
    """Run the drill; the exit code is 0 when no read failed."""
    parser = argparse.ArgumentParser(prog="bench gateway", description=__doc__)
    parser.add_argument("--reads", type=int, default=6_000)
    parser.add_argument("--kills", type=int, default=3)
    options = parser.parse_args(arguments)
    with scratch() as ground, running(ground) as front:
        load = Load(front.port, f"{SLUG}.localhost", "/sign-in", reads=options.reads)
        say(f"{options.reads} reads of a page by {load.threads} readers; meanwhile:")
        begun = time.monotonic()
        kills = drill(front, load, options.kills)
        seconds = time.monotonic() - begun
    milliseconds = [1000 * latency for latency in load.latencies]
    figures = {
        "reads": load.done, "failed_reads": load.failures.total(), "kills": kills, "seconds": round(seconds, 1),
        "median_ms": round(median(milliseconds), 1), "p95_ms": round(p95(milliseconds), 1),
        "max_ms": round(max(milliseconds), 1),
    }  # fmt: skip
    table([[name.replace("_", " "), value] for name, value in figures.items()], ["gateway", "count"])
    for fault, count in load.failures.most_common():
        say(f"  {fault}: {count}")
    finish("gateway", figures)
    return 0 if not load.failures and kills == options.kills else 1
