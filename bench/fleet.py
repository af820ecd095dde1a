"""Migrating a fleet: nothing to do, one column for everybody, and a run that is killed and taken up again."""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg

from app.core.db import revisions
from app.core.db.owner import migrator, migrator_url
from app.tenants.operations import migrating
from bench.ground import Ground, fleet
from bench.report import finish, middle, say, table
from ops.layout import ROOT

ROUNDS = 5
TARGET = "bench"
COLUMN = "ALTER TABLE core_counters ADD COLUMN bench_note text"


def script() -> str:
    """What Alembic would render for a release that adds a column."""
    return f"{COLUMN};\nUPDATE alembic_version SET version_num = '{TARGET}'"


@contextmanager
def next_release() -> Iterator[None]:
    """This code, if it had one more revision."""
    real = revisions.render_upgrade
    revisions.render_upgrade = lambda line, start, end="head": script()
    try:
        yield
    finally:
        revisions.render_upgrade = real


def put_back(ids: list[str]) -> None:
    """Every dealership as it was before the release, outside the clock."""
    head = revisions.head("tenants")
    with migrator() as connection:
        for tenant_id in ids:
            schema = f"t_{tenant_id}"
            connection.execute(
                f"BEGIN; SET LOCAL ROLE forecourt_owner; "
                f"ALTER TABLE {schema}.core_counters DROP COLUMN IF EXISTS bench_note; "
                f"UPDATE {schema}.alembic_version SET version_num = '{head}'; "
                f"UPDATE platform.tenants SET schema_version = '{head}' WHERE id = '{tenant_id}'; COMMIT".encode()
            )


def read_versions(ids: list[str]) -> float:
    """Seconds to read a version row of each dealership, one statement each, as plainly as it can be done."""
    with psycopg.connect(migrator_url(), autocommit=True) as connection:
        connection.execute("SET ROLE forecourt_owner")
        began = time.perf_counter()
        for tenant_id in ids:
            connection.execute(f"SELECT version_num FROM t_{tenant_id}.alembic_version".encode()).fetchone()
        return time.perf_counter() - began


def nothing_to_do() -> float:
    """Seconds of a migration when every dealership is there already."""
    began = time.perf_counter()
    report = migrating.migrate_tenants()
    took = time.perf_counter() - began
    if not report.ok or report.migrated:
        raise RuntimeError(f"something was to do: {report}")
    return took


def bare_column(ids: list[str], workers: int) -> float:
    """Seconds to send the bare script to each schema, one transaction each, over as many connections."""

    url = migrator_url()

    def run(share: list[str]) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for tenant_id in share:
                statements = f"BEGIN; SET LOCAL ROLE forecourt_owner; SET LOCAL search_path = t_{tenant_id}; "
                connection.execute(f"{statements}{script()}; COMMIT".encode())

    began = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, [ids[start::workers] for start in range(workers)]))
    return time.perf_counter() - began


def add_column(workers: int) -> float:
    """Seconds of the real migration of the same column."""
    with next_release():
        began = time.perf_counter()
        report = migrating.migrate_tenants(target=TARGET, workers=workers)
        took = time.perf_counter() - began
    if not report.ok:
        raise RuntimeError(f"{len(report.failed)} failed: {next(iter(report.failed.values()), report.busy)}")
    return took


def shapes(ids: list[str]) -> tuple[int, int, int]:
    """How many dealerships are wholly old, wholly new, and anything else."""
    head, old, new = revisions.head("tenants"), 0, 0
    with psycopg.connect(migrator_url(), autocommit=True) as connection:
        connection.execute("SET ROLE forecourt_owner")
        for tenant_id in ids:
            schema = f"t_{tenant_id}"
            column = "SELECT 1 FROM pg_attribute WHERE attname = 'bench_note' AND NOT attisdropped AND attrelid"
            there = f"EXISTS ({column} = '{schema}.core_counters'::regclass)"
            query = f"SELECT version_num, {there} FROM {schema}.alembic_version"
            row = connection.execute(query.encode()).fetchone()
            old, new = old + (row == (head, False)), new + (row == (TARGET, True))
    return old, new, len(ids) - old - new


def killed_and_resumed(ground: Ground, ids: list[str]) -> tuple[bool, int]:
    """Kill the migrating process in the middle, twice, then let it finish: (whole throughout, done at first kill)."""
    first = 0
    for attempt in range(3):
        child = subprocess.Popen(
            [sys.executable, "-m", "bench.fleet_child"], cwd=ROOT, env=ground.child_environ(),
            stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        if attempt == 2:
            child.wait(timeout=300)
            break
        assert child.stdout is not None
        for _ in itertools.islice(child.stdout, len(ids) // 4):
            pass
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        _, new, broken = shapes(ids)
        first = first or new
        if broken:
            return False, first
    return shapes(ids) == (0, len(ids), 0), first


def main(arguments: list[str]) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="bench fleet", description=__doc__)
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    with fleet(options.tenants) as (ground, app, _), app.app_context():
        ids = [item.tenant_id for item in migrating.read_versions()]
        put_back(ids)
        reads, noops, bares, moves = [], [], [], []
        for turn in range(ROUNDS):
            reads.append(read_versions(ids))
            noops.append(nothing_to_do())
            for which in ("bare", "real") if turn % 2 else ("real", "bare"):
                if which == "bare":
                    bares.append(bare_column(ids, options.workers))
                else:
                    moves.append(add_column(options.workers))
                put_back(ids)
            say(f"  round {turn + 1} of {ROUNDS}")
        whole, first = killed_and_resumed(ground, ids)
        put_back(ids)
    figures = {
        "tenants": len(ids),
        "noop_to_reads": round(middle(noops) / middle(reads), 3),
        "add_column_to_script": round(middle(moves) / middle(bares), 3),
        "killed_and_resumed_ok": whole,
        "done_at_first_kill": first,
        "noop_ms": round(middle(noops) * 1000),
        "add_column_ms": round(middle(moves) * 1000),
        "script_ms": round(middle(bares) * 1000),
    }
    table(
        [
            ("nothing to do", f"{middle(noops) * 1000:.0f}", f"{middle(reads) * 1000:.0f}", figures["noop_to_reads"]),
            (
                "add a column",
                f"{middle(moves) * 1000:.0f}",
                f"{middle(bares) * 1000:.0f}",
                figures["add_column_to_script"],
            ),
        ],
        ["work", "ms", "beside ms", "ratio"],
    )
    say(f"killed with {first} of {len(ids)} done, killed again, then finished: every schema whole: {whole}")
    finish("fleet", figures)
    return 0
