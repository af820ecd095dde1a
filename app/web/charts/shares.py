"""Parts of a whole and steps of a funnel as plain geometry, and the small line that stands beside a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.web.charts.plots import Box, Tone
from app.web.charts.scales import Value, finite, scale_of, text_width

GAP = 2.0


@dataclass(frozen=True)
class Part:
    """One part of a whole, or one step of a funnel: its number, what stands beside it, and the rows it counts."""

    label: str
    value: Value
    text: str
    tone: Tone = "1"
    url: str | None = None
    note: str = ""


def lengths(values: Sequence[Value], width: float) -> list[float]:
    """How long the bar of each value is, the largest `width`; what is nothing or less has none."""
    known = [max(finite(value) or 0.0, 0.0) for value in values]
    most = max(known, default=0.0)
    return [round(max(number / most * width, 2.0), 1) if number else 0.0 for number in known]


def segments(parts: Sequence[Part], width: float) -> list[tuple[Part, Box]]:
    """The parts side by side over `width`, each at least as wide as its number; those that are nothing are left out."""
    shown = [(part, number) for part in parts if (number := finite(part.value)) is not None and number > 0]
    if not shown:
        return []
    least = [text_width(part.text, 11) + 4 for part, _ in shown]
    room = width - GAP * (len(shown) - 1)
    # Where even the numbers do not fit beside each other, they share what there is.
    shrink = min(1.0, room / sum(least))
    spare, total = room - shrink * sum(least), sum(number for _, number in shown)
    found, x = [], 0.0
    wanted = [room * number / total for _, number in shown]
    over = [max(want - low * shrink, 0.0) for want, low in zip(wanted, least, strict=True)]
    for (part, _), low, extra in zip(shown, least, over, strict=True):
        part_width = low * shrink + (spare * extra / sum(over) if sum(over) else spare / len(shown))
        found.append((part, Box(round(x, 1), 0, round(min(part_width, width - x), 1), 16, part.tone)))
        x += part_width + GAP
    return found


def sparkline(values: Sequence[Value], width: int = 120, height: int = 28) -> list[str]:
    """The runs of points of a small line without axes; a gap splits it."""
    scale = scale_of(values, with_zero=False)
    runs: list[list[str]] = [[]]
    for index, value in enumerate(values):
        number = finite(value)
        if number is None:
            runs.append([])
            continue
        x = 2 + (width - 4) * (index / (len(values) - 1) if len(values) > 1 else 0.5)
        runs[-1].append(f"{round(x, 1)},{round(3 + (height - 6) * (1 - scale.share(number)), 1)}")
    return [" ".join(run) for run in runs if len(run) > 1]
