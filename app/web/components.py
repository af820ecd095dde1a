"""What the macros of charts ask of Python: a chart made of a template's values, and where its parts stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from flask import Flask

from app.core.db.ids import to_public
from app.core.http.timelines import collapsed
from app.core.lists.shown import ShownState
from app.web import charts
from app.web.charts import Chart, Part, Series, Value
from app.web.formats import format_clock, format_compact, format_compact_money, format_money, format_number

# How a chart writes its values, and how shorter beside the axis.
WRITERS: Mapping[str, tuple[Callable[[Any], str], Callable[[Any], str]]] = MappingProxyType(
    {"number": (format_number, format_compact), "money": (format_money, format_compact_money)}
)


def new_chart(
    label: str, heading: str, names: Sequence[str], series: Sequence[Series], *, write: str = "number", **more: Any
) -> Chart:
    """A chart whose values are written as `write` says; a module's template makes one of what its view gave it."""
    whole, short = WRITERS[write]
    return Chart(label, heading, names, tuple(series), whole, short, **more)


def new_series(label: str, values: Sequence[Value], **more: Any) -> Series:
    """One row of values of a chart."""
    return Series(label, values, **more)


def new_part(label: str, value: Value, text: str | None = None, **more: Any) -> Part:
    """One part of a whole, or one step of a funnel."""
    return Part(label, value, format_number(value) if text is None else text, **more)


def board_columns(states: Sequence[ShownState]) -> list[dict[str, Any]]:
    """The states of a list's board as the columns of the macro, their sums in words."""
    totals = [format_compact_money(state.total, state.currency) if state.total else "" for state in states]
    return [{**vars(state), "total": total} for state, total in zip(states, totals, strict=True)]


def init_components(app: Flask) -> None:
    """Give templates these."""
    app.jinja_env.filters["clock"] = format_clock
    app.jinja_env.filters["collapsed"] = collapsed
    app.jinja_env.filters["board_columns"] = board_columns
    app.jinja_env.filters["public_store"] = lambda key: to_public("store", key)
    # A plate that is masked as a whole names no car.
    app.jinja_env.filters["tells"] = lambda text: any(char.isalnum() for char in text)
    app.jinja_env.globals.update(
        new_chart=new_chart,
        new_series=new_series,
        new_part=new_part,
        draw_chart=charts.draw,
        chart_lengths=charts.lengths,
        chart_segments=charts.segments,
        chart_sparkline=charts.sparkline,
    )
