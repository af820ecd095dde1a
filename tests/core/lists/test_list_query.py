"""Reading a list's arguments: what is unknown, unreadable or hidden is refused by name, the rest is typed."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.db.ids import to_public
from app.core.errors import Invalid
from app.core.lists.query import parse, read_query
from app.core.lists.spec import Filter, ListSpec, Range, Sort, declare_list
from tests.core.lists.samples import CORPUS, SPEC, Rules

OPEN = Rules()
STORE = uuid.UUID("01890000-0000-7000-8000-000000000001")


def errors_of(args: dict[str, list[str]], policy: Rules = OPEN, **more: dict[str, list[str]]) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        parse(SPEC, args, policy, **more)
    return {problem.field: problem.code for problem in refused.value.errors}


def test_everything_readable_is_typed() -> None:
    query = parse(
        SPEC,
        {
            "status": ["used", "new", ""],
            "price_from": ["１0.50"],
            "price_to": [""],
            "doors_from": ["-2"],
            "doors_to": ["5"],
            "acquired_to": ["2024-02-29"],
            "store": [to_public("store", STORE)],
            "sold": ["no"],
            "model": ["  ﾄﾖﾀ  Größe "],
            "sort": ["-price"],
            "limit": ["200"],
        },
        OPEN,
        saved={"phone": ["+1 (555) 0100"], "name": ["Ünal"]},
    )
    assert query.values == {
        "status": ["new", "used"],
        "price": Range(Decimal("10.50"), None),
        "doors": Range(-2, 5),
        "acquired": Range(None, date(2024, 2, 29)),
        "store": STORE,
        "sold": False,
        "model": "トヨタ grösse",
        "phone": "15550100",
        "name": "ünal",
    }
    assert (query.sort, query.descending, query.limit) == ("-price", True, 200)


def test_blank_fields_ask_nothing() -> None:
    query = parse(SPEC, {"name": [" "], "model": [""], "price_from": ["  "], "sort": [""], "limit": [""]}, OPEN)
    assert (query.values, query.sort, query.limit, query.cursor) == ({}, "name", 50, None)


def test_every_unknown_or_unreadable_argument_is_named_at_once() -> None:
    assert errors_of(
        {
            "colour": ["red"],
            "sort": ["price desc"],
            "limit": ["9"],
            "price_from": ["NaN"],
            "doors_from": ["1.5"],
            "acquired_from": ["2024-02-30"],
            "state": ["stolen"],
            "store": ["veh_0"],
            "sold": ["maybe"],
            "model": ["a", "b"],
        }
    ) == {
        "colour": "unknown_argument",
        "sort": "unknown_sort",
        "limit": "bad_limit",
        "price_from": "bad_number",
        "doors_from": "bad_whole",
        "acquired_from": "bad_date",
        "state": "bad_choice",
        "store": "bad_id",
        "sold": "bad_flag",
        "model": "repeated",
    }


def test_a_range_upside_down_is_refused_at_its_end() -> None:
    assert errors_of({"price_from": ["2"], "price_to": ["1"]}) == {"price_to": "upside_down"}


def test_personal_values_are_refused_in_an_address() -> None:
    assert errors_of({"name": ["Smith"], "phone": ["5550100"]}) == {
        "name": "personal_in_address",
        "phone": "personal_in_address",
    }


def test_an_unreadable_personal_value_is_named_too() -> None:
    assert errors_of({}, saved={"phone": ["none"]}) == {"phone": "bad_token"}


@pytest.mark.parametrize("sight", ["hidden", "masked", "nonsense"])
def test_what_is_not_in_the_clear_can_neither_be_asked_nor_sorted(sight: str) -> None:
    hidden = errors_of({"cost_from": ["1"], "sort": ["cost"]}, Rules(cost=sight))
    assert hidden == {"cost_from": "unknown_argument", "sort": "unknown_sort"}
    assert parse(SPEC, {"cost_from": ["1"], "sort": ["-cost"]}, OPEN).sort == "-cost"


@pytest.mark.parametrize("sight", ["hidden", "masked", "nonsense"])
def test_nobody_looks_for_a_phone_he_does_not_see_in_full(sight: str) -> None:
    assert parse(SPEC, {}, OPEN, saved={"phone": ["5550100"]}).values == {"phone": "5550100"}
    closed = parse(SPEC, {}, Rules(phone=sight), saved={"phone": ["5550100"]})
    assert closed.values == {}
    assert closed.personal_arguments() == {}


def test_the_default_sort_gives_way_when_it_is_hidden() -> None:
    spec = ListSpec(
        name="test.by_cost", label="", permission="testlist.see", source=SPEC.source, columns=(), filters=(),
        sorts=(SPEC.sorts[-1], SPEC.sorts[0]), default_sort="cost", id_prefix="car",
    )  # fmt: skip
    assert read_query(spec, {}, Rules(cost="hidden")).sort == "name"
    assert read_query(spec, {}, OPEN).sort == "cost"


def test_arguments_go_round() -> None:
    args = {"status": ["new", "used"], "price_from": ["1"], "sort": ["-price"], "limit": ["10"], "filter": ["flt_1"]}
    query = parse(SPEC, args, OPEN, saved={"name": ["Smith"]})
    assert query.to_args() == args
    assert parse(SPEC, query.to_args(), OPEN, saved={"name": ["Smith"]}).fingerprint() == query.fingerprint()
    assert query.to_args(cursor="c", sort=None, filter=None) == {
        "status": ["new", "used"], "price_from": ["1"], "limit": ["10"], "cursor": ["c"],
    }  # fmt: skip
    assert query.personal_arguments() == {"name": ["Smith"]}


def test_another_question_has_another_fingerprint() -> None:
    asked = [{}, {"price_from": ["1"]}, {"price_to": ["1"]}, {"sort": ["-name"]}, {"sold": ["yes"]}, {"cheap": ["yes"]}]
    prints = {parse(SPEC, args, OPEN).fingerprint() for args in asked}
    assert len(prints) == len(asked)
    assert parse(SPEC, {"limit": ["10"]}, OPEN).fingerprint() in prints


@pytest.mark.parametrize("name", [*(n for f in SPEC.filters for n in f.arguments), "sort", "limit", "filter", "cursor"])
def test_hostile_text_is_read_or_refused_and_nothing_else(name: str) -> None:
    for text in CORPUS:
        query = read_query(SPEC, {name: [text]}, OPEN, saved={name: [text]})
        assert (query.sort, query.limit) == (SPEC.default_sort, 50), text
        assert all(problem.field == name for problem in query.errors), text
        assert all(problem.message.format(**problem.params) for problem in query.errors), text


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(max_size=12), st.lists(st.text(max_size=30), max_size=3), max_size=4))
def test_any_arguments_are_read_or_refused(args: dict[str, list[str]]) -> None:
    query = read_query(SPEC, args, OPEN)
    unknown = {name for name in args if name not in {n for f in SPEC.filters for n in f.arguments}}
    named = {problem.field for problem in query.errors}
    assert unknown - {"sort", "limit", "cursor", "filter", "csrf_token"} <= named


def test_a_spec_that_contradicts_itself_is_refused() -> None:
    base = {"label": "", "permission": "p.see", "source": SPEC.source, "columns": (), "id_prefix": "car"}
    sorts = (Sort("name", "Name", ("name_key",)),)
    with pytest.raises(ValueError, match="sorts"):
        ListSpec(name="a", filters=(), sorts=sorts, default_sort="price", **base)
    with pytest.raises(ValueError, match="taken"):
        ListSpec(name="a", filters=(Filter("sort", "Sort"),), sorts=sorts, default_sort="name", **base)
    with pytest.raises(ValueError, match="prefix"):
        Filter("store", "Store", "id")
    with pytest.raises(ValueError, match="token"):
        Filter("phone", "Phone", "token", token="phone")
    spec = ListSpec(name="test.twice", filters=(), sorts=sorts, default_sort="name", **base)
    assert declare_list(spec) is declare_list(spec)
    with pytest.raises(ValueError, match="twice"):
        declare_list(ListSpec(name="test.twice", filters=(), sorts=sorts, default_sort="-name", **base))
