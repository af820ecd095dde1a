"""Every look-up of the search is answered by an index of the entries, and planned for its own text each time."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, make_url, text
from sqlalchemy.engine import Engine

from app.core.db import Tenant, columns, db, tenant, transaction
from app.core.db.bulk import copy_rows
from app.core.guard.permissions import Actor, system_actor
from app.core.lists import search
from app.core.lists.search import Entry
from app.core.lists.search.entries import COLUMNS, TABLE, rows_for

GIVEN = ("james", "mary", "robert", "linda", "david", "susan", "joseph", "karen", "小明", "伟", "芳", "娜娜")
MANY = 12_000
PREFIX = "ix_core_search_entries_"


def _entries(chance: random.Random, kind: str, count: int) -> dict[columns.uuid.UUID, Entry]:
    made = {}
    for number in range(count):
        key = columns.new_id()
        if kind == "customer":
            family = "".join(chance.choice("abcdefghiklmnoprstuvw") for _ in range(chance.randrange(4, 9)))
            name = f"{chance.choice(GIVEN)} {family}"
            phone = f"+1202{chance.randrange(2_000_000, 9_999_999)}"
            made[key] = Entry(name, names=name, secrets=[("phone", phone)], store_id=key, owner_id=key)
        elif kind == "vehicle":
            made[key] = Entry("Ford Focus", code=f"1FAPP64R7L{number:07}", secrets=[("plate", f"京A{number:05}")])
        else:
            made[key] = Entry(f"D-{number}", code=f"D-{number}", store_id=key, owner_id=key)
    return made


@pytest.fixture(scope="module")
def many(app: Flask, alpha: Tenant, admin_url: str, database: str) -> Tenant:
    """A dealership with so many entries that reading them all would be slower than any index."""
    chance = random.Random(3)
    with app.app_context(), tenant(alpha.id), transaction():
        for kind, count in (("customer", MANY), ("vehicle", MANY // 2), ("deal", MANY // 2)):
            rows = rows_for(kind, _entries(chance, kind, count))
            copy_rows(TABLE, COLUMNS, ([row[name] for name in COLUMNS] for row in rows.values()))
    url = make_url(admin_url).set(database=database).render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"VACUUM ANALYZE {alpha.schema}.{TABLE.name}".encode())
    return alpha


@pytest.fixture
def in_many(app: Flask, many: Tenant) -> Iterator[None]:
    with app.app_context(), tenant(many.id):
        yield


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        found.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def plans_of(actor: Actor, asked: str) -> tuple[set[str], list[dict[str, Any]]]:
    """The indexes used for a question, and every node of its plans."""
    with statements() as sent:
        search.find(actor, asked)
    nodes: list[dict[str, Any]] = []
    for statement, values in sent:
        if TABLE.name in statement:
            plan = db.session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
            _collect((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"], nodes)
    return {node["Index Name"].removeprefix(PREFIX) for node in nodes if "Index Name" in node}, nodes


def _collect(node: dict[str, Any], into: list[dict[str, Any]]) -> None:
    into.append(node)
    for part in node.get("Plans", []):
        _collect(part, into)


QUESTIONS = [
    ("2025550171", {"tokens", "code"}),
    ("5550171", {"tokens", "code", "code_reversed"}),
    ("0171", {"tokens", "code", "code_reversed"}),
    ("京A00042", {"tokens"}),
    ("1FAPP64R7L0000042", {"code"}),
    ("0000042", {"code", "code_reversed"}),
    ("D-1042", {"code", "code_reversed"}),
    ("mary", {"kind_names", "names_trgm"}),
    ("robert smith", {"kind_names", "names_trgm"}),
    ("roebrt", {"kind_names", "names_trgm", "spellings"}),
    ("li", {"kind_names", "spellings"}),
    ("小明", {"kind_names", "spellings"}),
    ("娜", {"kind_names"}),
    ("zzxqv wwyk", {"kind_names", "spellings"}),
    ("kim@example.com", {"tokens"}),
]


@pytest.mark.parametrize(("asked", "expected"), QUESTIONS, ids=[asked for asked, _ in QUESTIONS])
@pytest.mark.parametrize("scope", ["all", "store"])
def test_indexes_answer(in_many: None, asked: str, expected: set[str], scope: str) -> None:
    actor = system_actor("test")
    if scope == "store":
        grants = dict.fromkeys(("customer.see", "stock.see", "deal.see"), "store")
        stores = frozenset(columns.new_id() for _ in range(3))
        grants |= {"vehicle.see": "all"}
        actor = Actor(columns.new_id(), "Sam", grants, store_ids=stores, sights={"contact": "visible"})
    used, nodes = plans_of(actor, asked)
    assert [node for node in nodes if node["Node Type"] == "Seq Scan"] == []
    assert {node["Relation Name"] for node in nodes if "Relation Name" in node} <= {TABLE.name}
    assert expected <= used


def test_a_question_is_one_statement_and_at_most_two_for_names(in_many: None) -> None:
    for asked, most in (("2025550171", 1), ("1FAPP64R7L0000042", 1), ("mary", 1), ("roebrt", 2), ("zzxqv wwyk", 3)):
        with statements() as sent:
            search.find(system_actor("test"), asked)
        assert len([statement for statement, _ in sent if TABLE.name in statement]) <= most, asked


def test_no_plan_is_kept_for_another_text(in_many: None) -> None:
    """A plan for any text would read a whole index for a short one: from the eleventh call on, were it prepared."""
    for asked in ["mary jones"] * 14 + ["li"]:
        search.find(system_actor("test"), asked)
    connection = db.session.connection()
    assert connection.connection.driver_connection.prepare_threshold is None
    assert connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one() == 0
    used, nodes = plans_of(system_actor("test"), "li")
    assert "names_trgm" not in used
    assert [node for node in nodes if node["Node Type"] == "Seq Scan"] == []


def test_what_is_found_is_bounded(in_many: None) -> None:
    with statements() as sent:
        groups = search.find(system_actor("test"), "ma", limit_per_kind=3)
    assert [len(group.hits) for group in groups if group.kind.name == "customer"] == [3]
    assert all(group.more for group in groups)
    assert all("LIMIT" in statement for statement, _ in sent if TABLE.name in statement)
