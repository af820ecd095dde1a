"""Pages over a real table with NULLs and ties: nothing is skipped, nothing comes twice, in either direction."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.core.db.columns import new_id
from app.core.errors import Invalid
from app.core.lists.query import ListQuery, parse
from tests.core.lists.database import fill, page_of, sample_session
from tests.core.lists.samples import CARS, SPEC, Rules

# Few values, so that ties are the rule; none at all is as common as any.
names = st.sampled_from(["", "a", "B", "b%", "ü", "王伟"])
prices = st.sampled_from([None, Decimal("0"), Decimal("9.99"), Decimal("9.9900"), Decimal("-1.5")])
doors = st.sampled_from([None, 2, 4])
days = st.sampled_from([None, date(2024, 2, 29), date(2025, 1, 1)])
midnight = datetime(2025, 1, 1, tzinfo=UTC)
moments = st.sampled_from([None, midnight - timedelta(microseconds=1), midnight])
cars = st.lists(st.tuples(names, prices, doors, days, moments), max_size=60)
orders = st.sampled_from([f"{sign}{sort.key}" for sort in SPEC.sorts for sign in ("", "-")])
calm = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def session(admin_url: str) -> Iterator[Session]:
    with sample_session(admin_url) as opened:
        yield opened


def car(name: str = "a", price: Any = None, door: Any = None, day: Any = None, seen: Any = None) -> dict[str, Any]:
    return {
        "id": new_id(), "name_key": name, "status": "new", "price": price, "doors": door, "acquired_on": day,
        "seen_at": seen, "sold": False, "store_id": None, "phone_index": None, "cost": price,
    }  # fmt: skip


def expected_order(rows: list[dict[str, Any]], sort: str) -> list[uuid.UUID]:
    """The order as people mean it, computed without the database: NULLs last either way, the id decides ties."""
    chosen = next(item for item in SPEC.sorts if item.key == sort.removeprefix("-"))
    parts = chosen.parts(reverse=sort.startswith("-"))
    ordered = sorted(rows, key=lambda row: row["id"], reverse=parts[-1].descending)
    for part in reversed(parts):
        column = part.column if isinstance(part.column, str) else part.column.name  # type: ignore[union-attr]
        some = [row for row in ordered if row[column] is not None]
        # Stable also when reversed: equal values keep the order of what was sorted before.
        some.sort(key=lambda row: row[column], reverse=part.descending)
        ordered = some + [row for row in ordered if row[column] is None]
    return [row["id"] for row in ordered]


def asked(sort: str, limit: int = 10) -> ListQuery:
    # Smaller pages than people may ask for: more edges for fewer rows.
    return replace(parse(SPEC, {"sort": [sort]}, Rules()), limit=limit)


def walk_forward(session: Session, query: ListQuery) -> tuple[list[uuid.UUID], str | None]:
    """Ids of all pages, first to last, and the last page's way back."""
    found: list[uuid.UUID] = []
    cursor = None
    while True:
        page = page_of(session, replace(query, cursor=cursor))
        assert (page.prev_cursor is None) == (cursor is None)
        assert len(page.rows) == query.limit or page.next_cursor is None
        found += [row.id for row in page.rows]
        if page.next_cursor is None:
            return found, page.prev_cursor
        cursor = page.next_cursor


@calm
@given(cars, orders, st.integers(1, 7))
def test_walking_forward_gives_exactly_the_ordered_set(
    session: Session, given_cars: list[tuple[Any, ...]], sort: str, limit: int
) -> None:
    rows = [car(*values) for values in given_cars]
    fill(session, rows)
    found, _ = walk_forward(session, asked(sort, limit))
    assert found == expected_order(rows, sort)


@calm
@given(cars, orders, st.integers(1, 7))
def test_walking_back_from_the_end_gives_the_same_rows_backwards(
    session: Session, given_cars: list[tuple[Any, ...]], sort: str, limit: int
) -> None:
    rows = [car(*values) for values in given_cars]
    fill(session, rows)
    query, expected = asked(sort, limit), expected_order(rows, sort)
    _, back = walk_forward(session, query)
    last = len(expected) % limit or min(limit, len(expected))
    found = expected[len(expected) - last :]
    while back is not None:
        page = page_of(session, replace(query, cursor=back))
        assert page.next_cursor is not None
        found = [row.id for row in page.rows] + found
        back = page.prev_cursor
    assert found == expected


@calm
@given(cars, cars, orders, st.integers(1, 7))
def test_rows_coming_in_between_pages_cause_no_repetition_and_no_gap(
    session: Session, before: list[tuple[Any, ...]], between: list[tuple[Any, ...]], sort: str, limit: int
) -> None:
    rows = [car(*values) for values in before]
    late = [car(*values) for values in between]
    fill(session, rows)
    query, found, cursor, arrivals = asked(sort, limit), [], None, list(late)
    while True:
        page = page_of(session, replace(query, cursor=cursor))
        found += [row.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
        for _ in range(min(2, len(arrivals))):
            session.execute(insert(CARS), [arrivals.pop()])
    assert len(found) == len(set(found))
    here = set(found)
    assert {row["id"] for row in rows} <= here
    assert found == [one for one in expected_order(rows + late, sort) if one in here]


@pytest.mark.parametrize("sort", [f"{sign}{sort.key}" for sort in SPEC.sorts for sign in ("", "-")])
def test_a_page_whose_rows_have_gone_still_leads_back_and_on(session: Session, sort: str) -> None:
    rows = [car(price=price) for price in (None, 1, 2, None, 3)]
    fill(session, rows)
    expected, query = expected_order(rows, sort), asked(sort, 3)
    first = page_of(session, query)
    second = page_of(session, replace(query, cursor=first.next_cursor))
    session.execute(CARS.delete().where(CARS.c.id.in_(expected[3:])))
    gone = page_of(session, replace(query, cursor=first.next_cursor))
    assert (list(gone.rows), gone.next_cursor) == ([], None)
    back = page_of(session, replace(query, cursor=gone.prev_cursor))
    assert [row.id for row in back.rows] == expected[:3]
    fill(session, [row for row in rows if row["id"] in expected[3:]])
    gone = page_of(session, replace(query, cursor=second.prev_cursor))
    assert (list(gone.rows), gone.prev_cursor) == ([], None)
    on = page_of(session, replace(query, cursor=gone.next_cursor))
    assert [row.id for row in on.rows] == expected[3:]


def test_a_cursor_of_another_order_or_condition_is_refused(session: Session) -> None:
    fill(session, [car(price=1) for _ in range(15)])
    cursor = page_of(session, asked("price")).next_cursor
    assert cursor is not None
    for args in ({"sort": ["-price"]}, {"sort": ["price"], "price_from": ["0"]}, {}):
        query = parse(SPEC, {**args, "cursor": [cursor]}, Rules())
        with pytest.raises(Invalid):
            page_of(session, query)


def test_the_count_stops_at_its_cap(session: Session) -> None:
    fill(session, [])
    session.connection().exec_driver_sql(
        "INSERT INTO list_cars (id, name_key, status, sold)"
        " SELECT gen_random_uuid(), 'n' || n, 'new', false FROM generate_series(1, 10000) n"
    )
    page = page_of(session, asked("name"), with_total=True)
    assert (page.total, page.total_capped) == (10_000, False)
    session.execute(insert(CARS), [car() for _ in range(5)])
    page = page_of(session, asked("name"), with_total=True)
    assert (page.total, page.total_capped) == (10_000, True)
