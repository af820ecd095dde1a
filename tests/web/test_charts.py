"""The geometry of charts: gaps stay gaps, scales are round, nothing leaves the box."""

from decimal import Decimal

import pytest

from app.web.charts import line_geometry, nice_step


def test_a_gap_in_the_values_is_a_gap_in_the_line():
    drawn = line_geometry([("a", 1), ("b", 2), ("c", None), ("d", 3), ("e", 4)], 760, 220)
    assert [len(line.split()) for line in drawn.lines] == [2, 2]
    assert [dot.label for dot in drawn.dots] == ["a", "b", "d", "e"]


def test_a_lonely_value_is_a_dot_without_a_line():
    drawn = line_geometry([("a", None), ("b", Decimal("5")), ("c", None)], 760, 220)
    assert drawn.lines == []
    assert len(drawn.dots) == 1


@pytest.mark.parametrize(
    "values", [[], [None], [0], [7, 7, 7], [-3, 5], [21000, 21480, 20950], [1e9, 1], [0.001, 0.002]]
)
def test_everything_stays_inside_the_box(values):
    drawn = line_geometry([(str(i), value) for i, value in enumerate(values)], 760, 220)
    assert all(drawn.left <= dot.x <= drawn.right and 0 <= dot.y <= 220 for dot in drawn.dots)
    assert 2 <= len(drawn.y_ticks) <= 7
    assert [tick.y for tick in drawn.y_ticks] == sorted((tick.y for tick in drawn.y_ticks), reverse=True)


def test_there_are_few_labels_however_many_points():
    assert len(line_geometry([(str(i), i) for i in range(365)], 760, 220).x_ticks) <= 8


@pytest.mark.parametrize(("span", "step"), [(0, 1), (4, 1), (5, 2), (100, 50), (17000, 5000), (0.04, 0.01)])
def test_steps_are_round(span, step):
    assert nice_step(span) == pytest.approx(step)
