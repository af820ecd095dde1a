"""Identifiers, clock and money: the small things everything else counts on."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import business_date
from app.core.db.columns import new_id
from app.core.db.ids import from_public, to_public
from app.core.errors import NotFound
from app.core.money import round_amount


def test_new_ids_are_version_seven_and_sort_by_time() -> None:
    made = [new_id() for _ in range(200)]
    assert {item.version for item in made} == {7}
    assert {item.variant for item in made} == {uuid.RFC_4122}
    assert len(set(made)) == 200
    milliseconds = [item.int >> 80 for item in made]
    assert milliseconds == sorted(milliseconds)


@given(st.uuids())
def test_public_ids_go_there_and_back(value: uuid.UUID) -> None:
    shown = to_public("veh", value)
    assert from_public("veh", shown) == value
    with pytest.raises(NotFound):
        from_public("cus", shown)


@given(st.text(max_size=40))
def test_anything_else_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        from_public("veh", "veh_u" + text)


@given(st.uuids(), st.uuids())
def test_public_ids_sort_as_the_ids_do(one: uuid.UUID, other: uuid.UUID) -> None:
    assert (to_public("a", one) < to_public("a", other)) == (one.int < other.int)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [("0.005", "USD", "0.01"), ("-0.005", "USD", "-0.01"), ("2.675", "USD", "2.68"), ("1.5", "JPY", "2"),
     ("0.0005", "KWD", "0.001"), ("15929.2035", "CNY", "15929.20")],
)  # fmt: skip
def test_money_is_rounded_half_up_to_the_minor_unit(amount: str, currency: str, rounded: str) -> None:
    assert str(round_amount(Decimal(amount), currency)) == rounded


def test_a_business_date_is_the_stores() -> None:
    instant = datetime(2026, 3, 8, 4, 30, tzinfo=UTC)
    assert business_date(instant, "America/New_York") == date(2026, 3, 7)
    assert business_date(instant, "Asia/Shanghai") == date(2026, 3, 8)
