"""What the rail offers: one table of entries; those without a page here, or without the right, are left out."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request, url_for

from app.core.errors import N_
from app.core.guard.permissions import Actor, allows, declared
from app.core.http.sessions import settings


@dataclass(frozen=True)
class Entry:
    """One place in the product. `phone` entries stand in the bar at the bottom of a phone as well."""

    endpoint: str
    label: str
    icon: str
    permission: str | None = None
    group: str = ""
    phone: bool = False
    # Beginnings of paths that belong to the entry; its own path when it names none.
    under: tuple[str, ...] = ()
    # Only where mails are caught instead of sent.
    demo_mail: bool = False


@dataclass(frozen=True)
class Shown:
    """An entry as one page shows it."""

    entry: Entry
    url: str
    current: bool


SALES = N_("Sales")
BUSINESS = N_("Business")
SETTINGS = N_("Settings")

ENTRIES = (
    Entry("web.home", N_("Today"), "home", phone=True),
    Entry("crm.list_customers", N_("Customers"), "users", "customer.see", SALES, phone=True),
    Entry("crm.list_activities", N_("Activities"), "message", "activity.see", SALES),
    Entry("inventory.list_units", N_("Vehicles"), "car", "stock.see", SALES, phone=True, under=("/vehicles", "/stock")),
    Entry("sales.list_deals", N_("Deals"), "deal", "deal.see", SALES, phone=True),
    Entry("insights.list_metrics", N_("Metrics"), "trend", "metric.see", BUSINESS),
    Entry("imports.list_imports", N_("Imports"), "import", "import.see", BUSINESS),
    Entry("jobs.list_jobs", N_("Jobs"), "jobs", "job.see", BUSINESS),
    Entry("tenants.list_stores", N_("Stores"), "store", "store.see", SETTINGS),
    Entry("tenants.list_users", N_("Users"), "users", "user.see", SETTINGS),
    Entry("tenants.list_roles", N_("Roles"), "shield", "role.see", SETTINGS),
    Entry("tenants.list_mails", N_("Caught mails"), "mail", "user.see", SETTINGS, demo_mail=True),
)


def _may(actor: Actor | None, permission: str | None) -> bool:
    if permission is None:
        return True
    return actor is not None and permission in declared() and allows(actor, permission)


def _is_current(url: str, under: tuple[str, ...]) -> bool:
    if url == "/":
        return request.path == "/"
    return any(request.path == start or request.path.startswith(start + "/") for start in under or (url,))


def shown_entries(actor: Actor | None, current: str | None = None) -> list[Shown]:
    """The entries `actor` may open, in order; the one of endpoint `current` marked, else the one the path tells."""
    shown = []
    for entry in ENTRIES:
        if entry.demo_mail and not settings().demo_mail:
            continue
        if entry.endpoint in current_app.view_functions and _may(actor, entry.permission):
            url = url_for(entry.endpoint)
            is_here = entry.endpoint == current if current else _is_current(url, entry.under)
            shown.append(Shown(entry, url, is_here))
    return shown
