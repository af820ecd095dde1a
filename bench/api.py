"""Three requests of the API with a key, beside the same done by hand (`bench/limit.py`): a list, a read, a creation.

Both answer alternately in this process, each over a PostgreSQL connection of its own. What counts is the CPU of the
process and of the backend; Redis' own work is nobody's, and neither writes log lines. Before anything is timed the
answers must be equal, and a creation must leave as many rows in every table. By hand a creation is measured twice: with
a statement for each row, and with one for all of them as the product has it.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy import select

from app.core.config import Settings
from app.core.db import db, directory, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.keys import tenant_keys
from app.core.guard.permissions import declared, system_actor
from app.crm.operations.contacts import ContactInput
from app.crm.operations.customers import create_customer
from app.tenants.operations import api_keys
from app.tenants.queries.people import grants_of_role
from app.tenants.rules.api_keys import may_hold
from bench.ground import Ground, backend_pids, make_tenant, scratch
from bench.limit import QUERY, ROOT, Limit
from bench.report import finish, middle, say, table

ACTOR = system_actor("bench")
# Requests a round of each kind.
COUNTS = {"list": 60, "read": 80, "create": 40}
LIMITS = {"API_PER_KEY": "1000000", "API_PER_TENANT": "1000000"}
WSGI = Callable[..., Any]


class Answer(NamedTuple):
    """What came back."""

    status: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Program:
    """Whoever sends requests with a key to one host, straight to a WSGI function."""

    host: str
    key: str
    store: str

    def ask(self, wsgi: WSGI, path: str = ROOT, query: str = "", body: bytes = b"") -> Answer:
        """The answer to one request; a body is posted."""
        environ = {
            "REQUEST_METHOD": "POST" if body else "GET", "PATH_INFO": path, "QUERY_STRING": query,
            "SERVER_NAME": "bench", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": self.host, "HTTP_AUTHORIZATION": f"Bearer {self.key}", "HTTP_USER_AGENT": "python",
            "HTTP_ACCEPT": "application/json", "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json",
            "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
        }  # fmt: skip
        told: list[Any] = []
        parts = wsgi(environ, lambda status, headers, _error=None: told.extend((status, dict(headers))))
        body = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        return Answer(told[0], told[1], body)

    def do(self, wsgi: WSGI, kind: str, number: int, ids: list[str]) -> Answer:
        """The answer to a request of this kind."""
        if kind == "list":
            return self.ask(wsgi, query=QUERY)
        if kind == "read":
            return self.ask(wsgi, f"{ROOT}/{ids[number % len(ids)]}")
        contact = {"kind": "email", "value": f"wei.{number}@example.com"}
        who = {"kind": "individual", "given_name": "Wei", "family_name": f"Example {number}", "store_id": self.store}
        return self.ask(wsgi, body=json.dumps({**who, "contacts": [contact]}).encode())


def main(arguments: list[str]) -> int:
    """Run the bench; see --help."""
    parser = argparse.ArgumentParser(prog="bench api", description=__doc__)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=31)
    asked = parser.parse_args(arguments)
    with scratch() as ground:
        ground.environ.update(LIMITS)
        app = ground.application()
        with app.app_context():
            tenant_id = make_tenant("programs")
            directory.refresh()
            with tenant(tenant_id) as known:
                say(f"a dealership with {asked.customers} customers")
                ids = fill(asked.customers)
                programs = {role: program(known.hosts[0], role) for role in ("gm", "bdc_agent")}
                houses = {known.hosts[0]: (known, tenant_keys())}
        limit = by_hand(ground, app, houses)
        for bare in (limit, limit.at_once):
            for caller in programs.values():
                compare(app.wsgi_app, bare, caller, ids)
            compare_rows(ground, f"t_{tenant_id}", app.wsgi_app, bare, programs["gm"])
        contenders: dict[str, WSGI] = {"product": app.wsgi_app, "limit": limit, "at_once": limit.at_once}
        spent = measure(ground, contenders, programs["gm"], ids, asked.rounds)
    figures: dict[str, float | int | bool] = {}
    rows = []
    for kind in COUNTS:
        product, least = (middle(spent[kind, name]) for name in ("product", "limit"))
        figures[f"{kind}_cpu_ratio"] = round(product / least, 3)
        rows.append((kind, f"{product * 1e6:.0f}", f"{least * 1e6:.0f}", f"{product / least:.3f}"))
    at_once = middle(spent["create", "at_once"])
    figures["create_cpu_ratio_at_once"] = round(product / at_once, 3)
    rows.append(("create, all at once", f"{product * 1e6:.0f}", f"{at_once * 1e6:.0f}", f"{product / at_once:.3f}"))
    figures["load"] = round(os.getloadavg()[0], 1)
    table(rows, ["request", "product us", "by hand us", "ratio"])
    finish("api", figures)
    return 0


def fill(customers: int) -> list[str]:
    """Customers of the present dealership, each with an e-mail; their public ids."""
    found, store = [], db.session.scalars(select(db.metadata.tables["tenants_stores"].c.id)).one()
    db.session.rollback()
    for start in range(0, customers, 100):
        with transaction():
            for number in range(start, min(start + 100, customers)):
                made = create_customer(
                    actor=ACTOR, kind="individual", store_id=store, given_name="Wei", family_name=f"Sample {number}",
                    language="en", notes="Prefers e-mail",
                    contact_points=[ContactInput("email", f"wei.sample.{number}@example.com")],
                )  # fmt: skip
                found.append(to_public("cus", made.id))
    return found


def program(host: str, role: str) -> Program:
    """A program with a key of `role` that may all that a key of it may."""
    roles, stores = (db.metadata.tables[name] for name in ("tenants_roles", "tenants_stores"))
    role_id = db.session.scalars(select(roles.c.id).where(roles.c.key == role)).one()
    store_id = db.session.scalars(select(stores.c.id)).one()
    held = grants_of_role(role_id)
    rights = [name for name in declared() if name in held and may_hold(name)]
    db.session.rollback()
    with transaction():
        _, key = api_keys.create_key(ACTOR, name=role, role_id=role_id, store_id=None, permissions=rights, days=30)
    return Program(host, key, to_public("store", store_id))


def by_hand(ground: Ground, app: Flask, houses: dict[str, Any]) -> Limit:
    """The contender, through the same login."""
    settings: Settings = app.extensions["forecourt_settings"]
    dsn = settings.database_urls["main"].replace("+psycopg", "")
    return Limit(dsn, settings.redis_url, settings.secret_key, houses, [settings.api_per_key, settings.api_per_tenant])


def compare(product: WSGI, limit: WSGI, caller: Program, ids: list[str]) -> None:
    """Raise RuntimeError unless both answer alike, but for what is random: ids, times, and the nonce of a cursor."""
    for kind in COUNTS:
        one, other = (caller.do(wsgi, kind, 7, ids) for wsgi in (product, limit))
        bodies = [one.body, other.body]
        if kind == "list":
            ways = [json.loads(body)["page"]["next_cursor"] for body in bodies]
            bodies = [body.replace(way.encode(), b"") for body, way in zip(bodies, ways, strict=True)]
            behind = [caller.ask(product, query=f"{QUERY}&cursor={way}") for way in ways]
            alike = json.loads(behind[0].body)["data"] == json.loads(behind[1].body)["data"] != []
        elif kind == "create":
            made = [json.loads(body) for body in bodies]
            found = [caller.ask(product, f"{ROOT}/{record['id']}") for record in made]
            alike = [(a.body, a.headers["ETag"]) for a in found] == [(a.body, a.headers["ETag"]) for a in (one, other)]
            bodies = [json.dumps({**record, "id": "", "created_at": "", "updated_at": ""}).encode() for record in made]
        else:
            alike = one.headers["ETag"] == other.headers["ETag"]
        alike = alike and one.status[:3] == other.status[:3] and sorted(one.headers) == sorted(other.headers)
        if one.status[0] != "2" or not alike or bodies[0] != bodies[1]:
            raise RuntimeError(f"{kind}: the answers differ\n{one}\n{other}")


def compare_rows(ground: Ground, schema: str, product: WSGI, limit: WSGI, caller: Program) -> None:
    """Raise RuntimeError unless a creation leaves as many rows in every table, whoever carries it out."""
    left = []
    with psycopg.connect(ground.admin_dsn, autocommit=True) as admin:
        for wsgi in (product, limit):
            before = count_rows(admin, schema)
            if caller.do(wsgi, "create", 1, []).status[:3] != "201":
                raise RuntimeError("create: refused")
            left.append(count_rows(admin, schema) - before)
    if left[0] != left[1] or len(left[0]) < 6:
        raise RuntimeError(f"create: the product left {left[0]}, by hand there are {left[1]}")
    say("a creation leaves " + ", ".join(f"{number} {name}" for name, number in sorted(left[0].items())))


def count_rows(admin: psycopg.Connection[Any], schema: str) -> Counter[str]:
    """How many rows each table of the dealership and of the platform has."""
    query = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN (%s, 'platform')"
    found = Counter[str]()
    for of, name in admin.execute(query, [schema]).fetchall():
        count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(of, name))
        found[name] = admin.execute(count).fetchall()[0][0]
    return found


def measure(
    ground: Ground, contenders: dict[str, WSGI], caller: Program, ids: list[str], rounds: int
) -> dict[tuple[str, str], list[float]]:
    """CPU seconds of a request of each kind by each contender, a figure a round, the rounds interleaved."""
    names = {"product": "forecourt", "limit": "limit", "at_once": "limit"}
    backends = {name: backend_pids(ground, names[name]) for name in contenders}
    spent: dict[tuple[str, str], list[float]] = {}
    for turn in range(rounds + 1):
        for kind, count in COUNTS.items():
            for name in sorted(contenders, reverse=bool(turn % 2)):
                if name == "at_once" and kind != "create":
                    continue
                began = cpu(backends[name])
                for number in range(count):
                    if caller.do(contenders[name], kind, number * 7919 + turn, ids).status[0] != "2":
                        raise RuntimeError(f"{kind}: refused")
                if turn:
                    spent.setdefault((kind, name), []).append((cpu(backends[name]) - began) / count)
    return spent


def cpu(backends: list[int]) -> float:
    """CPU seconds of this process and these backends so far."""
    on_cpu = sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in backends)
    return time.process_time() + on_cpu / 1e9
