"""The geometry of charts: gaps stay gaps, scales are round, nothing leaves the box, whatever the values."""

import math
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.web.charts import Chart, Part, Series, draw, lengths, segments, sparkline
from app.web.charts.scales import nice_step, scale_of, text_width

VALUES = st.one_of(
    st.none(),
    st.integers(-1_000_000, 10_000_000),
    st.floats(-1e9, 1e9, allow_nan=False),
    st.decimals(-1_000_000, 1_000_000, places=2),
    st.sampled_from([0, 0.0, float("nan"), float("inf"), Decimal(0)]),
)
ROWS = st.lists(VALUES, max_size=40)
# Rounding to a tenth may step over an edge by half of one.
HAIR = 0.11


def chart(*series: Series, count: int | None = None) -> Chart:
    length = max((len(one.values) for one in series), default=0) if count is None else count
    return Chart("Sales", "Month", [str(index) for index in range(length)], series)


def line(values) -> Series:
    return Series("Sales", values)


def numbers_of(plot):
    for line in plot.lines:
        for point in line.points.split():
            yield tuple(float(part) for part in point.split(","))
    for mark in (*plot.dots, *plot.left_marks, *plot.right_marks, *plot.name_marks, *plot.ends):
        yield mark.x, mark.y
    for box in (*plot.bars, *(spot.box for spot in plot.spots), *([plot.now] if plot.now else [])):
        assert box.width >= 0
        assert box.height >= 0
        yield box.x, box.y
        yield box.x + box.width, box.y + box.height


@given(bars=ROWS, more=ROWS, left=ROWS, right=ROWS, width=st.sampled_from([350, 760, 1120]))
@example(bars=[], more=[], left=[], right=[5e-324], width=350)
def test_nothing_leaves_the_box(bars, more, left, right, width):
    plot = draw(
        chart(
            Series("New", bars, kind="bar"),
            Series("Used", more, "2", kind="bar"),
            Series("Average", left, "ink", ends=True),
            Series("Sum", right, "target", right=True, dashed=True),
        ),
        width,
        214,
    )
    for x, y in numbers_of(plot):
        assert math.isfinite(x)
        assert math.isfinite(y)
        assert -HAIR <= x <= width + HAIR
        assert -HAIR <= y <= 214 + HAIR
    assert len(plot.left_marks) == len(plot.grid) >= 2


@given(values=ROWS)
def test_each_value_that_is_there_is_drawn_once(values):
    plot = draw(chart(line(values)), 760, 214)
    known = [value for value in values if value is not None and math.isfinite(value)]
    in_lines = sum(len(line.points.split()) for line in plot.lines)
    lonely = len(plot.dots) - (in_lines if len(values) <= 31 else 0)
    assert in_lines + lonely == len(known)


def test_a_gap_in_the_values_is_a_gap_in_the_line():
    plot = draw(chart(line([1, 2, None, 3, 4])), 760, 220)
    assert [len(line.points.split()) for line in plot.lines] == [2, 2]
    assert len(plot.dots) == 4
    # Pointing at the gap tells nothing.
    assert [spot.text for spot in plot.spots] == ["0: Sales 1", "1: Sales 2", "3: Sales 3", "4: Sales 4"]


def test_a_lonely_value_is_a_dot_without_a_line():
    plot = draw(chart(line([None, Decimal("5"), None])), 760, 220)
    assert plot.lines == []
    assert len(plot.dots) == 1


def test_bars_stand_on_each_other_and_on_zero():
    plot = draw(chart(Series("New", [3], kind="bar"), Series("Used", [2], "2", kind="bar")), 760, 220)
    low, high = plot.bars
    assert low.y + low.height == pytest.approx(plot.grid[0])
    # A hair keeps the two apart.
    assert high.y + high.height == pytest.approx(low.y - 1, abs=HAIR)
    assert high.height + 1 == pytest.approx(low.height * 2 / 3, abs=2 * HAIR)


def test_bars_below_zero_hang_from_it():
    plot = draw(chart(Series("Gross", [-3, 3], kind="bar")), 760, 220)
    below, above = plot.bars
    assert below.y == pytest.approx(above.y + above.height, abs=HAIR)


def test_what_is_nothing_has_no_bar():
    assert draw(chart(Series("New", [0, None, 0.0], kind="bar")), 760, 220).bars == []


def test_both_axes_share_the_lines_of_the_grid():
    plot = draw(chart(Series("Day", [8, 3], kind="bar"), Series("Sum", [8, 97], right=True)), 760, 220)
    assert [mark.y for mark in plot.left_marks] == [mark.y for mark in plot.right_marks]
    assert [float(mark.text) for mark in plot.right_marks] == [0, 25, 50, 75, 100]


def test_there_are_few_names_however_many_points():
    marks = draw(chart(line(range(365))), 760, 220).name_marks
    assert 3 <= len(marks) <= 20
    assert all(one.x + text_width(one.text) < two.x + text_width(two.text) for one, two in pairwise(marks))


@pytest.mark.parametrize(("span", "step"), [(0, 1), (4, 1), (5, 2), (100, 25), (17000, 5000), (0.04, 0.01), (9, 2.5)])
def test_steps_are_round(span, step):
    assert nice_step(span) == pytest.approx(step)


@given(values=st.lists(st.integers(0, 10_000), min_size=1))
def test_an_axis_of_counts_has_no_halves(values):
    scale = scale_of(values, with_zero=True)
    assert all(mark == int(mark) for mark in scale.marks())
    assert scale.low == 0
    assert scale.high >= max(values)


@given(values=ROWS)
def test_a_scale_holds_its_values_in_few_steps(values):
    scale = scale_of(values, with_zero=False)
    known = [float(value) for value in values if value is not None and math.isfinite(value)]
    assert 1 <= scale.count <= 6
    assert all(scale.low - 1e-6 * scale.step <= value <= scale.high + 1e-6 * scale.step for value in known)


@given(values=st.lists(VALUES, min_size=1, max_size=8), width=st.sampled_from([120.0, 380.0]))
def test_parts_lie_side_by_side_and_fill_the_width(values, width):
    parts = [Part(str(index), value, str(value)) for index, value in enumerate(values)]
    found = segments(parts, width)
    assert len(found) == sum(1 for value in values if value is not None and math.isfinite(value) and value > 0)
    edge = 0.0
    for _, box in found:
        assert box.width > 0
        assert box.x >= edge - HAIR
        edge = box.x + box.width
    assert edge <= width + HAIR
    if found:
        assert edge >= width - len(found)


def test_a_larger_part_is_no_shorter():
    found = segments([Part("a", 71, "71"), Part("b", 54, "54"), Part("c", 1, "1")], 380)
    widths = [box.width for _, box in found]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] >= text_width("1", 11)


def test_the_steps_of_a_funnel_are_as_long_as_their_share():
    assert lengths([42, 21, None, 0, -3], 200) == [200, 100, 0, 0, 0]
    assert lengths([], 200) == []
    # One in a million can be seen.
    assert lengths([1_000_000, 1], 200)[1] > 1


@given(values=ROWS)
def test_a_small_line_stays_in_its_box(values):
    for run in sparkline(values):
        for point in run.split():
            x, y = (float(part) for part in point.split(","))
            assert 0 <= x <= 120
            assert 0 <= y <= 28
