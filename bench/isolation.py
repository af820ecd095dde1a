"""What isolation by schema and role costs, beside the same reads with none; and that no foreign row is ever read.

Without isolation means as little as can be: one set of tables with one dealership's rows, no tenant column and no
filter by it, the stock dialect. The filter that a table shared by all dealerships needs is not counted against it.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import socket
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import DBAPIError

from app.core.config import Settings
from app.core.db import db, scopes, tenant
from app.core.db.ddl import tenant_tables_script
from app.core.db.session import Base, engine_options
from bench.ground import Ground, fleet
from bench.report import finish, middle, say, table

ROWS = 100
ROUNDS = 9
READS = {"read_one": 400, "page": 300, "five_queries": 120}


def fill(ground: Ground, schemas: list[str]) -> None:
    """ROWS customers in every schema, under the same ids, each row saying whose it is; `bare` belongs to nobody."""
    with psycopg.connect(ground.admin_dsn, autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'bare'").fetchone() is None:
            with admin.transaction():
                admin.execute("CREATE SCHEMA bare")
                admin.execute("SET LOCAL search_path = bare, shared, ext")
                script = "\n".join(line for line in tenant_tables_script().splitlines() if "REVOKE" not in line)
                admin.execute(script.encode())
                admin.execute("INSERT INTO tenants_stores (id, code, name, timezone) VALUES (%s, 'S', 'S', 'UTC')",
                              [uuid.uuid4()])  # fmt: skip
        if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = 'bench_bare'").fetchone() is None:
            admin.execute("CREATE ROLE bench_bare LOGIN PASSWORD 'bare'")
        admin.execute(f"GRANT CONNECT ON DATABASE {admin.info.dbname} TO bench_bare")
        admin.execute("GRANT USAGE ON SCHEMA bare, ext TO bench_bare")
        admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA bare TO bench_bare")
        admin.execute("ALTER ROLE bench_bare SET search_path = bare, ext")
        for schema in ["bare", *schemas]:
            admin.execute(f"DELETE FROM {schema}.crm_customers")
            admin.execute(
                f"INSERT INTO {schema}.crm_customers (id, kind, name, name_key, store_id, notes) "
                f"SELECT md5(n::text)::uuid, 'individual', 'Customer ' || n, 'customer ' || lpad(n::text, 6, '0'), "
                f"(SELECT id FROM {schema}.tenants_stores LIMIT 1), %s FROM generate_series(1, {ROWS}) n",
                [schema],
            )
        admin.execute("VACUUM ANALYZE")


KEYS = [uuid.UUID(bytes=hashlib.md5(str(n).encode(), usedforsecurity=False).digest()) for n in range(1, ROWS + 1)]


@cache
def customer() -> Any:
    """The mapped class of the customers' table, once an application has loaded it: a module's models are its own."""
    return next(mapper.class_ for mapper in Base.registry.mappers if str(mapper.local_table) == "crm_customers")


def read_one(session: object, number: int) -> list[Any]:
    """One row by its key."""
    return [session.get(customer(), KEYS[number % ROWS])]  # type: ignore[attr-defined]


def page(session: object, number: int) -> list[Any]:
    """A page of fifty, in order."""
    query = select(customer()).order_by(customer().name_key, customer().id).limit(50)
    return list(session.scalars(query))  # type: ignore[attr-defined]


def five_queries(session: object, number: int) -> list[Any]:
    """Five different questions in one transaction."""
    found: list[Any] = []
    for offset in range(5):
        query = select(customer()).where(customer().name_key > f"customer {(number + offset) % 90:06d}")
        query = query.order_by(customer().name_key).limit(2 + offset)
        found += session.scalars(query)  # type: ignore[attr-defined]
    return found


def bare_application(ground: Ground, settings: Settings) -> tuple[Flask, SQLAlchemy]:
    """The same mapped classes through the same library without tenants: one login, one schema, the stock dialect."""
    app, plain = Flask("bare"), SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
    options = engine_options(settings)
    options["connect_args"] = {"prepare_threshold": None, "application_name": "bare"}
    url = make_url(ground.admin_dsn).set(drivername="postgresql+psycopg", username="bench_bare", password="bare")
    app.config["SQLALCHEMY_DATABASE_URI"] = url.render_as_string(hide_password=False)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    plain.init_app(app)
    return app, plain


class Contender:
    """One way to read, with the CPU its process and its backend have used for it."""

    def __init__(self, enter: Callable[[int], AbstractContextManager[object]], session: Callable[[], object]) -> None:
        self.enter = enter
        self.session = session
        self.backend = 0

    def once(self, read: Callable[[object, int], list[Any]], number: int) -> list[Any]:
        """One request's worth: enter, read, leave."""
        with self.enter(number):
            return read(self.session(), number)

    def learn_backend(self) -> None:
        """Which server process answers, from the one pooled connection."""
        with self.enter(0):
            self.backend = int(self.session().execute(text("SELECT pg_backend_pid()")).scalar_one())  # type: ignore[attr-defined]

    def cpu(self) -> float:
        """CPU seconds of this process and the backend so far."""
        on_cpu = int(Path(f"/proc/{self.backend}/schedstat").read_text().split()[0]) / 1e9
        return time.process_time() + on_cpu


