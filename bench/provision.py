"""A dealership created, from request to first sign-in, beside the bare script of its DDL."""

from __future__ import annotations

import argparse
import time

import psycopg
from flask import Flask

from app.core.db import ddl, directory, revisions
from app.core.db.owner import migrator_url
from app.tenants.operations.lifecycle import delete_tenant
from app.tenants.operations.provisioning import new_tenant_id
from bench.ground import Ground, fleet, make_tenant, scratch
from bench.report import finish, middle, say, table

ROUNDS = 15


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


def whole_tenant(number: int) -> float:
    """Seconds until a new dealership can be signed in to; it is erased again, outside the clock."""
    slug = f"bench-{number}-{time.time_ns()}"
    began = time.perf_counter()
    tenant_id = make_tenant(slug)
    took = time.perf_counter() - began
    delete_tenant(tenant_id, slug.title(), now=True)
    return took


def compare(app: Flask) -> tuple[float, float]:
    """Medians in milliseconds of (dealership, bare script), taken in turn."""
    scripts, wholes = [], []
    with app.app_context(), psycopg.connect(migrator_url(), autocommit=True) as connection:
        for number in range(ROUNDS + 2):
            if number % 2:
                script, whole = bare_script(connection), whole_tenant(number)
            else:
                whole, script = whole_tenant(number), bare_script(connection)
            if number >= 2:
                scripts.append(script)
                wholes.append(whole)
    return middle(wholes) * 1000, middle(scripts) * 1000


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
    table(rows, ["dealerships there", "created ms", "script ms", "ratio"])
    finish("provision", figures)
    return 0


def _measure(
    ground: Ground, app: Flask, there: int, rows: list[tuple[object, ...]], figures: dict[str, float | int | bool]
) -> None:
    with app.app_context():
        if not directory.all_tenants():
            make_tenant("the-first")
    say(f"{ROUNDS} rounds beside {there} dealerships")
    whole, script = compare(app)
    rows.append((there, f"{whole:.0f}", f"{script:.0f}", f"{whole / script:.2f}"))
    figures[f"ratio_to_script_at_{there}"] = round(whole / script, 3)
    figures[f"created_ms_at_{there}"] = round(whole, 1)
    figures[f"script_ms_at_{there}"] = round(script, 1)
