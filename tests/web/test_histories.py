"""What changed, in words: values as people read them, beginnings without their fields, nothing of what nobody reads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.core.http.timelines import CHANGE, Change, Entry, values_of
from app.web.histories import told

AT = datetime(2026, 11, 19, 9, tzinfo=UTC)


def entry(action, *changes):
    return Entry(AT, CHANGE, who="Mei", action=action, changes=[Change(*change) for change in changes])


@pytest.fixture
def words(bare_shell):
    """`told` within a request of the American dealership."""
    with bare_shell.app.test_request_context("http://riverside.localhost/"):
        yield lambda *given, **kinds: [
            [(one.field, one.before, one.after) for one in found.changes]
            for found in told([entry(*item) for item in given], kinds, "USD")
        ]


def test_values_are_told_as_people_read_them(words):
    given = (
        "deal.edit",
        ("price", "8900.0000", "9400.0000"),
        ("sold_on", None, "2026-11-03"),
        ("status", "working", "sold"),
        ("reason", "", "told by phone"),
    )
    assert words(given, price="money", sold_on="day", status={"sold": "Sold", "working": "Working"}) == [
        [
            ("price", "$8,900", "$9,400"),
            ("sold_on", None, "Nov 3, 2026"),
            ("status", "Working", "Sold"),
            ("reason", None, "told by phone"),
        ]
    ]


@pytest.mark.parametrize("masked", ["****", "1*****"])
def test_a_mask_stays_a_mask(words, masked):
    found = words(("stock.edit", ("cost", masked, masked), ("closed_on", masked, None)), cost="money", closed_on="day")
    assert found == [[("cost", masked, masked), ("closed_on", masked, None)]]


def test_a_beginning_is_told_without_its_fields(words):
    assert words(("deal.create", ("price", None, "1.0"), ("status", None, "working"))) == [[]]


def test_an_entry_of_nothing_but_what_nobody_reads_is_left_out(words):
    assert words(("deal.edit", ("note", "a", "b")), ("deal.edit", ("price", "1", "2")), note=None) == [
        [("price", "1", "2")]
    ]


def test_the_values_behind_ids_are_found_once():
    entries = [entry("deal.edit", ("owner_id", "a", "b")), entry("deal.edit", ("owner_id", "b", None), ("x", "c", "d"))]
    assert values_of(entries, "owner_id") == {"a", "b"}
