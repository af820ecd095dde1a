"""Stock rules: moves, what ends an episode, age in the store's calendar, odometer and plates."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import business_date
from app.core.money import plain_amount
from app.inventory.rules import ageing, odometer, plates, stock
from app.inventory.rules.odometer import OdometerUnit
from app.inventory.rules.stock import StockStatus


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("in_transit", "in_recon"),
        ("in_transit", "sold"),
        ("in_recon", "available"),
        ("available", "on_hold"),
        ("on_hold", "available"),
        ("available", "wholesaled"),
        ("on_hold", "dealer_trade_out"),
        ("sold", "delivered"),
        ("sold", "available"),
    ],
)
def test_allowed_moves(before, after):
    assert stock.may_move(StockStatus(before), StockStatus(after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("available", "delivered"),
        ("available", "in_transit"),
        ("sold", "in_recon"),
        ("sold", "wholesaled"),
        ("available", "available"),
    ],
)
def test_refused_moves(before, after):
    assert not stock.may_move(StockStatus(before), StockStatus(after))


def test_nothing_moves_out_of_a_closed_status_and_every_status_can_be_reached():
    assert {status for status in StockStatus if not stock.moves_from(status)} == stock.CLOSED
    reached, frontier = set(), set(stock.ENTRY)
    while frontier:
        reached |= frontier
        frontier = {target for status in frontier for target in stock.moves_from(status)} - reached
    assert reached == set(StockStatus)


def test_moves_are_listed_in_the_order_of_a_units_life():
    assert stock.moves_from(StockStatus.SOLD) == (StockStatus.AVAILABLE, StockStatus.ON_HOLD, StockStatus.DELIVERED)


def test_open_and_closed_cover_everything_once():
    assert set(StockStatus) == stock.OPEN | stock.CLOSED
    assert not stock.OPEN & stock.CLOSED
    assert stock.ENTRY <= stock.OPEN
    assert stock.closing_status("wholesale") is StockStatus.WHOLESALED
    assert {stock.closing_status(kind) for kind in ("retail", "fleet", "lease")} == {StockStatus.DELIVERED}


@pytest.mark.parametrize(
    ("amount", "possible"),
    [(None, True), ("0", True), ("31950.00", True), ("-0.01", False), ("NaN", False), ("Infinity", False)],
)
def test_amounts(amount, possible):
    assert stock.amount_is_possible(None if amount is None else Decimal(amount)) is possible


def test_age_is_counted_in_the_stores_zone():
    instant = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)
    acquired = date(2026, 2, 28)
    assert ageing.days_in_stock(acquired, business_date(instant, "Asia/Shanghai")) == 2
    assert ageing.days_in_stock(acquired, business_date(instant, "America/Los_Angeles")) == 1


def test_age_stops_at_the_end_of_the_episode_and_is_never_negative():
    acquired = date(2026, 1, 1)
    assert ageing.days_in_stock(acquired, date(2026, 6, 1), date(2026, 1, 11)) == 10
    assert ageing.days_in_stock(acquired, date(2026, 1, 5), date(2026, 1, 11)) == 4
    assert ageing.days_in_stock(acquired, date(2025, 12, 31)) == 0


@given(st.integers(0, 10_000))
def test_every_age_has_exactly_one_bucket(days):
    holding = [b for b in ageing.BUCKETS if days >= b[0] and (b[1] is None or days <= b[1])]
    assert holding == [ageing.bucket(days)]


@pytest.mark.parametrize(("days", "pace"), [(0, "good"), (60, "good"), (61, "slow"), (90, "slow"), (91, "old")])
def test_pace(days, pace):
    assert ageing.pace(days) == pace


@pytest.mark.parametrize(
    ("before", "after", "needed"),
    [
        ((100, "km"), (100, "km"), False),
        ((100, "km"), (99, "km"), True),
        ((100, "km"), (150, "km"), False),
        ((100, "mi"), (161, "km"), False),
        ((100, "mi"), (150, "km"), True),
        ((161, "km"), (100, "mi"), False),
    ],
)
def test_a_lower_reading_needs_a_reason_whatever_the_units(before, after, needed):
    assert odometer.needs_reason(before[0], OdometerUnit(before[1]), after[0], OdometerUnit(after[1])) is needed


@given(st.integers(0, odometer.HIGHEST))
def test_converting_there_and_back_is_never_called_lower(reading):
    miles = odometer.to_unit(reading, OdometerUnit.KM, OdometerUnit.MI)
    assert not odometer.needs_reason(reading, OdometerUnit.KM, miles + 1, OdometerUnit.MI)
    kilometres = odometer.to_unit(reading, OdometerUnit.MI, OdometerUnit.KM)
    assert odometer.to_unit(kilometres, OdometerUnit.KM, OdometerUnit.MI) == reading


@pytest.mark.parametrize(
    ("typed", "normal"),
    [("苏 D·48510", "苏D48510"), ("klo 7343", "KLO7343"), ("ＡＢ１２ ｃｄｅ", "AB12CDE"), (" .- ", "")],
)
def test_plates_are_compared_without_spaces_and_dots(typed, normal):
    assert plates.normalise(typed) == normal
    assert plates.is_possible(typed) is bool(normal)
    assert not plates.is_possible("A" * 17)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("22900.0000", "USD", "22900"),
        ("12000.5000", "USD", "12000.50"),
        ("1E+5", "CNY", "100000"),
        ("99.5", "JPY", "100"),
        ("1.2345", "KWD", "1.235"),
        ("0", "USD", "0"),
    ],
)
def test_amounts_stand_in_forms_as_people_type_them(amount, currency, text):
    assert plain_amount(Decimal(amount), currency) == text