def measure(
    contenders: dict[str, Contender], read: Callable[[object, int], list[Any]], count: int
) -> dict[str, list[float]]:
    """CPU seconds per read of each contender, a figure per round, the rounds interleaved."""
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(ROUNDS + 1):
        for name in sorted(contenders, reverse=bool(turn % 2)):
            contender = contenders[name]
            before = contender.cpu()
            for number in range(count):
                contender.once(read, number * 7919 + turn)
            if turn:
                spent[name].append((contender.cpu() - before) / count)
    return spent


class CountingProxy(threading.Thread):
    """Passes bytes between client and server and counts how often the client had to wait for an answer."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.trips = 0

    def run(self) -> None:
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, from_client: bool) -> None:
        while data := source.recv(65536):
            # A message of the client's is followed by an answer: one trip, however many commands it holds.
            self.trips += from_client
            sink.sendall(data)


def trips_per_read(url: str, begin: bytes | None, schema: str, proxy: CountingProxy) -> float:
    """Round trips of one read through the driver as each contender uses it."""
    through = make_url(url).set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
    connection = psycopg.connect(through, autocommit=begin is not None, prepare_threshold=None)
    query = f"SELECT name FROM {schema}crm_customers LIMIT 1"
    before = proxy.trips
    for _ in range(50):
        if begin is not None:
            connection.pgconn.exec_(begin)
        connection.execute(query)
        connection.commit()
    found = (proxy.trips - before) / 50
    connection.close()
    return found


def fuzz(app: Flask, ids: list[str], wanted: int) -> tuple[int, int, int]:
    """Read until `wanted` own rows are seen, with errors thrown in: (own rows, foreign rows, errors)."""
    totals = {"own": 0, "foreign": 0, "errors": 0}
    lock = threading.Lock()

    def work(seed: int) -> None:
        chance = random.Random(seed)
        while totals["own"] < wanted:
            tenant_id, accident, own, foreign = chance.choice(ids), chance.random(), 0, 0
            try:
                with app.app_context(), tenant(tenant_id):
                    for row in page(db.session, 0):
                        own, foreign = own + (row.notes == f"t_{tenant_id}"), foreign + (row.notes != f"t_{tenant_id}")
                    if accident < 0.1:
                        db.session.execute(text("SELECT 1/0"))
                    elif accident < 0.15:
                        with db.session.begin_nested():
                            db.session.execute(text("SELECT nonsense"))
                    elif accident < 0.2:
                        raise RuntimeError("in the middle of a request")
                    elif accident < 0.25:
                        db.session.commit()
                        raise RuntimeError("after the commit")
            except (DBAPIError, RuntimeError):
                with lock:
                    totals["errors"] += 1
            with lock:
                totals["own"] += own
                totals["foreign"] += foreign

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return totals["own"], totals["foreign"], totals["errors"]


def main(arguments: list[str]) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="bench isolation", description=__doc__)
    parser.add_argument("--tenants", type=int, default=200)
    parser.add_argument("--rows", type=int, default=100_000, help="own rows to read in the fuzz")
    options = parser.parse_args(arguments)
    with fleet(options.tenants) as (ground, app, ids):
        settings: Settings = app.extensions["forecourt_settings"]
        say(f"filling {len(ids)} dealerships with {ROWS} customers each")
        fill(ground, [f"t_{one}" for one in ids])
        bare, plain = bare_application(ground, settings)
        with app.app_context():
            contenders = {
                "isolated": Contender(lambda number: tenant(ids[number % len(ids)]), lambda: db.session()),
                "bare": Contender(lambda number: bare.app_context(), lambda: plain.session()),
            }
            for contender in contenders.values():
                contender.learn_backend()
            figures: dict[str, float | int | bool] = {}
            rows = []
            for name, read in (("read_one", read_one), ("page", page), ("five_queries", five_queries)):
                spent = measure(contenders, read, READS[name])
                one, none = middle(spent["isolated"]), middle(spent["bare"])
                figures[f"cpu_ratio_{name}"] = round(one / none, 3)
                rows.append((name, f"{one * 1e6:.0f}", f"{none * 1e6:.0f}", f"{one / none:.3f}"))
            with scopes.entered(scopes.tenant_scope(_known(ids[0]))):
                begin = scopes.begin_message()
        proxy = CountingProxy(make_url(ground.admin_dsn).port or 5432)
        proxy.start()
        isolated = trips_per_read(settings.database_urls["main"], begin, "", proxy)
        base = trips_per_read(bare.config["SQLALCHEMY_DATABASE_URI"].replace("+psycopg", ""), None, "", proxy)
        figures["extra_round_trips"] = round(isolated - base)
        own, foreign, errors = fuzz(app, ids, options.rows)
        figures.update(own_rows=own, foreign_rows=foreign, injected_errors=errors, tenants=len(ids))
    table(rows, ["read", "isolated us", "bare us", "ratio"])
    say(f"round trips a read: {isolated:.0f} isolated, {base:.0f} bare")
    say(f"{own} own rows, {foreign} foreign rows, {errors} injected errors")
    finish("isolation", figures)
    return 0


def _known(tenant_id: str) -> scopes.Tenant:
    with tenant(tenant_id) as found:
        return found
