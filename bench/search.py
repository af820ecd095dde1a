"""One box over a million entries: beside a sequential scan of the same table, and a page beside an empty one."""

from __future__ import annotations

import argparse
import dataclasses
import http.client
import json
import os
import random
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import event, func, insert, select, text, update
from sqlalchemy.engine import Engine

from app.core import clock
from app.core.db import db, directory, tenant, transaction
from app.core.db.columns import new_id
from app.core.guard.permissions import Actor, system_actor
from app.core.http.sessions import hash_token, new_token
from app.core.lists import search
from app.core.lists.search.models import SearchEntry
from bench.ground import FORGETFUL, Ground, kept, make_tenant
from bench.report import finish, middle, p95, say, table
from bench.search_rows import SEED, Samples, fill
from ops.layout import ROOT
from ops.processes import free_port
from ops.programs import web

# A neighbour's work on a busy machine is not the question's: each is asked so often, and its median counts.
ROUNDS = 3
SCAN_ONLY = ("enable_indexscan", "enable_bitmapscan", "enable_indexonlyscan")
# Enough memory that a million entries stay in it, as they do on a server that is theirs.
SETTINGS = {**FORGETFUL, "shared_buffers": "1GB", "maintenance_work_mem": "256MB"}
Questions = dict[str, list[str]]


def questions(samples: Samples, each: int) -> Questions:
    """What people type, by kind: things that are there, and things that are not."""
    chance = random.Random(SEED)

    def some(values: list[str]) -> list[str]:
        return chance.sample(values, min(each, len(values)))

    names, names_zh = some(samples.names), some(samples.names_zh)
    return {
        "name": names,
        "one word of a name": [chance.choice(name.split()) for name in some(samples.names)],
        "name, mistyped": [_mistyped(chance, name) for name in some(samples.names)],
        "name, Chinese": names_zh,
        "part of it, Chinese": [name[-2:] for name in some(samples.names_zh)],
        "mistyped, Chinese": [
            name[0] + chr(0x4E00 + chance.randrange(5_000)) + name[2:] for name in names_zh if name[2:]
        ],
        "phone": [phone.removeprefix("+1").removeprefix("+86") for phone in some(samples.phones)],
        "last 4 of a phone": [phone[-4:] for phone in some(samples.phones)],
        "last 8 of a phone": [phone[-8:] for phone in some(samples.phones)],
        "e-mail": some(samples.emails),
        "VIN": some(samples.vins),
        "last 6 of a VIN": [vin[-6:] for vin in some(samples.vins)],
        "plate": some(samples.plates),
        "number of a deal": some(samples.numbers),
        "no match, name": [
            "".join(chance.sample("bcdfghklmnprstvw", 4)) + "ux " + name[:4] for name in some(samples.names)
        ],
        "no match, number": [str(chance.randrange(10**11, 10**12)) for _ in range(each)],
    }


def _mistyped(chance: random.Random, name: str) -> str:
    at = chance.randrange(1, len(name) - 2)
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


@contextmanager
def watched() -> Iterator[list[tuple[str, Any, float]]]:
    """The statements sent in the body, with their values and seconds."""
    found: list[tuple[str, Any, float]] = []
    begun = [0.0]

    def before(*_: Any) -> None:
        begun[0] = time.perf_counter()

    def after(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        found.append((statement, values, time.perf_counter() - begun[0]))

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "after_cursor_execute", after)


def asked_of_database(actor: Actor, asked: str, rounds: int = 1) -> tuple[float, list[tuple[str, Any, float]]]:
    """Milliseconds in the database of one question, the median of some rounds, and its statements."""
    found = []
    for _ in range(rounds):
        with watched() as statements:
            search.find(actor, asked)
        db.session.rollback()
        found.append(1000 * sum(seconds for *_, seconds in statements))
    return middle(found), statements


def scanned(statements: list[tuple[str, Any, float]]) -> float:
    """Milliseconds of the same look-ups when the table can only be read from end to end."""
    total = 0.0
    connection = db.session.connection()
    for name in SCAN_ONLY:
        connection.execute(text(f"SET LOCAL {name} = off"))
    for statement, values, _ in statements:
        if "core_search_entries" in statement:
            begun = time.perf_counter()
            connection.exec_driver_sql(statement, values).all()
            total += time.perf_counter() - begun
    db.session.rollback()
    return 1000 * total


def looked_up(statements: list[tuple[str, Any, float]]) -> float:
    """Milliseconds of the look-ups alone."""
    return 1000 * sum(seconds for statement, _, seconds in statements if "core_search_entries" in statement)


