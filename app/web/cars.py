"""Which drawing stands for a car, and in which paint: the words of makers and sellers, folded to a few."""

from __future__ import annotations

from flask import Flask

# The first drawing with a word that occurs in the car's body; a saloon where none does.
SHAPES = (
    ("pickup", ("pickup", "pick-up", "truck", "皮卡")),
    ("suv", ("suv", "utility", "crossover", "4x4", "off-road", "越野")),
    ("mpv", ("mpv", "van", "bus", "people", "多用途", "商务")),
    ("hatch", ("hatch", "estate", "wagon", "compact", "mini", "旅行", "两厢", "掀背")),
)
PAINTS = (
    ("white", ("white", "pearl", "白")),
    ("black", ("black", "黑")),
    ("silver", ("silver", "银")),
    ("red", ("red", "burgundy", "红")),
    ("blue", ("blue", "蓝")),
    ("green", ("green", "绿")),
    ("brown", ("brown", "beige", "bronze", "gold", "棕", "褐", "金")),
    ("orange", ("orange", "yellow", "copper", "橙", "黄")),
)


def car_shape(body: str | None) -> str:
    """The drawing for a body."""
    return _first(SHAPES, body) or "sedan"


def car_paint(colour: str | None) -> str:
    """The paint for a colour; an unknown one is drawn in grey."""
    return _first(PAINTS, colour) or "grey"


def _first(table: tuple[tuple[str, tuple[str, ...]], ...], text: str | None) -> str | None:
    folded = (text or "").casefold()
    return next((name for name, words in table if any(word in folded for word in words)), None)


def init_cars(app: Flask) -> None:
    """Give templates these."""
    app.jinja_env.filters.update(car_shape=car_shape, car_paint=car_paint)
