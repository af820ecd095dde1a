"""Cells as people write them, and those nobody can read: nothing is guessed in silence."""

from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.jobs.imports import parsing
from app.core.jobs.imports.parsing import Unparsable


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$39,998", "39998"), ("21500.0", "21500.0"), ("¥ 12,345.67", "12345.67"), ("1.5万", "15000"),
        ("15.98 万", "159800"), ("£1", "1"), ("12 000", "12000"), ("12'000", "12000"),
        ("USD 5", "5"), ("0", "0"), ("8000元", "8000"),
    ],
)  # fmt: skip
def test_an_amount(text, value):
    assert parsing.money(text) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["-1", "abc", "1,23,4", "=1+1", "1e5", "NaN", "Infinity", "1000000000000", "12..5", "٣a"]
)
def test_what_is_no_amount(text):
    with pytest.raises(Unparsable):
        parsing.money(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Tue Dec 16 2014 12:30:00 GMT-0800 (PST)", date(2014, 12, 16)),
        ("2014-12-16 12:30:00+08:00", date(2014, 12, 16)), ("2014-12-16T23:59:59Z", date(2014, 12, 16)),
        ("2024年3月5日", date(2024, 3, 5)), ("2024/3/5", date(2024, 3, 5)), ("2024.03.05", date(2024, 3, 5)),
        ("3/5/2024", date(2024, 3, 5)), ("5 Mar 2024", date(2024, 3, 5)),
    ],
)  # fmt: skip
def test_a_day_is_the_day_that_is_written_whatever_the_zone(text, value):
    assert parsing.day(text) == value


def test_the_order_of_day_and_month_is_said_by_the_caller():
    assert parsing.day("3/5/2024", month_first=False) == date(2024, 5, 3)


@pytest.mark.parametrize(
    "text", ["10500", "2024-13-01", "2024-02-30", "Dec", "13/13/2024", "Xyz Abc 16 2014 12:30:00 GMT-0800"]
)
def test_what_is_no_day(text):
    with pytest.raises(Unparsable):
        parsing.day(text)


def test_whole_numbers_and_years():
    assert parsing.whole("68129.0") == 68129
    assert parsing.year("2015") == 2015
    for reader, text in (
        (parsing.whole, "12.5"),
        (parsing.year, "1800"),
        (parsing.year, "3000"),
        (parsing.year, "201"),
    ):
        with pytest.raises(Unparsable):
            reader(text)


def test_texts():
    assert parsing.text("  a\n  b ") == "a b"
    assert parsing.text("=1+1") == "=1+1"
    for text in ("a\x07b", "x" * (parsing.MAX_TEXT + 1), "   "):
        with pytest.raises(Unparsable):
            parsing.text(text)
    with pytest.raises(Unparsable):
        parsing.up_to(3)("abcd")


@pytest.mark.parametrize("word", ["", " ", "—", "N/A", "Not Priced", "null", "暂无", "-"])
def test_what_says_nothing(word):
    assert parsing.is_nothing(word)


@pytest.mark.parametrize("name", ["Na", "Null", "None", "无"])
def test_people_may_be_called_nothing(name):
    assert not parsing.is_nothing(name, parsing.NOT_A_WORD)


@given(st.text(max_size=40))
def test_no_text_breaks_a_reader(text):
    for reader in (parsing.text, parsing.number, parsing.whole, parsing.money, parsing.year, parsing.day):
        with contextlib.suppress(Unparsable):
            reader(text)