class Browser:
    """A signed-in user on one connection."""

    def __init__(self, port: int, host: str, token: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {"Host": f"{host}:{port}", "Cookie": f"session={token}"}
        page = self._ask("GET", "/account").decode()
        self.form = page.partition('name="csrf_token" value="')[2].partition('"')[0]

    def _ask(self, method: str, path: str, body: str | None = None, **headers: str) -> bytes:
        self.connection.request(method, path, body, {**self.headers, **headers})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 204):
            raise RuntimeError(f"{method} {path}: {answer.status}")
        return content

    def post(self, path: str, **fields: str) -> float:
        """Milliseconds of one form sent as the palette sends it."""
        body = urlencode({"csrf_token": self.form, **fields})
        begun = time.perf_counter()
        self._ask("POST", path, body, **{"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"})
        return 1000 * (time.perf_counter() - begun)


@contextmanager
def served(ground: Ground, host: str, token: str) -> Iterator[Browser]:
    """The real server on this ground, and somebody signed in."""
    port = free_port()
    keep = {name: value for name, value in ground.environ.items() if not name.startswith(("MIGRATOR_", "RELAY_"))}
    program = web(
        "web", port, 1, {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **keep, "PUBLIC_PORT": str(port)}
    )
    log = (ground.folder / "web.log").open("wb")
    process = subprocess.Popen(program.command, cwd=ROOT, env=program.environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                browser = Browser(port, host, token)
                break
            except (OSError, http.client.HTTPException):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        yield browser
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def signed_in(host: str) -> str:
    """A session of the administrator; its token."""
    token = new_token()
    with transaction() as session:
        users, sessions = db.metadata.tables["tenants_users"], db.metadata.tables["tenants_sessions"]
        user_id = session.scalars(update(users).values(state="active").returning(users.c.id)).one()
        expires_at = clock.now() + timedelta(hours=12)
        token_hash = hash_token(token)
        row = {"id": new_id(), "token_hash": token_hash, "user_id": user_id, "host": host, "expires_at": expires_at}
        session.execute(insert(sessions).values(**row))
    return token


def prepared(ground: Ground, entries: int) -> tuple[str, Samples]:
    """The filled dealership of this ground, made when it is missing; its id."""
    note = ground.folder / f"samples-{entries}.json"
    if not note.exists():
        tenant_id = make_tenant(f"search-{secrets.token_hex(4)}")
        directory.refresh()
        with tenant(tenant_id) as made:
            samples = fill(ground, made.schema, entries)
        note.write_text(json.dumps({"tenant": tenant_id, "samples": dataclasses.asdict(samples)}))
    found = json.loads(note.read_text())
    return found["tenant"], Samples(**found["samples"])


def main(arguments: list[str]) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="bench search", description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--each", type=int, default=40, help="questions of each kind")
    parser.add_argument("--scans", type=int, default=3, help="of them also asked without indexes")
    options = parser.parse_args(arguments)
    with kept("search", SETTINGS) as ground:
        app = ground.application()
        with app.app_context():
            tenant_id, samples = prepared(ground, options.entries)
            asked = questions(samples, options.each)
            with tenant(tenant_id) as made:
                figures = measured(ground, made.hosts[0], asked, options.scans)
    finish("search", figures)
    return 0


def measured(ground: Ground, host: str, asked: Questions, scans: int) -> dict[str, float | int | bool]:
    """Ask everything, in the database and over HTTP, and tell what it took."""
    entries = db.session.scalar(select(func.count()).select_from(SearchEntry)) or 0
    db.session.rollback()
    actor, rows = system_actor("bench"), []
    ratios, all_ms, pages, empties = [], [], [], []
    with served(ground, host, signed_in(host)) as browser:
        for _ in range(20):
            browser.post("/recent")
            browser.post("/find", q="warm up")
        for kind, texts in asked.items():
            asked_of_database(actor, texts[0])
            found = [asked_of_database(actor, each, ROUNDS) for each in texts]
            took = [milliseconds for milliseconds, _ in found]
            by_scan = [(scanned(statements), looked_up(statements)) for _, statements in found[:scans]]
            page = []
            for each in texts:
                page.append(browser.post("/find", q=each))
                empties.append(browser.post("/recent"))
            ratios += [slow / quick for slow, quick in by_scan]
            all_ms += took
            pages += page
            scan = middle([slow for slow, _ in by_scan])
            rows.append(
                [
                    kind,
                    f"{middle(took):.2f}",
                    f"{p95(took):.2f}",
                    f"{scan:.0f}",
                    f"{middle(page):.1f}",
                    f"{p95(page):.1f}",
                ]
            )
            say(f"  {kind}")
    table(rows, ["question", "median ms", "p95 ms", "scan ms", "page ms", "page p95 ms"])
    return {
        "entries": entries,
        "questions": len(all_ms),
        "speedup_to_scan": round(middle(ratios)),
        "median_ms_db": round(middle(all_ms), 2),
        "p95_ms_db": round(p95(all_ms), 2),
        "http_p95_ms": round(p95(pages), 1),
        "empty_p95_ms": round(p95(empties), 1),
        "http_p95_to_empty_request": round(p95(pages) / p95(empties), 2),
    }
