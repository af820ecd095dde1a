"""The cards of a deal's page: one file a subject, which says what its card shows and to whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


# In the order in which they stand; each from the file of its subject.
PANELS: tuple[Panel, ...] = ()


def panels_of(actor: Actor, deal: Deal, panels: Sequence[Panel] | None = None) -> list[Filled]:
    """The cards of the deal's page that this actor has, in their order."""
    filled = ((item, item.fill(actor, deal)) for item in (PANELS if panels is None else panels))
    return [Filled(item.template, item.place, found) for item, found in filled if found is not None]
