"""Importing past sales beside COPY of the same rows into one bare table of the same width."""

from __future__ import annotations

import argparse
import csv
import io
import random
import time
from datetime import date, timedelta

import psycopg
from sqlalchemy import func, select

from app.core.db import db, tenant, transaction
from app.core.guard.permissions import system_actor
from app.core.jobs.imports import cli, operations, steps
from app.core.jobs.imports.models import Import, ImportRow
from app.inventory.rules import vin as vins
from bench.ground import make_tenant, scratch
from bench.report import finish, middle, say, table

ACTOR = system_actor("bench")
HEADERS = (
    "year", "make", "model", "trim", "body", "transmission", "vin", "store", "condition", "odometer", "color",
    "interior", "seller", "mmr", "sellingprice", "saledate", "src",
)  # fmt: skip
MODELS = (("Kia", "Sorento"), ("BMW", "3 Series"), ("Toyota", "Camry"), ("Ford", "F-150"), ("Honda", "Odyssey"))
BARE = f"CREATE TABLE public.bare ({', '.join(f'c{number} text' for number in range(len(HEADERS)))})"


def main(arguments: list[str]) -> int:
    """Run the bench; see --help."""
    parser = argparse.ArgumentParser(prog="bench import", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args(arguments)
    imported, copied, tried = list[float](), list[float](), list[float]()
    with scratch() as ground:
        app = ground.application()
        with app.app_context(), psycopg.connect(ground.admin_dsn, autocommit=True) as connection:
            connection.execute(BARE.encode())
            tenant_id = make_tenant("import")
            # The first round warms caches and plans, and does not count.
            for number in range(asked.rounds + 1):
                rows = sales(asked.rows, number)
                data = as_csv(rows)
                with tenant(tenant_id):
                    dry, wet = import_once(data, asked.rows)
                bare = copy_once(connection, rows)
                if number:
                    tried.append(dry)
                    imported.append(wet)
                    copied.append(bare)
                    say(f"  round {number}: import {wet:.2f} s, dry run {dry:.2f} s, COPY {bare * 1000:.1f} ms")
    seconds = middle(imported)
    figures = {
        "rows": asked.rows,
        "ratio_to_copy": round(seconds / middle(copied), 1),
        "rows_per_s": round(asked.rows / seconds),
        "dry_run_to_run": round(middle(tried) / seconds, 2),
        "import_ms": round(seconds * 1000),
        "copy_ms": round(middle(copied) * 1000, 1),
    }
    table([[name.replace("_", " "), value] for name, value in figures.items()], ["import", "figure"])
    finish("import", figures)
    return 0


def import_once(data: bytes, rows: int) -> tuple[float, float]:
    """Seconds of the dry run, and of everything else from the upload to the last row."""
    begun = time.perf_counter()
    with transaction():
        made = operations.create_import(ACTOR, kind="sales", stream=io.BytesIO(data), file_name="bench.csv")
    with transaction():
        cli.map_further(made, ACTOR, defaults={"deal_type": "wholesale"})
    uploaded = time.perf_counter() - begun
    with transaction():
        job = operations.start_check(ACTOR, made.id, inline=True)
    begun = time.perf_counter()
    cli.finish(job.id, steps.check_rows)
    dry = time.perf_counter() - begun
    begun = time.perf_counter()
    with transaction():
        job = operations.start_run(ACTOR, made.id, inline=True)
    cli.finish(job.id, steps.run_rows)
    seconds = uploaded + time.perf_counter() - begun
    stored = db.session.get(Import, made.id)
    query = select(func.count()).where(ImportRow.import_id == made.id, ImportRow.outcome == "created")
    assert stored is not None
    assert stored.counts == {"created": rows}
    assert db.session.scalar(query) == rows
    return dry, seconds


def copy_once(connection: psycopg.Connection[tuple[object, ...]], rows: list[tuple[str, ...]]) -> float:
    """Seconds of the same cells into the bare table."""
    connection.execute("TRUNCATE public.bare")
    begun = time.perf_counter()
    with connection.cursor().copy("COPY public.bare FROM STDIN") as target:
        for row in rows:
            target.write_row(row)
    return time.perf_counter() - begun


def sales(count: int, round_number: int) -> list[tuple[str, ...]]:
    """Wholesale sales of cars nobody has sold before."""
    luck = random.Random(round_number)
    rows: list[tuple[str, ...]] = []
    for number in range(count):
        make, model = MODELS[luck.randrange(len(MODELS))]
        bare = f"5XYP8CF00E5{round_number * count + number:06d}"
        vin = f"{bare[:8]}{vins.check_digit(bare)}{bare[9:]}"
        day = date(2014, 1, 1) + timedelta(days=luck.randrange(500))
        rows.append(
            (
                str(2005 + number % 10), make, model, "LX", "Sedan", "automatic", vin.lower(), "MAIN", "2.5",
                str(luck.randrange(150_000)), "white", "black", f"seller {luck.randrange(3_000)} inc", "20800",
                str(luck.randrange(1, 600) * 100), f"{day:%a %b %d %Y} 12:30:00 GMT-0800 (PST)", "bench",
            )
        )  # fmt: skip
    return rows


def as_csv(rows: list[tuple[str, ...]]) -> bytes:
    """The rows as a file."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows([HEADERS, *rows])
    return written.getvalue().encode()
