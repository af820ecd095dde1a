"""What the Today page shows: figures, each the count of a list it opens, and shortcuts; after the visitor's rights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import current_app

from app.core.db import current_tenant, db
from app.core.errors import N_
from app.core.guard.permissions import Actor, allows, declared
from app.core.guard.policy import policy_for
from app.core.lists.pages import COUNT_CAP, count_up_to, matching
from app.core.lists.query import read_query
from app.core.lists.spec import REGISTRY

Arguments = Mapping[str, list[str]]


@dataclass(frozen=True)
class Figure:
    """A number and the list behind it: both come from the same list and arguments, so they cannot disagree."""

    label: str
    list_name: str
    args: Callable[[date], Arguments]
    hint: str | None = None
    tone: str = ""


@dataclass(frozen=True)
class Counted:
    """A figure as one page shows it."""

    figure: Figure
    count: int
    capped: bool
    url: str


@dataclass(frozen=True)
class Shortcut:
    """A thing people start from here."""

    label: str
    icon: str
    endpoint: str
    permission: str


OLD_STOCK_DAYS = 60

FIGURES = (
    Figure(N_("Cars in stock"), "stock_units", lambda today: {"status": ["in_stock"]}),
    Figure(
        N_("In stock for more than 60 days"),
        "stock_units",
        lambda today: {"status": ["in_stock"], "days_from": [str(OLD_STOCK_DAYS + 1)]},
        tone="warn",
    ),
    Figure(N_("Deals in work"), "deals", lambda today: {"status": ["working", "pending"]}),
    Figure(
        N_("Delivered this month"),
        "deals",
        lambda today: {"counts": ["yes"], "delivered_from": [today.replace(day=1).isoformat()]},
    ),
    Figure(N_("Customers nobody has talked to"), "customers", lambda today: {"activity": ["none"]}),
)
SHORTCUTS = (
    Shortcut(N_("Add a customer"), "user-plus", "crm.new_customer", "customer.create"),
    Shortcut(N_("Add a vehicle"), "car", "inventory.new_vehicle", "vehicle.create"),
    Shortcut(N_("Record a deal"), "deal", "sales.new_deal", "deal.create"),
    Shortcut(N_("Import data"), "import", "imports.new_import", "import.create"),
    Shortcut(N_("Look at the metrics"), "trend", "insights.list_metrics", "metric.see"),
)


def figures(actor: Actor, today: date) -> list[Counted]:
    """The figures `actor` may see, counted now; a list this application does not serve has none."""
    return [counted for figure in FIGURES if (counted := _count(figure, actor, today)) is not None]


def _count(figure: Figure, actor: Actor, today: date) -> Counted | None:
    spec = REGISTRY.get(figure.list_name)
    if spec is None or not _is_open(actor, spec.endpoint, spec.permission):
        return None
    args: dict[str, Any] = dict(figure.args(today))
    query = read_query(spec, args, policy_for(actor))
    # A filter his roles hide would make another number than the label says.
    if query.errors:
        return None
    statement = matching(spec, actor, query, timezone=current_tenant().timezone)
    count = count_up_to(db.session(), statement, COUNT_CAP + 1)
    url = current_app.url_for(spec.endpoint, **args)
    return Counted(figure, min(count, COUNT_CAP), count > COUNT_CAP, url)


def _is_open(actor: Actor, endpoint: str, permission: str) -> bool:
    known = endpoint in current_app.view_functions and permission in declared()
    return known and allows(actor, permission)


def shortcuts(actor: Actor) -> list[dict[str, Any]]:
    """What `actor` may start from here."""
    return [
        {"shortcut": item, "url": current_app.url_for(item.endpoint)}
        for item in SHORTCUTS
        if _is_open(actor, item.endpoint, item.permission)
    ]
