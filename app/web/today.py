"""What the Today page shows: figures and shortcuts that modules offer, each to those who may see what it counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for

from app.core.errors import N_
from app.core.guard.permissions import Actor, allows, declared


@dataclass(frozen=True)
class Figure:
    """A number with the list behind it: `count(actor)` asks the same condition that `args` puts into the address."""

    label: str
    permission: str
    count: Callable[[Actor], Any]
    endpoint: str
    args: tuple[tuple[str, str], ...] = ()
    hint: str | None = None
    kind: str = "number"


@dataclass(frozen=True)
class Shortcut:
    """A thing people start from here."""

    label: str
    icon: str
    endpoint: str
    permission: str


SHORTCUTS = (
    Shortcut(N_("Add a customer"), "user-plus", "crm.new_customer", "customer.create"),
    Shortcut(N_("Add a vehicle"), "car", "inventory.new_unit", "vehicle.create"),
    Shortcut(N_("Record a deal"), "deal", "sales.new_deal", "deal.create"),
    Shortcut(N_("Import data"), "import", "imports.new_import", "import.create"),
)

_FIGURES: list[Figure] = []


def offer(figure: Figure) -> Figure:
    """Put `figure` on the Today page; called once, by the table that wires modules together."""
    _FIGURES.append(figure)
    return figure


def _open_to(actor: Actor, endpoint: str, permission: str) -> bool:
    known = endpoint in current_app.view_functions and permission in declared()
    return known and allows(actor, permission)


def figures(actor: Actor) -> list[dict[str, Any]]:
    """The figures `actor` may see, counted now."""
    return [
        {"figure": item, "value": item.count(actor), "url": url_for(item.endpoint, **dict(item.args))}
        for item in _FIGURES
        if _open_to(actor, item.endpoint, item.permission)
    ]


def shortcuts(actor: Actor) -> list[dict[str, Any]]:
    """What `actor` may start from here."""
    return [
        {"shortcut": item, "url": url_for(item.endpoint)}
        for item in SHORTCUTS
        if _open_to(actor, item.endpoint, item.permission)
    ]
