"""Where the lines and ticks of a chart go: plain geometry, drawn by the macros as SVG without inline style."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

Value = Decimal | int | float | None
LABEL_WIDTH = 92


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    label: str
    value: float
    x: float
    y: float


@dataclass(frozen=True)
class Geometry:
    """Everything a line chart draws, in the units of its view box; a gap in the values splits `lines`."""

    lines: list[str]
    dots: list[Tick]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    left: float
    right: float


def nice_step(span: float, steps: int = 4) -> float:
    """A step of 1, 2 or 5 times a power of ten that divides `span` into about `steps`."""
    if span <= 0:
        return 1.0
    raw = span / steps
    power = 10.0 ** math.floor(math.log10(raw))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= raw), 10 * power)


def line_geometry(points: Sequence[tuple[str, Value]], width: int, height: int, axes: bool = True) -> Geometry:
    """The geometry of `points` (label, value or None for a gap) in a box of `width` by `height`."""
    left, right, top, bottom = (52, width - 28, 12, height - 28) if axes else (2, width - 2, 3, height - 3)
    known = [float(value) for _, value in points if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    # A line may leave zero out when all its values are far from it; bars never may.
    if low >= 0 and low < high / 2:
        low = 0.0
    step = nice_step(high - low)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    if high <= low:
        high = low + step

    def place_x(index: int) -> float:
        return round(left + (right - left) * (index / (len(points) - 1) if len(points) > 1 else 0.5), 1)

    def place_y(value: float) -> float:
        return round(bottom - (bottom - top) * (value - low) / (high - low), 1)

    lines: list[list[str]] = [[]]
    dots = []
    for index, (label, value) in enumerate(points):
        if value is None:
            lines.append([])
            continue
        dot = Tick(str(label), value, place_x(index), place_y(float(value)))  # type: ignore[arg-type]
        dots.append(dot)
        lines[-1].append(f"{dot.x},{dot.y}")
    every = max(1, math.ceil(len(points) * LABEL_WIDTH / (right - left)))
    x_ticks = [Tick(str(points[i][0]), i, place_x(i), bottom) for i in range(0, len(points), every)]
    marks = [low + step * i for i in range(round((high - low) / step) + 1)]
    y_ticks = [Tick("", mark, left, place_y(mark)) for mark in marks]
    return Geometry([" ".join(line) for line in lines if len(line) > 1], dots, x_ticks, y_ticks, left, right)
