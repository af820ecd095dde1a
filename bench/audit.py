"""What sealing the audit costs its writers: 32 writers with the sealer and without, alone and beside an import.

Sealing is a relay that asks for it and a worker that does it; without it neither runs. Each write is the least there
is, one entry in a transaction of its own. How late an entry is sealed is the time between two commits, as the database
noted them.
"""

from __future__ import annotations

import argparse
import io
import random
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import quantiles

import psycopg
from flask import Flask
from sqlalchemy import select

from app.core.db import db, directory, tenant, transaction
from app.core.guard import audit
from app.core.guard.permissions import system_actor
from app.core.jobs import sender
from app.core.jobs.imports import cli, operations
from app.core.jobs.models import OPEN_STATES, Job
from bench.blocking import Watched, watching
from bench.ground import FORGETFUL, Ground, backend_pids, make_tenant, scratch
from bench.relay import cpu_seconds
from bench.report import finish, middle, p95, say, table
from ops.layout import ROOT

ACTOR = system_actor("bench")
# Between two of a writer's entries, so that together they make some hundred a second.
PAUSE, PATIENCE = 0.3, 120.0
SETTINGS = {**FORGETFUL, "track_commit_timestamp": "on"}
_UNSEALED = """
SELECT count(*) FROM {role}.core_audit AS e
WHERE NOT EXISTS (SELECT FROM {role}.core_audit_seals AS s WHERE s.entry_id = e.id)
"""
_DELAYS = """
SELECT extract(epoch FROM pg_xact_commit_timestamp(s.xmin) - pg_xact_commit_timestamp(e.xmin))::float
FROM {role}.core_audit AS e JOIN {role}.core_audit_seals AS s ON s.entry_id = e.id WHERE e.id = ANY(%s)
"""
_ROUNDS = "SELECT count(DISTINCT sealed_at) FROM {role}.core_audit_seals WHERE entry_id = ANY(%s)"


@dataclass
class Taken:
    """One turn: how long each write took, what was written, how long the import took, and the sealer's CPU."""

    writes: list[float] = field(default_factory=list)
    entries: list[uuid.UUID] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0


