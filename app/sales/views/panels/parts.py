"""What a card of a deal's page is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.core.guard.permissions import Actor
from app.sales.models import Deal


@dataclass(frozen=True)
class Panel:
    """A card: its template, its place (the work on the left, facts on the right, above everything), and what fills it.

    `fill` gives None where this actor has nothing to see of this deal; the template finds the rest as `panel`.
    """

    template: str
    place: Literal["top", "work", "side"]
    fill: Callable[[Actor, Deal], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Filled:
    """A card as one page shows it."""

    template: str
    place: str
    panel: Mapping[str, Any]
