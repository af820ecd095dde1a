"""A dealership created, from request to first sign-in, beside the bare script of its DDL."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import psycopg
from flask import Flask

from app.core.db import ddl, directory, platform, revisions, transaction
from app.core.db.owner import migrator_url
from app.tenants.operations.lifecycle import delete_tenant
from app.tenants.operations.provisioning import new_tenant_id, provision, request_tenant
from bench.ground import Ground, fleet, make_tenant, request_of, scratch
from bench.report import finish, middle, say, table

ROUNDS = 24


def bare_script(connection: psycopg.Connection) -> float:
    """Seconds for role, schema, tables and rights of a tenant, as one script in one transaction."""
    schema = f"t_{new_tenant_id()}"
    role = ddl.tenant_role_script(schema, 1)
    tables = ddl.tenant_schema_script(schema, revisions.head("tenants"))
    script = f"BEGIN;\n{role}SET LOCAL ROLE forecourt_owner;\n{tables}COMMIT;".encode()
    began = time.perf_counter()
    connection.execute(script)
    took = time.perf_counter() - began
    drop = f"SET LOCAL ROLE forecourt_owner; DROP SCHEMA {schema} CASCADE; RESET ROLE; DROP ROLE {schema}"
    connection.execute(f"BEGIN; {drop}; COMMIT".encode())
    return took


def by_the_worker(slug: str) -> str:
    """A dealership requested in one transaction, as the web does, and made in another, as the worker does; its id."""
    with platform(), transaction():
        tenant_id = request_tenant(request_of(slug))
    provision(tenant_id)
    return tenant_id


def whole_tenant(make: Callable[[str], str]) -> float:
    """Seconds until a new dealership can be signed in to; it is erased again, outside the clock."""
    slug = f"bench-{time.time_ns()}"
    began = time.perf_counter()
    tenant_id = make(slug)
    took = time.perf_counter() - began
    delete_tenant(tenant_id, slug.title(), now=True)
    return took


def compare(app: Flask) -> tuple[float, float, float]:
    """Medians in milliseconds of (bare script, dealership by command, by request and worker).

    Each stands right beside a script of its own, before or after it in turn: every new schema empties the caches of
    the connections that did not make it, and none shall meet more of that than another.
    """
    scripts: list[float] = []
    wholes: dict[Callable[[str], str], list[float]] = {make_tenant: [], by_the_worker: []}
    with app.app_context(), psycopg.connect(migrator_url(), autocommit=True) as connection:
        for number in range(ROUNDS + 2):
            for make, taken in wholes.items():
                if number % 2:
                    script, whole = bare_script(connection), whole_tenant(make)
                else:
                    whole, script = whole_tenant(make), bare_script(connection)
                if number >= 2:
                    scripts.append(script)
                    taken.append(whole)
    return middle(scripts) * 1000, middle(wholes[make_tenant]) * 1000, middle(wholes[by_the_worker]) * 1000


def main(arguments: list[str]) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="bench provision", description=__doc__)
    parser.add_argument("--tenants", type=int, default=1000, help="how many stand already in the second measure")
    options = parser.parse_args(arguments)
    rows: list[tuple[object, ...]] = []
    figures: dict[str, float | int | bool] = {}
    with scratch() as ground:
        _measure(ground, ground.application(), 1, rows, figures)
    with fleet(options.tenants) as (ground, app, ids):
        _measure(ground, app, len(ids), rows, figures)
    table(rows, ["dealerships there", "script ms", "created ms", "ratio", "by the worker ms", "ratio"])
    finish("provision", figures)
    return 0


def _measure(
    ground: Ground, app: Flask, there: int, rows: list[tuple[object, ...]], figures: dict[str, float | int | bool]
) -> None:
    with app.app_context():
        if not directory.all_tenants():
            make_tenant("the-first")
    say(f"{ROUNDS} rounds beside {there} dealerships")
    script, whole, worker = compare(app)
    ratio, ratio_of_worker = whole / script, worker / script
    rows.append((there, f"{script:.0f}", f"{whole:.0f}", f"{ratio:.2f}", f"{worker:.0f}", f"{ratio_of_worker:.2f}"))
    figures[f"ratio_to_script_at_{there}"] = round(ratio, 3)
    figures[f"worker_ratio_to_script_at_{there}"] = round(ratio_of_worker, 3)
    figures[f"created_ms_at_{there}"] = round(whole, 1)
    figures[f"script_ms_at_{there}"] = round(script, 1)
