"""The real processes seal the audit behind 32 writers and an import of 17,000 rows (checklist 58, 59)."""

from __future__ import annotations

import io
import os
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from flask import Flask
from sqlalchemy import func, make_url, select

from app.core.db import Tenant, db, tenant, transaction
from app.core.guard import audit, verifying
from app.core.guard.models import AuditEntry, AuditSeal
from app.core.guard.permissions import system_actor
from app.core.jobs.imports import cli, operations
from app.core.jobs.imports.models import Import, ImportState
from bench.blocking import watching
from tests.fixtures.chains import count_unsealed
from tests.fixtures.dealerships import make_dealership

ROOT = Path(__file__).parents[2]
WRITERS, ROWS, PATIENCE = 32, 17_000, 90.0
# Between two of a writer's changes: together they make some hundred a second.
PAUSE, LEAST = 0.3, 10
ACTOR = system_actor("writer")


@dataclass(frozen=True)
class Written:
    """One committed entry, and when its commit began and had ended."""

    entry_id: uuid.UUID
    before: datetime
    after: datetime

    @property
    def seconds(self) -> float:
        """How long the whole transaction took its writer."""
        return (self.after - self.before).total_seconds()


@contextmanager
def running(environ: dict[str, str], folder: Path, *commands: list[str]) -> Iterator[None]:
    """Each of `commands` as a process of the application."""
    environment = {"PATH": os.environ["PATH"], **environ, "LOG_LEVEL": "INFO", "PYTHONPATH": str(ROOT)}
    started = []
    for command in commands:
        with (folder / f"{command[-1]}.log").open("wb") as out:
            full = [sys.executable, "-m", *command]
            started.append(subprocess.Popen(full, cwd=ROOT, env=environment, stdout=out, stderr=out))
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def worker(queue: str) -> list[str]:
    """The command of a worker on one queue."""
    quiet = ["--without-gossip", "--without-mingle"]
    return ["celery", "-A", "worker.celery_app:celery", "worker", "-P", "solo", "-l", "INFO", *quiet, "-Q", queue]


def bring_in_later(app: Flask, of: Tenant, lines: str) -> Callable[[], bool]:
    """Have the workers import customers; the answer says whether they have."""
    with app.app_context(), tenant(of.id):
        stream = io.BytesIO(f"First Name,Last Name,Phone,Store\n{lines}\n".encode())
        with transaction():
            made = operations.create_import(ACTOR, kind="customers", stream=stream, file_name="test.csv")
        with transaction():
            cli.map_further(made, ACTOR)
        with transaction():
            operations.start_run(ACTOR, made.id)

    deadline = time.monotonic() + PATIENCE

    def is_done() -> bool:
        assert time.monotonic() < deadline, "the import does not end"
        with app.app_context(), tenant(of.id):
            return db.session.scalar(select(Import.state)) == ImportState.DONE

    return is_done


def write(app: Flask, of: Tenant) -> Written:
    """One entry in a transaction of its own."""
    with app.app_context(), tenant(of.id):
        before = datetime.now(UTC)
        with transaction():
            entry_id = audit.record(ACTOR, "sealing.write", "sealing", uuid.uuid4(), {"title": (None, "x")})
        return Written(entry_id, before, datetime.now(UTC))


def write_at_once(app: Flask, of: Tenant, until: Callable[[], bool] = lambda: True) -> list[Written]:
    """Have the writers write, each ten times at least and until `until` says so."""
    written: list[Written] = []

    def run() -> None:
        count = 0
        while count < LEAST or not until():
            written.append(write(app, of))
            count += 1
            time.sleep(PAUSE)

    threads = [threading.Thread(target=run) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return written


def is_sealed(app: Flask, of: Tenant) -> bool:
    with app.app_context(), tenant(of.id):
        return count_unsealed() == 0


def wait_for(met: Callable[[], bool], logs: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        said = "\n".join(log.read_text()[-2000:] for log in logs.glob("*.log"))
        assert time.monotonic() < deadline, said
        time.sleep(0.1)


def out_of_order(written: list[Written], seals: dict[uuid.UUID, int]) -> list[tuple[int, int]]:
    """Pairs of numbers of which the later was committed before the commit of the earlier had begun."""
    found, earliest = [], (datetime.max.replace(tzinfo=UTC), 0)
    for item in sorted(written, key=lambda item: seals[item.entry_id], reverse=True):
        if earliest[0] < item.before:
            found.append((seals[item.entry_id], earliest[1]))
        earliest = min(earliest, (item.after, seals[item.entry_id]))
    return found


def test_writers_beside_an_import_are_sealed_in_the_order_of_their_commits(
    app: Flask,
    environ: dict[str, str],
    redis_url: str,
    tmp_path: Path,
    admin_url: str,
    database: str,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    of = make_dealership(app, "sealing")
    lines = "\n".join(f"Buyer {number},Row,+1415{number},S2" for number in range(2_000_000, 2_000_000 + ROWS))
    server = make_url(admin_url).set(database=database).render_as_string(hide_password=False)
    with running(environ, tmp_path, worker("audit"), worker("imports")), watching(server, of.schema) as seen:
        wait_for(lambda: all("ready." in log.read_text() for log in tmp_path.glob("*.log")), tmp_path)
        # Nothing is sealed yet: the relay, which asks for it, does not run.
        alone = write_at_once(app, of)
        with running(environ, tmp_path, ["worker.relay"]):
            wait_for(lambda: is_sealed(app, of), tmp_path)
            beside = write_at_once(app, of)
            is_done = bring_in_later(app, of, lines)
            during = write_at_once(app, of, is_done)
            wait_for(lambda: is_sealed(app, of), tmp_path)
    assert seen.sealing > 0
    assert seen.held_up() == [], "nobody waited for the sealer"
    with app.app_context(), tenant(of.id):
        report = verifying.verify()
        seals = {row.entry_id: row for row in db.session.execute(select(AuditSeal.__table__))}
        entries = db.session.scalar(select(func.count()).select_from(AuditEntry))
        customers = db.session.scalar(
            select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "customer.create")
        )
    assert report.findings == []
    assert customers == ROWS
    assert sorted(row.seq for row in seals.values()) == list(range(1, (entries or 0) + 1)), "each once, without a gap"
    order = {entry_id: row.seq for entry_id, row in seals.items()}
    assert out_of_order([*beside, *during], order) == []
    delays = sorted((seals[item.entry_id].sealed_at - item.after).total_seconds() for item in (*beside, *during))
    medians = [statistics.median(item.seconds for item in group) for group in (alone, beside)]
    record_testsuite_property("writes", len(alone) + len(beside) + len(during))
    record_testsuite_property("sealed_after_p99", round(delays[int(len(delays) * 0.99)], 3))
    record_testsuite_property("sealed_after_most", round(delays[-1], 3))
    record_testsuite_property("writer_ratio", round(medians[1] / medians[0], 2))


@pytest.mark.parametrize(
    ("numbers", "wrong"), [((1, 2, 3), 0), ((2, 1, 3), 1), ((3, 2, 1), 2)], ids=["kept", "swapped", "reversed"]
)
def test_the_check_of_the_order_finds_what_is_out_of_order(numbers: tuple[int, ...], wrong: int) -> None:
    ids = [uuid.uuid4() for _ in numbers]
    instants = [datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC) for second in range(6)]
    written = [Written(key, instants[2 * at], instants[2 * at + 1]) for at, key in enumerate(ids)]
    assert len(out_of_order(written, dict(zip(ids, numbers, strict=True)))) == wrong