class Bench:
    """One dealership, its writers and the processes beside it."""

    sealer: subprocess.Popen[bytes]

    def __init__(self, ground: Ground, app: Flask, tenant_id: str, writers: int) -> None:
        self.ground, self.app, self.tenant_id, self.writers = ground, app, tenant_id, writers
        self.role = f"t_{tenant_id}"
        self.imported = 0

    def ask(self, query: str, *values: object) -> list[float]:
        """The first column of `query` over this dealership."""
        with psycopg.connect(self.ground.admin_dsn) as connection:
            return [row[0] for row in connection.execute(query.format(role=self.role).encode(), values)]

    @contextmanager
    def process(self, name: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """One of the application's processes."""
        with (self.ground.folder / f"{name}.log").open("ab") as out:
            made = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=ROOT, env=self.ground.child_environ(), stdout=out, stderr=out
            )
        try:
            yield made
        finally:
            made.terminate()
            made.wait(30)

    def consumer(self, queue: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """A worker on one queue."""
        command = ("celery", "-A", "worker.celery_app:celery", "worker", "-P", "solo", "-l", "WARNING")
        return self.process(queue, *command, "--without-gossip", "--without-mingle", "-Q", queue)

    def wait_until_sealed(self) -> None:
        """Return once nothing waits; raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE
        while self.ask(_UNSEALED)[0]:
            if time.monotonic() > deadline:
                raise TimeoutError("the audit is not sealed")
            time.sleep(0.2)

    def turn(self, seen: Watched, *, sealed: bool, seconds: float, rows: int) -> Taken:
        """The writers for `seconds`, or for as long as an import of `rows` takes; with or without the sealer."""
        if not sealed:
            return self.run(seconds, rows)
        with self.process("relay", "worker.relay") as relay:
            self.wait_until_sealed()
            pids = [relay.pid, self.sealer.pid, *seen.sealers, *backend_pids(self.ground, "forecourt-relay")]
            before = cpu_seconds(pids)
            taken = self.run(seconds, rows)
            taken.cpu = (cpu_seconds(pids) - before) / taken.seconds
            self.wait_until_sealed()
        return taken

    def run(self, seconds: float, rows: int) -> Taken:
        """All writers until it is over."""
        taken, begun = Taken(), time.monotonic()
        is_over = self.bring_in(rows) if rows else lambda: time.monotonic() - begun > seconds
        threads = [threading.Thread(target=self.write, args=(taken, is_over)) for _ in range(self.writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken.seconds = time.monotonic() - begun
        return taken

    def write(self, taken: Taken, is_over: Callable[[], bool]) -> None:
        """One writer: an entry, a pause, and so on."""
        chance = random.Random(threading.get_ident())
        while not is_over():
            with self.app.app_context(), tenant(self.tenant_id):
                begun = time.perf_counter()
                with transaction():
                    made = audit.record(ACTOR, "bench.write", "bench", uuid.uuid4(), {"title": (None, "x")})
                taken.writes.append(time.perf_counter() - begun)
            taken.entries.append(made)
            time.sleep(chance.uniform(0.5, 1.5) * PAUSE)

    def bring_in(self, rows: int) -> Callable[[], bool]:
        """Have the worker import that many customers; the answer says whether it has."""
        numbers = range(2_000_000 + self.imported, 2_000_000 + self.imported + rows)
        self.imported += rows
        lines = "\n".join(f"Buyer {number},Row,+1415{number}" for number in numbers)
        with self.app.app_context(), tenant(self.tenant_id):
            stream = io.BytesIO(f"First Name,Last Name,Phone\n{lines}\n".encode())
            with transaction():
                made = operations.create_import(ACTOR, kind="customers", stream=stream, file_name="bench.csv")
            with transaction():
                cli.map_further(made, ACTOR)
            with transaction():
                job = operations.start_run(ACTOR, made.id)
        ended, job_id = threading.Event(), job.id

        def follow() -> None:
            while not ended.wait(0.1):
                with self.app.app_context(), tenant(self.tenant_id):
                    if db.session.scalar(select(Job.state).where(Job.id == job_id)) not in OPEN_STATES:
                        ended.set()

        threading.Thread(target=follow, daemon=True).start()
        return ended.is_set


def main(arguments: list[str]) -> int:
    """Run the bench; the exit code is 0 when no sample shows anybody waiting for the sealer."""
    parser = argparse.ArgumentParser(prog="bench audit", description=__doc__)
    parser.add_argument("--writers", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=8.0, help="how long the writers write alone in each turn")
    parser.add_argument("--rows", type=int, default=17_000, help="of each import")
    asked = parser.parse_args(arguments)
    with scratch(SETTINGS) as ground, ExitStack() as processes:
        app = ground.application()
        with app.app_context():
            tenant_id = make_tenant("audit")
            directory.refresh()
        sender.warm(app)
        bench = Bench(ground, app, tenant_id, asked.writers)
        bench.sealer = processes.enter_context(bench.consumer("audit"))
        processes.enter_context(bench.consumer("imports"))
        seen = processes.enter_context(watching(ground.admin_dsn, bench.role))
        # A first turn of each kind warms caches and plans, and does not count.
        bench.turn(seen, sealed=True, seconds=asked.seconds, rows=0)
        bench.turn(seen, sealed=True, seconds=0.0, rows=1_000)
        alone = compare(bench, seen, asked.rounds, seconds=asked.seconds, rows=0)
        beside = compare(bench, seen, asked.rounds, seconds=0.0, rows=asked.rows)
    held_up = seen.held_up()
    for wait in held_up[:10]:
        say(f"  {wait.pid} waited for the sealer: {wait.query}")
    figures = {
        **alone.figures("writer"),
        **beside.figures("import_writer"),
        "import_ratio": round(middle([on.seconds / off.seconds for on, off in beside.pairs]), 3),
        "import_s": round(middle([on.seconds for on, _ in beside.pairs]), 1),
        "samples": seen.samples,
        "samples_while_sealing": seen.sealing,
        "waits_for_the_sealer": len(held_up),
    }
    table([[name.replace("_", " "), value] for name, value in figures.items()], ["audit", "figure"])
    finish("audit", figures)
    return 0 if seen.sealing and not held_up else 1


@dataclass
class Compared:
    """The turns with the sealer and without, pair by pair, and how late its entries were sealed."""

    pairs: list[tuple[Taken, Taken]]
    delays: list[float]
    rounds: float

    def figures(self, name: str) -> dict[str, float]:
        """What the last line tells of them."""
        percentiles = quantiles(self.delays, n=100)
        return {
            f"{name}_ratio": round(middle([middle(on.writes) / middle(off.writes) for on, off in self.pairs]), 3),
            f"{name}_p95_ratio": round(middle([p95(on.writes) / p95(off.writes) for on, off in self.pairs]), 3),
            f"{name}_ms": round(1000 * middle([middle(on.writes) for on, _ in self.pairs]), 2),
            f"{name}_sealed_after_p50": round(percentiles[49], 2),
            f"{name}_sealed_after_p99": round(percentiles[98], 2),
            f"{name}_seals_per_s": round(self.rounds / sum(on.seconds for on, _ in self.pairs), 1),
            f"{name}_sealer_cpu_pct": round(100 * middle([on.cpu for on, _ in self.pairs]), 1),
        }


def compare(bench: Bench, seen: Watched, rounds: int, *, seconds: float, rows: int) -> Compared:
    """`rounds` pairs of turns; which of the two comes first changes from one to the next."""
    pairs, entries = list[tuple[Taken, Taken]](), list[uuid.UUID]()
    for number in range(rounds):
        first = number % 2 == 0
        taken = {sealed: bench.turn(seen, sealed=sealed, seconds=seconds, rows=rows) for sealed in (first, not first)}
        on, off = taken[True], taken[False]
        pairs.append((on, off))
        entries += on.entries
        kind = "beside an import" if rows else "alone"
        say(
            f"  {kind} {number + 1}: with {1000 * middle(on.writes):.2f} ms ({len(on.writes)} writes), "
            f"without {1000 * middle(off.writes):.2f} ms ({len(off.writes)})"
        )
    return Compared(pairs, bench.ask(_DELAYS, entries), bench.ask(_ROUNDS, entries)[0])
