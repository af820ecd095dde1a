"""Line and bar charts as plain geometry: what stands where in a box, for the macros to draw without inline style."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.web.charts.scales import Scale, Value, finite, scale_of, text_width

Tone = Literal["1", "2", "3", "green", "amber", "red", "ink", "target"]


@dataclass(frozen=True)
class Series:
    """One row of values, None for a gap. Bars of one chart stand on each other, lines of `right` have an axis there."""

    label: str
    values: Sequence[Value]
    tone: Tone = "1"
    kind: Literal["line", "bar"] = "line"
    dashed: bool = False
    right: bool = False
    urls: Sequence[str | None] = ()
    # Writes the last value beside the end of the line.
    ends: bool = False

    def value(self, index: int) -> Value:
        """The value at `index`; a series may end before the others."""
        return self.values[index] if index < len(self.values) else None

    def url(self, index: int) -> str | None:
        """Where the value at `index` opens to."""
        return self.urls[index] if index < len(self.urls) else None


@dataclass(frozen=True)
class Chart:
    """What a chart says, whatever its size: its label, the names along the bottom, the series and how to write them."""

    label: str
    heading: str
    names: Sequence[str]
    series: Sequence[Series]
    write: Callable[[Value], str] = str
    write_mark: Callable[[Value], str] = str
    # Short names for the axis; an empty one leaves its place free. The names themselves when none are given.
    marks: Sequence[str] = ()
    description: str = ""
    now: int | None = None

    def words_at(self, index: int) -> str:
        """Everything the chart knows at `index`, in one line."""
        known = (f"{one.label} {self.write(one.value(index))}" for one in self.series if one.value(index) is not None)
        return f"{self.names[index]}: {', '.join(known)}"

    def is_known_at(self, index: int) -> bool:
        """Whether any series has a value at `index`."""
        return any(one.value(index) is not None for one in self.series)


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    tone: str = ""


@dataclass(frozen=True)
class Mark:
    """A number or name beside an axis, or beside the end of a line."""

    text: str
    x: float
    y: float
    tone: str = ""


@dataclass(frozen=True)
class Line:
    """An unbroken run of points as SVG takes them."""

    points: str
    tone: str
    dashed: bool


@dataclass(frozen=True)
class Spot:
    """The part of the box that belongs to one name: pointing at it tells its values."""

    box: Box
    text: str
    url: str | None


@dataclass
class Plot:
    """A chart in a box of `width` by `height`."""

    width: int
    height: int
    frame: Box
    grid: list[float] = field(default_factory=list)
    left_marks: list[Mark] = field(default_factory=list)
    right_marks: list[Mark] = field(default_factory=list)
    name_marks: list[Mark] = field(default_factory=list)
    bars: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    dots: list[Mark] = field(default_factory=list)
    ends: list[Mark] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    now: Box | None = None


def draw(chart: Chart, width: int, height: int) -> Plot:
    """`chart` in a box of `width` by `height`."""
    return _Drawing(chart, width, height).drawn()


class _Drawing:
    def __init__(self, chart: Chart, width: int, height: int) -> None:
        self.chart, self.count = chart, len(chart.names)
        self.bars = [one for one in chart.series if one.kind == "bar"]
        self.lines = [one for one in chart.series if one.kind == "line"]
        left_lines = [value for one in self.lines if not one.right for value in one.values]
        self.left = scale_of([*self._piles(), *left_lines], with_zero=bool(self.bars))
        right = [value for one in self.lines if one.right for value in one.values]
        self.right = scale_of(right, with_zero=True, count=self.left.count) if right else None
        room = 14 + max(text_width(chart.write_mark(mark)) for mark in self.left.marks())
        end = 14 + max(text_width(chart.write_mark(mark)) for mark in self.right.marks()) if self.right else 16
        frame = Box(_round(room), 12, _round(max(width - room - end, 1)), height - 40)
        self.plot = Plot(width, height, frame)

    def _piles(self) -> list[float]:
        """How high the bars reach, up and down, where they stand on each other."""
        found = []
        for index in range(self.count):
            values = [number for one in self.bars if (number := finite(one.value(index))) is not None]
            found += [sum(v for v in values if v > 0), sum(v for v in values if v < 0)]
        return found

    def drawn(self) -> Plot:
        frame, plot = self.plot.frame, self.plot
        end = frame.x + frame.width
        for mark in self.left.marks():
            y = self._y(mark, self.left)
            plot.grid.append(y)
            plot.left_marks.append(Mark(self.chart.write_mark(mark), frame.x - 8, y + 4))
        for mark in self.right.marks() if self.right else ():
            plot.right_marks.append(Mark(self.chart.write_mark(mark), end + 8, self._y(mark, self.right) + 4))
        self._names()
        for index in range(self.count):
            self._pile(index)
            x, width = self._band(index)
            box = Box(x, frame.y, width, frame.height)
            if self.chart.is_known_at(index):
                url = next((one.url(index) for one in self.chart.series if one.url(index)), None)
                plot.spots.append(Spot(box, self.chart.words_at(index), url if len(self.chart.series) == 1 else None))
            if index == self.chart.now:
                plot.now = box
        for one in self.lines:
            self._line(one)
        return plot

    def _x(self, index: int) -> float:
        frame = self.plot.frame
        if self.bars or self.count < 2:
            return _round(frame.x + frame.width * (index + 0.5) / max(self.count, 1))
        return _round(frame.x + frame.width * index / (self.count - 1))

    def _band(self, index: int) -> tuple[float, float]:
        """The part of the width nearer to `index` than to any other."""
        frame = self.plot.frame
        half = frame.width / max(self.count if self.bars else self.count - 1, 1) / 2
        x = max(self._x(index) - half, frame.x)
        return _round(x), _round(min(self._x(index) + half, frame.x + frame.width) - x)

    def _y(self, value: float, scale: Scale | None) -> float:
        frame = self.plot.frame
        return _round(frame.y + frame.height * (1 - (scale or self.left).share(value)))

    def _names(self) -> None:
        texts = list(self.chart.marks or self.chart.names)
        shown = [index for index, text in enumerate(texts) if text]
        widest = max((text_width(texts[index]) for index in shown), default=0) + 16
        every = max(1, math.ceil(len(shown) * widest / self.plot.frame.width))
        edge = self.plot.width
        for index in shown[::every]:
            half = text_width(texts[index]) / 2
            x = min(max(self._x(index), half), edge - half)
            self.plot.name_marks.append(Mark(texts[index], _round(x), self.plot.height - 8))

    def _pile(self, index: int) -> None:
        """The bars at `index`, each on the one before it, with a hair between them; downwards below zero."""
        step = self.plot.frame.width / max(self.count, 1)
        width = _round(min(step * 0.62, 48))
        x = _round(self._x(index) - width / 2)
        up = down = 0.0
        for one in self.bars:
            number = finite(one.value(index))
            if not number:
                continue
            start = up if number > 0 else down
            top, bottom = sorted((self._y(start + number, self.left), self._y(start, self.left)))
            gap = 1.0 if start and bottom - top > 2 else 0.0
            top, bottom = (top, bottom - gap) if number > 0 else (top + gap, bottom)
            self.plot.bars.append(Box(x, _round(top), width, _round(bottom - top), one.tone))
            if number > 0:
                up += number
            else:
                down += number

    def _line(self, one: Series) -> None:
        scale = self.right if one.right else self.left
        run: list[Mark] = []
        last: Mark | None = None
        for index in range(self.count + 1):
            number = finite(one.value(index)) if index < self.count else None
            if number is not None:
                run.append(Mark(self.chart.write(one.value(index)), self._x(index), self._y(number, scale), one.tone))
                last = run[-1]
                continue
            if len(run) > 1:
                points = " ".join(f"{point.x},{point.y}" for point in run)
                self.plot.lines.append(Line(points, one.tone, one.dashed))
            # A value between two gaps has no line, so that its dot alone tells it.
            if len(run) == 1 or (run and not self.bars and not one.dashed and self.count <= 31):
                self.plot.dots += run
            run = []
        if last is not None and one.ends:
            self.plot.dots.append(last)
            room = text_width(last.text) + 8
            fits = last.x + room < self.plot.width
            self.plot.ends.append(Mark(last.text, _round(last.x + 8 if fits else last.x - room), max(last.y - 7, 10)))


def _round(value: float) -> float:
    return round(value, 1)
