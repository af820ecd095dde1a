"""A day on a grid of quarter hours: nothing leaves it, nothing stands over anything, and the hours add up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.schedules import Booking, Lane, plan
from app.web.styleguide import SOURCE

OPENS = datetime(2026, 11, 19, 8, tzinfo=UTC)
MINUTES = st.integers(-600, 1500)
PAGE = '{% from "web/macros/scheduler.html" import scheduler with context %}{{ scheduler(s, "Day", "Technician") }}'


def booking(start: int, minutes: int, tone: str = "petrol", title: str = "Work") -> Booking:
    begin = OPENS + timedelta(minutes=start)
    return Booking(begin, begin + timedelta(minutes=minutes), title, tone=tone)


def only(*bookings: Booking, hours: int = 10, now: datetime | None = None):
    return plan(OPENS, hours, [Lane("Tom", bookings)], now).lanes[0]


def test_a_booking_stands_where_its_time_is():
    [place] = only(booking(90, 150)).places
    assert (place.start, place.width, place.row) == (6, 10, 0)


def test_what_begins_before_or_ends_after_is_cut_off():
    lane = only(booking(-60, 90), booking(570, 120), booking(-120, 60), booking(700, 60))
    assert [(place.start, place.width) for place in lane.places] == [(0, 2), (38, 2)]


def test_two_at_once_are_two_rows_and_said():
    lane = only(booking(0, 60), booking(30, 60), booking(60, 30))
    assert [place.row for place in lane.places] == [0, 1, 0]
    assert lane.is_double
    assert not only(booking(0, 60), booking(60, 60)).is_double


def test_time_nobody_works_is_no_load():
    lane = only(booking(0, 90), booking(90, 60, "off"))
    assert lane.booked == 1.5
    assert lane.level == "green"
    assert only(booking(0, 600)).level == "amber"


@pytest.mark.parametrize(("minutes", "now"), [(-1, None), (0, 0), (185, 12), (600, None)])
def test_now_is_a_quarter_hour_of_the_day(minutes, now):
    assert plan(OPENS, 10, [], OPENS + timedelta(minutes=minutes)).now == now


@given(st.lists(st.tuples(MINUTES, st.integers(0, 700)), max_size=20), st.integers(0, 30))
def test_nothing_leaves_the_grid_or_stands_over_another(items, hours):
    schedule = plan(OPENS, hours, [Lane("Tom", [booking(*item) for item in items])])
    lane = schedule.lanes[0]
    taken = set()
    for place in lane.places:
        assert 0 <= place.start < place.start + place.width <= schedule.hours * 4
        cells = {(place.row, quarter) for quarter in range(place.start, place.start + place.width)}
        assert lane.rows > 8 or not cells & taken
        taken |= cells


def test_the_grid_is_drawn_by_classes_that_exist(bare_shell):
    css = (SOURCE.parent / "scheduler.css").read_text()
    schedule = plan(OPENS, 10, [Lane("Tom", [booking(0, 60), booking(30, 560)], 8)], OPENS)
    page = bare_shell.page(PAGE, s=schedule)
    assert 'class="p2 w38 r1"' in page
    assert " style=" not in page
    for name in ("p63 ", "w64 ", "r7 "):
        assert f".slane > .{name}" in css
    assert ".h16 " in css
    assert "Booked twice" in page
    assert "8:00" in page
