"""Conditions on a real table: what each filter finds, hostile text included, and that indexes answer them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import md5, sha256
from typing import Any

import pytest
from sqlalchemy import Select, literal_column, select
from sqlalchemy.orm import Session

from app.core.db.columns import new_id
from app.core.db.ids import to_public
from app.core.lists import keyset
from app.core.lists.conditions import narrow
from app.core.lists.matching import fold_text
from app.core.lists.query import parse, read_query
from app.core.lists.spec import Filter, Sort
from tests.core.lists.database import fill, sample_session
from tests.core.lists.samples import CARS, CORPUS, SPEC, Rules, source

STORE = uuid.UUID("01890000-0000-7000-8000-000000000001")


def token(kind: str, value: str) -> list[bytes]:
    return [sha256(f"{kind} {value}".encode()).digest()[:16]]


def car(name: str, **values: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("price", "doors", "acquired_on", "seen_at", "store_id", "phone_index", "cost"))
    return {"id": new_id(), "name_key": fold_text(name), "status": "new", "sold": False, **empty, **values}


ROWS = [
    car("Anna Smith", price=Decimal("100"), doors=2, acquired_on=date(2024, 2, 29), cost=Decimal("90")),
    car("王伟", price=Decimal("100.0001"), doors=4, acquired_on=date(2024, 3, 1), store_id=STORE),
    car("100% Autos_Ltd", status="used", sold=True, phone_index=token("phone", "15550100")[0]),
    car(r"Back\Slash O'Neill", price=Decimal("-1"), seen_at=datetime(2024, 2, 29, 23, 30, tzinfo=UTC)),
    car("smithers, bob", price=Decimal("5000"), seen_at=datetime(2024, 3, 1, 0, 0, tzinfo=UTC)),
]
ANNA, WANG, AUTOS, ONEILL, BOB = range(5)


@pytest.fixture(scope="module")
def session(admin_url: str) -> Iterator[Session]:
    with sample_session(admin_url) as opened:
        fill(opened, ROWS)
        opened.commit()
        yield opened


def narrowed(args: dict[str, list[str]], timezone: str = "UTC", **saved: str) -> Select[Any]:
    query = parse(SPEC, args, Rules(), saved={name: [typed] for name, typed in saved.items()})
    return narrow(source(None), query, timezone=timezone, tokenise=token)


def found(session: Session, statement: Select[Any]) -> set[int]:
    ids = [row["id"] for row in ROWS]
    return {ids.index(row.id) for row in session.execute(statement)}


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({}, {ANNA, WANG, AUTOS, ONEILL, BOB}),
        ({"model": ["SMITH"]}, {ANNA, BOB}),
        ({"model": ["smith ann"]}, {ANNA}),
        ({"model": ["th ann"]}, {ANNA}),
        ({"model": ["伟"]}, set()),
        ({"model": ["王"]}, {WANG}),
        ({"model": ["an"]}, {ANNA}),
        ({"model": ["%"]}, set()),
        ({"model": ["0% a"]}, set()),
        ({"model": ["100%"]}, {AUTOS}),
        ({"model": ["s_l"]}, {AUTOS}),
        ({"model": ["___"]}, set()),
        ({"model": ["k\\s"]}, {ONEILL}),
        ({"model": ["o'neill"]}, {ONEILL}),
        ({"status": ["used"]}, {AUTOS}),
        ({"status": ["used", "new"]}, {ANNA, WANG, AUTOS, ONEILL, BOB}),
        ({"state": ["used"]}, {AUTOS}),
        ({"price_from": ["100"], "price_to": ["100"]}, {ANNA}),
        ({"price_from": ["100.0001"]}, {WANG, BOB}),
        ({"price_to": ["0"]}, {ONEILL}),
        ({"doors_from": ["3"]}, {WANG}),
        ({"doors_from": ["-9223372036854775807"], "doors_to": ["9223372036854775807"]}, {ANNA, WANG}),
        ({"acquired_from": ["2024-02-29"], "acquired_to": ["2024-02-29"]}, {ANNA}),
        ({"acquired_from": ["1900-01-01"], "acquired_to": ["2199-12-31"]}, {ANNA, WANG}),
        ({"seen_to": ["2199-12-31"]}, {ONEILL, BOB}),
        ({"seen_to": ["2024-02-29"]}, {ONEILL}),
        ({"seen_from": ["2024-03-01"]}, {BOB}),
        ({"store": [to_public("store", STORE)]}, {WANG}),
        ({"store": [to_public("store", uuid.UUID(int=0))]}, set()),
        ({"sold": ["yes"]}, {AUTOS}),
        ({"sold": ["no"], "price_to": ["100"]}, {ANNA, ONEILL}),
        ({"cheap": ["no"]}, {BOB}),
        ({"cost_from": ["89.5"]}, {ANNA}),
    ],
)
def test_each_condition_finds_its_rows(session: Session, args: dict[str, list[str]], expected: set[int]) -> None:
    assert found(session, narrowed(args)) == expected


def test_days_asked_of_instants_are_days_of_the_store(session: Session) -> None:
    assert found(session, narrowed({"seen_to": ["2024-02-29"]}, "Asia/Shanghai")) == set()
    assert found(session, narrowed({"seen_from": ["2024-03-01"]}, "Asia/Shanghai")) == {ONEILL, BOB}
    assert found(session, narrowed({"seen_to": ["2024-02-29"]}, "America/New_York")) == {ONEILL, BOB}


def test_personal_conditions_find_by_word_and_by_token(session: Session) -> None:
    assert found(session, narrowed({}, name="smith")) == {ANNA, BOB}
    assert found(session, narrowed({}, phone="+1 (555) 0100")) == {AUTOS}
    assert found(session, narrowed({}, phone="5550100")) == set()


@pytest.mark.parametrize(
    ("match", "asked", "expected"),
    [
        ("prefix", "smith", {BOB}),
        ("suffix", "smith", {ANNA}),
        ("exact", "anna smith", {ANNA}),
        ("exact", "anna", set()),
        ("suffix", "%", set()),
        ("contains", "sm an", set()),
        ("contains", "a a n n a s m i smith", set()),
    ],
)
def test_the_ways_text_matches(session: Session, match: Any, asked: str, expected: set[int]) -> None:
    item = Filter("model", "Model", column="name_key", match=match)
    spec = _spec_with(item)
    query = parse(spec, {"model": [asked]}, Rules())
    assert found(session, narrow(source(None), query, timezone="UTC", tokenise=token)) == expected


def _spec_with(item: Filter) -> Any:
    base = {"label": "", "permission": "testlist.see", "columns": (), "id_prefix": "car"}
    sorts = (Sort("name", "Name", ("name_key",)),)
    return type(SPEC)(name="test.one", source=source, filters=(item,), sorts=sorts, default_sort="name", **base)


def test_hostile_text_changes_no_row_and_finds_no_more_than_it_says(session: Session) -> None:
    everyone = found(session, narrowed({}))
    names = [name for item in SPEC.filters for name in item.arguments]
    personal = {name for item in SPEC.filters if item.personal for name in item.arguments}
    asked = 0
    for name in names:
        for hostile in CORPUS:
            args = {name: [hostile]}
            public, sealed = ({}, args) if name in personal else (args, {})
            query = read_query(SPEC, public, Rules(), saved=sealed)
            if query.errors or not query.values:
                continue
            asked += 1
            hits = found(session, narrow(source(None), query, timezone="UTC", tokenise=token))
            if query.conditions[0][0].kind == "text":
                wanted = fold_text(hostile)
                assert all(wanted in ROWS[hit]["name_key"] or wanted.isspace() for hit in hits), hostile
            assert hits <= everyone
    assert asked > 60
    assert found(session, narrowed({})) == everyone


@pytest.mark.parametrize("sort", ["name", "-name", "price", "-price"])
def test_an_index_answers_a_page_in_the_middle(session: Session, sort: str) -> None:
    _fill_many(session)
    statement = source(None)
    keys = keyset.keys_of(SPEC, sort, statement.selected_columns)
    order = [key.ordered(key.column) for key in keys]
    middle = session.execute(select(*(key.column for key in keys)).order_by(*order).offset(5_000).limit(1)).one()
    for walk in (keys, [key.turned() for key in keys]):
        plan = _plan(session, keyset.page_statement(statement, walk, 51, after=tuple(middle)))
        scans = [node for node in _nodes(plan) if "Scan" in node["Node Type"] and "Relation Name" in node]
        assert scans
        assert all("list_cars_" in node.get("Index Name", "") and node.get("Index Cond") for node in scans), plan
        # Nothing before the page is read: each range begins at the cursor.
        assert sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans) <= 51 * len(scans)


def test_a_trigram_index_answers_an_infix(session: Session) -> None:
    _fill_many(session)
    plan = _plan(session, narrowed({"model": [md5(b"77", usedforsecurity=False).hexdigest()[8:20]]}))
    assert "list_cars_trgm" in {node.get("Index Name") for node in _nodes(plan)}


def _fill_many(session: Session) -> None:
    if session.scalar(select(literal_column("count(*)")).select_from(CARS)) > len(ROWS):
        return
    session.connection().exec_driver_sql(
        "INSERT INTO list_cars (id, name_key, status, sold, price)"
        " SELECT gen_random_uuid(), md5(n::text), 'new', false,"
        " CASE WHEN mod(n, 3) > 0 THEN n / 4 END FROM generate_series(1, 20000) n"
    )
    # Rows still waiting outside the index make it look dear; autovacuum would bring them in.
    session.connection().exec_driver_sql("SELECT gin_clean_pending_list('list_cars_trgm')")
    session.connection().exec_driver_sql("ANALYZE list_cars")


def _plan(session: Session, statement: Select[Any]) -> dict[str, Any]:
    compiled = statement.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
    explained = session.connection().exec_driver_sql(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {compiled}", dict(compiled.construct_params())
    )
    return explained.scalar_one()[0]["Plan"]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
