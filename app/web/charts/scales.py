"""Round scales: where an axis begins and ends, which numbers stand on it, and how wide a text is about."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from unicodedata import east_asian_width

Value = Decimal | int | float | None
STEPS = 4


def finite(value: Value) -> float | None:
    """`value` as a number that can be drawn, or None: a gap. Neither NaN nor infinity has a place."""
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def nice_step(span: float, steps: int = STEPS, *, whole: bool = False) -> float:
    """1, 2, 2.5 or 5 times a power of ten, at most `steps` of which reach over `span`; `whole` allows no halves."""
    raw = span / steps
    # Below the smallest normal number there is no power of ten to go by, and nothing to see.
    if raw < sys.float_info.min:
        return 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    fitting = (factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * (1 - 1e-9))
    step = next(step for step in fitting if not whole or step < 1 or step == int(step))
    return max(step, 1.0) if whole else step


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high` in `count` equal steps."""

    low: float
    step: float
    count: int

    @property
    def high(self) -> float:
        """The upper end."""
        return self.low + self.step * self.count

    def marks(self) -> list[float]:
        """The numbers that stand on the axis, both ends included."""
        return [self.low + self.step * index for index in range(self.count + 1)]

    def share(self, value: float) -> float:
        """How far along the axis `value` is, from 0 to 1."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


def scale_of(values: Iterable[Value], *, with_zero: bool, count: int | None = None) -> Scale:
    """A round scale over `values`; `count` asks for so many steps from zero, to share the lines of another axis."""
    known = [number for value in values if (number := finite(value)) is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    whole = all(number == int(number) for number in known)
    # Bars begin at zero. A line may leave it out when all its values are far from it.
    if with_zero or (0 <= low < high / 2):
        low, high = min(low, 0.0), max(high, 0.0)
        # One or two of something look like few, and not like all there could be.
        high = max(high, STEPS) if whole and low == 0 else high
    if count is not None and low >= 0:
        return Scale(0.0, nice_step(high, count, whole=whole), count)
    step = nice_step(high - low, whole=whole)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(first * step, step, max(last - first, 1))


def text_width(text: str, size: float = 12) -> float:
    """About how wide `text` is in letters of `size`: a Chinese character is as wide as it is high."""
    return sum(size if east_asian_width(char) in "WF" else size * 0.6 for char in text)
