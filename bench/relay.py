"""What the relay costs while every dealership is idle, and how soon a new row is on its way to a worker."""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import redis
from flask import Flask

from app.core.db import tenant, transaction
from app.core.jobs import sender
from app.core.jobs.outbox import enqueue
from app.core.jobs.relay import POLL_SECONDS, SWEEP_SECONDS, SWEEP_SLICE
from bench.ground import Ground, backend_pids, fleet
from bench.report import finish, middle, p95, say, table
from ops.layout import ROOT

TICKS = os.sysconf("SC_CLK_TCK")
ROWS = 200
TASK = "jobs.clean_up"


def cpu_seconds(pids: list[int]) -> float:
    """CPU time the processes have used so far, from /proc."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


class Watcher(threading.Thread):
    """Takes every message off the queue and notes when it came."""

    def __init__(self, redis_url: str) -> None:
        super().__init__(daemon=True)
        self.client: Any = redis.Redis.from_url(redis_url)
        self.arrived: dict[str, float] = {}

    def run(self) -> None:
        while True:
            try:
                raw: Any = self.client.brpop(["q:default"], timeout=5)
            except redis.RedisError:
                return  # The server is being stopped: the bench is over.
            if raw is not None:
                arguments = json.loads(json.loads(raw[1])["headers"]["argsrepr"].replace("'", '"'))
                self.arrived.setdefault(arguments[1], time.monotonic())


def idle_cost(process: subprocess.Popen[bytes], ground: Ground, tenants: int, seconds: float) -> tuple[float, float]:
    """(percent of a core while idle, CPU seconds of one whole sweep), relay and its server process together."""
    while not backend_pids(ground, "forecourt-relay"):
        time.sleep(0.05)
    pids = [process.pid, *backend_pids(ground, "forecourt-relay")]
    before, sweep_seconds = cpu_seconds(pids), tenants / SWEEP_SLICE * POLL_SECONDS + 5.0
    say(f"first sweep of {tenants} dealerships ({sweep_seconds:.0f} s) …")
    time.sleep(sweep_seconds)
    swept = cpu_seconds(pids)
    say(f"idle for {seconds:.0f} s …")
    time.sleep(seconds)
    idle = (cpu_seconds(pids) - swept) / seconds
    return idle * 100, max(0.0, swept - before - idle * sweep_seconds)


def latencies(app: Flask, tenants: list[str], watcher: Watcher) -> list[float]:
    """Milliseconds from the commit of a row to its message in the broker, for rows here and there."""
    chooser, committed = random.Random(1), {}
    for _ in range(ROWS):
        tenant_id = chooser.choice(tenants)
        with app.app_context(), tenant(tenant_id), transaction():
            outbox_id = str(enqueue(TASK, queue="default"))
            # Sent within the commit's own call when the sender is on, so the clock starts before it.
            committed[outbox_id] = time.monotonic()
        time.sleep(chooser.uniform(0.01, 0.05))
    deadline = time.monotonic() + 15.0
    while not committed.keys() <= watcher.arrived.keys():
        if time.monotonic() > deadline:
            raise SystemExit("some rows never reached the broker")
        time.sleep(0.05)
    return [(watcher.arrived[outbox_id] - at) * 1000 for outbox_id, at in committed.items()]


def main(arguments: list[str]) -> int:
    """Measure; the exit code is 0 when the issue's limits hold."""
    parser = argparse.ArgumentParser(prog="bench relay", description=__doc__)
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long the idle relay is watched")
    options = parser.parse_args(arguments)
    with fleet(options.tenants) as (ground, app, tenants):
        with redis.Redis.from_url(ground.environ["REDIS_URL"]) as client:
            client.flushall()
        process = subprocess.Popen([sys.executable, "-m", "worker.relay"], cwd=ROOT, env=ground.child_environ())
        try:
            idle, sweep = idle_cost(process, ground, len(tenants), options.seconds)
            watcher = Watcher(ground.environ["REDIS_URL"])
            watcher.start()
            sender.warm(app)
            with_sender = latencies(app, tenants, watcher)
            app.extensions.pop("forecourt_sender")
            without = latencies(app, tenants, watcher)
        finally:
            process.terminate()
            process.wait(20)
    percent = idle + sweep / SWEEP_SECONDS * 100
    table(
        [
            ["idle, of one core", f"{idle:.2f} %"],
            ["one sweep", f"{sweep:.2f} s"],
            ["idle with its share of the sweep", f"{percent:.2f} %"],
            ["row on its way, sender on: median", f"{middle(with_sender):.1f} ms"],
            ["row on its way, sender on: p95", f"{p95(with_sender):.1f} ms"],
            ["row on its way, sender off: median", f"{middle(without):.0f} ms"],
            ["row on its way, sender off: p95", f"{p95(without):.0f} ms"],
        ],
        ["relay", f"{len(tenants)} dealerships"],
    )
    figures = {
        "tenants": len(tenants), "rows": 2 * ROWS, "idle_cpu_pct": round(percent, 2),
        "p95_latency_ms": round(p95(with_sender), 1), "p95_latency_ms_without_sender": round(p95(without), 1),
    }  # fmt: skip
    finish("relay", figures)
    return 0 if percent < 2.0 and p95(with_sender) < 1000 and p95(without) < 1000 else 1
