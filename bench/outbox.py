"""The drill: 1,000 effects while worker, relay, broker and database are killed; none may be lost or done twice."""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psycopg
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import db, tenant, transaction
from app.core.jobs.models import Job, Outbox
from app.core.jobs.outbox import enqueue
from app.core.jobs.wire import Broker, Message
from bench.effects import EFFECT_TASK
from bench.ground import Ground, make_tenant, scratch
from bench.report import finish, say, table
from ops.layout import ROOT
from ops.processes import kill_tree

PATIENCE = 180.0
DUPLICATES = 300
AHEAD = 150
# The database must keep what it has said is committed, so nothing is forgetful here.
SETTINGS = {"max_connections": "100"}


class Supervised:
    """A process that is started again whenever it ends, as a service manager would."""

    def __init__(self, name: str, command: list[str], ground: Ground) -> None:
        self.name, self.command, self.ground = name, command, ground
        self.log = (ground.folder / f"{name}.log").open("ab")
        self.starts = 0
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        return subprocess.Popen(
            self.command, cwd=ROOT, env=self.ground.child_environ(), stdout=self.log, stderr=self.log,
            start_new_session=True,
        )  # fmt: skip

    def kill(self) -> None:
        """SIGKILL it with all its children; the next look starts it again."""
        kill_tree(self.process.pid)
        self.process.wait()

    def look(self) -> None:
        """Start it again if it has ended."""
        if self.process.poll() is not None:
            self.process = self._start()

    def end(self) -> None:
        """Stop it for good."""
        self.kill()
        self.log.close()


