"""Conditions said by a word: the days they mean, whose they are, and that a stored word moves with the calendar."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest

from app.core import clock
from app.core.lists.conditions import narrow
from app.core.lists.query import read_query
from app.core.lists.relative import SPANS, Range, Word, span
from app.core.lists.spec import Filter, ListSpec, Sort
from tests.core.lists.samples import CARS, Rules, source

TODAY = date(2026, 11, 22)
RULES = Rules()
SPEC = ListSpec(
    name="test.words",
    label="Words",
    permission="testlist.see",
    source=source,
    columns=(),
    filters=(
        Filter("acquired", "Acquired", "date_range", column=CARS.c.acquired_on, words=("none",)),
        Filter("seen", "Seen", "date_range", column=CARS.c.seen_at, instants=True),
        Filter("store", "Store", "id", column=CARS.c.store_id, prefix="usr", words=("me", "none")),
    ),
    sorts=(Sort("name", "Name", ("name_key",)),),
    default_sort="name",
    id_prefix="car",
)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("today", date(2026, 11, 22), date(2026, 11, 22)),
        ("yesterday", date(2026, 11, 21), date(2026, 11, 21)),
        ("last_7_days", date(2026, 11, 16), date(2026, 11, 22)),
        ("this_week", date(2026, 11, 16), None),
        ("this_month", date(2026, 11, 1), None),
        ("last_month", date(2026, 10, 1), date(2026, 10, 31)),
        ("this_quarter", date(2026, 10, 1), None),
        ("this_year", date(2026, 1, 1), None),
        ("over_90_days_ago", None, date(2026, 8, 23)),
    ],
)
def test_a_span_means_these_days(name, low, high):
    assert span(name, TODAY) == Range(low, high)


def test_the_turn_of_a_year_is_no_edge():
    assert span("last_month", date(2027, 1, 3)) == Range(date(2026, 12, 1), date(2026, 12, 31))
    assert span("this_quarter", date(2027, 3, 31)) == Range(date(2027, 1, 1), None)
    assert span("this_week", date(2027, 1, 1)) == Range(date(2026, 12, 28), None)


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2026, 1, 1), date(2026, 12, 31)])
def test_every_span_can_be_worked_out_on_any_day(day):
    for name in SPANS:
        found = span(name, day)
        assert (found.low is None or found.high is None) or found.low <= found.high


def asked(**args):
    return read_query(SPEC, {name: [text] for name, text in args.items()}, RULES)


def test_a_word_stays_a_word_and_wins_over_typed_days():
    query = asked(acquired="last_7_days", acquired_from="2020-01-01")
    assert (query.errors, query.values) == ((), {"acquired": Word("last_7_days")})
    assert query.to_args() == {"acquired": ["last_7_days"]}
    assert query.to_view() == {"acquired": ["last_7_days"]}


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [("acquired", "last_9_days", "bad_word"), ("seen", "none", "bad_word"), ("store", "nobody", "bad_id")],
)
def test_an_unknown_word_is_refused_at_its_field(name, text, code):
    assert [(problem.field, problem.code) for problem in asked(**{name: text}).errors] == [(name, code)]


def clause(query, me=None):
    statement = narrow(source(None), query, timezone="UTC", tokenise=lambda *_: [b""], me=me)
    return str(statement.whereclause), statement.compile().params


def test_a_word_is_worked_out_when_it_is_asked(monkeypatch):
    query = asked(acquired="today")
    _, params = clause(query)
    assert set(params.values()) == {clock.today("UTC")}
    later = clock.now() + timedelta(days=40)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert set(clause(query)[1].values()) == {later.date()}


def test_mine_is_who_asks_and_nobody_is_empty():
    me = uuid.uuid4()
    assert set(clause(asked(store="me"), me)[1].values()) == {me}
    assert me not in clause(asked(store="me"))[1].values()
    assert "IS NULL" in clause(asked(store="none"), me)[0]
    assert "IS NULL" in clause(asked(acquired="none"), me)[0]


def test_words_are_for_columns_alone():
    with pytest.raises(ValueError, match="words"):
        Filter("x", "X", "id", prefix="usr", words=("me",), apply=lambda value: CARS.c.sold)
