"""How a bench tells its figures: lines while it works, a table, and one line of JSON at the very end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from statistics import median, quantiles


def say(text: str) -> None:
    """One line, at once."""
    print(text, flush=True)


def table(rows: Sequence[Sequence[object]], headers: Sequence[str]) -> None:
    """Print `rows` under `headers`; the first column is text, the others are figures."""
    cells = [[str(cell) for cell in row] for row in [headers, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headers))]
    print()
    for number, row in enumerate(cells):
        first = row[0].ljust(widths[0])
        print("  ".join([first, *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]))
        if number == 0:
            print("  ".join("-" * width for width in widths))
    print()


def finish(bench: str, figures: Mapping[str, float | int | bool]) -> None:
    """The last line: what CI and docs/benchmarks.md read."""
    print(json.dumps({"bench": bench, "figures": dict(figures)}), flush=True)


def p95(values: Sequence[float]) -> float:
    """The 95th percentile."""
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def middle(values: Sequence[float]) -> float:
    """The median."""
    return median(values)