class Drill:
    """One run: enqueuers, faults, and the count at the end."""

    def __init__(self, ground: Ground, app: Flask, tenants: list[str], effects: int) -> None:
        self.ground, self.app, self.tenants, self.effects = ground, app, tenants, effects
        self.faults: Counter[str] = Counter()
        self.enqueue_errors = 0
        self.seen_done = 0
        worker = [
            str(Path(sys.executable).with_name("celery")),
            "-A",
            "bench.drilling:celery",
            "worker",
            "-c",
            "4",
            "-Q",
            "default",
            "--without-gossip",
            "--without-mingle",
            "-l",
            "WARNING",
        ]
        self.worker = Supervised("worker", worker, ground)
        self.relay = Supervised("relay", [sys.executable, "-m", "bench.drilling", "relay"], ground)

    def enqueue_all(self) -> None:
        """Owe every effect in a transaction of its own, as requests would."""
        for number in range(self.effects):
            # Just ahead of the workers, so that enqueuing goes on through every fault.
            while number > self.seen_done + AHEAD or not self._enqueue(number):
                time.sleep(0.05)

    def _enqueue(self, number: int) -> bool:
        tenant_id = self.tenants[number % len(self.tenants)]
        try:
            with self.app.app_context(), tenant(tenant_id):
                # A commit whose answer was lost may have happened: a careful caller looks before it tries again.
                known = select(Outbox.id).where(Outbox.payload["number"].as_integer() == number)
                if db.session.execute(known).first() is None:
                    with transaction():
                        enqueue(EFFECT_TASK, queue="default", payload={"number": number}, max_attempts=50)
            return True
        except SQLAlchemyError:
            self.enqueue_errors += 1
            return False

    def done(self) -> int | None:
        """How many rows are done; None while the database is away."""
        total = 0
        try:
            for tenant_id in self.tenants:
                with self.app.app_context(), tenant(tenant_id):
                    query = select(func.count()).where(Outbox.task == EFFECT_TASK, Outbox.done_at.is_not(None))
                    total += db.session.execute(query).scalar_one()
        except SQLAlchemyError:
            return None
        return total

    def run(self) -> float:
        """Enqueue, break things as the work goes on, wait for the end; returns the seconds it took."""
        begun = time.monotonic()
        enqueuer = threading.Thread(target=self.enqueue_all)
        enqueuer.start()
        plan = self._plan()
        while (done := self.done()) is None or done < self.effects or enqueuer.is_alive():
            self.seen_done = self.seen_done if done is None else done
            if time.monotonic() - begun > PATIENCE:
                say(f"gave up after {PATIENCE:.0f} s")
                break
            if plan and done is not None and done >= plan[0][0] * self.effects:
                _, name, fault = plan.pop(0)
                say(f"  {time.monotonic() - begun:5.1f} s  {done:>5} done  {name}")
                self.faults[name] += 1
                fault()
            self.worker.look()
            self.relay.look()
            time.sleep(0.05)
        enqueuer.join(10)
        return time.monotonic() - begun

    def _plan(self) -> list[tuple[float, str, Callable[[], None]]]:
        """At which part of the work what is broken."""
        return [
            (0.10, "kill -9 worker", self.worker.kill),
            (0.22, "kill -9 broker, data wiped", self._wipe_broker),
            (0.34, "kill -9 relay", self.relay.kill),
            (0.42, "duplicate messages", self._duplicate),
            (0.50, "immediate stop of PostgreSQL", self._stop_database),
            (0.65, "kill -9 broker, data wiped", self._wipe_broker),
            (0.80, "kill -9 worker", self.worker.kill),
        ]

    def _wipe_broker(self) -> None:
        valkey = self.ground.valkey
        valkey.kill()
        for path in valkey.data_dir.rglob("*"):
            if path.is_file() and path.name != "server.conf":
                path.unlink()
        time.sleep(1.0)
        valkey.start()

    def _stop_database(self) -> None:
        process = self.ground.postgres.process
        assert process is not None
        os.kill(process.pid, signal.SIGQUIT)
        process.wait()
        time.sleep(1.0)
        self.ground.postgres.start()

    def _duplicate(self) -> None:
        """Messages again for rows done, under way and waiting alike."""
        with psycopg.connect(self.ground.admin_dsn) as connection:
            known = [
                Message(tenant_id, str(row[0]), "default")
                for tenant_id in self.tenants
                for row in connection.execute(f"SELECT id FROM t_{tenant_id}.core_outbox WHERE queue = 'default'")
            ]
        broker = Broker(self.ground.environ["REDIS_URL"], timeout=5.0)
        broker.publish(random.Random(1).choices(known, k=DUPLICATES))
        broker.close()

    def count(self) -> tuple[int, int, int]:
        """(effects wanted, lost, done twice), counted from the effects themselves."""
        seen: Counter[int] = Counter()
        for tenant_id in self.tenants:
            with self.app.app_context(), tenant(tenant_id):
                seen.update(
                    db.session.execute(select(Job.params["number"].as_integer()).where(Job.kind == "drill")).scalars()
                )
        return self.effects, self.effects - len(seen), sum(times - 1 for times in seen.values())

    def dispatches(self) -> tuple[int, int]:
        """Messages the relay sent and attempts the workers made."""
        sent = attempts = 0
        for tenant_id in self.tenants:
            with self.app.app_context(), tenant(tenant_id):
                row = db.session.execute(select(func.sum(Outbox.dispatches), func.sum(Outbox.attempts))).one()
            sent, attempts = sent + row[0], attempts + row[1]
        return sent, attempts

    def end(self) -> None:
        """Stop the processes."""
        self.worker.end()
        self.relay.end()


def main(arguments: list[str]) -> int:
    """Run the drill; the exit code is 0 when nothing was lost and nothing happened twice."""
    parser = argparse.ArgumentParser(prog="bench outbox", description=__doc__)
    parser.add_argument("--effects", type=int, default=1000)
    options = parser.parse_args(arguments)
    with scratch(SETTINGS) as ground:
        app = ground.application()
        with app.app_context():
            tenants = [make_tenant(f"drill-{number}") for number in range(4)]
        say(f"{options.effects} effects of {len(tenants)} dealerships; meanwhile:")
        drill = Drill(ground, app, tenants, options.effects)
        try:
            seconds = drill.run()
            effects, lost, twice = drill.count()
            sent, attempts = drill.dispatches()
        finally:
            drill.end()
    figures = {
        "effects": effects, "lost": lost, "twice": twice, "worker_kills": drill.faults["kill -9 worker"],
        "broker_wipes": drill.faults["kill -9 broker, data wiped"], "relay_kills": drill.faults["kill -9 relay"],
        "database_stops": drill.faults["immediate stop of PostgreSQL"],
        "duplicate_messages": drill.faults["duplicate messages"] * DUPLICATES, "relay_messages": sent,
        "attempts": attempts, "enqueue_errors": drill.enqueue_errors, "seconds": round(seconds, 1),
    }  # fmt: skip
    table([[name.replace("_", " "), value] for name, value in figures.items()], ["outbox", "count"])
    finish("outbox", figures)
    return 0 if lost == 0 and twice == 0 else 1
