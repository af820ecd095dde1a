"""What the rail offers and what can be begun, less what has no page here and what the visitor has no right to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, request, url_for

from app.core.errors import N_
from app.core.guard.permissions import Actor, allows, declared
from app.core.http.sessions import current_visitor, settings
from app.notifications.queries import OPEN_FACT
from app.web.preferences import chosen_store
from app.web.stores import url_in_store


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
    # One sentence on the page of settings.
    hint: str = ""
    # How much waits there for this actor; nothing is shown for none.
    badge: Callable[[Actor], int] | None = None


@dataclass(frozen=True)
class Shown:
    """An entry as one page shows it."""

    entry: Entry
    url: str
    current: bool
    badge: int = 0


@dataclass(frozen=True)
class Creation:
    """Something people begin from anywhere."""

    endpoint: str
    label: str
    icon: str
    permission: str
    # Whether its page has a short form, `#quick`, that opens in a dialog.
    quick: bool = False


@dataclass(frozen=True)
class Begun:
    """A creation as one page offers it."""

    creation: Creation
    url: str


def open_notifications(actor: Actor) -> int:
    """How much is open in the inbox of whoever is signed in, as the first statement of the request found it."""
    visitor = current_visitor()
    return int(visitor.facts.get(OPEN_FACT) or 0) if visitor is not None and visitor.actor is actor else 0


SALES = N_("Sales")
BUSINESS = N_("Business")
SETTINGS = N_("Settings")
FOOT = "foot"

ENTRIES = (
    Entry("web.home", N_("Today"), "home", phone=True),
    Entry("notifications.show_inbox", N_("Inbox"), "bell", badge=open_notifications),
    Entry("crm.list_customers", N_("Customers"), "users", "customer.see", SALES, phone=True),
    Entry("crm.list_leads", N_("Leads"), "message", "lead.see", SALES, under=("/leads",)),
    Entry("crm.show_pipeline", N_("Pipeline"), "columns", "lead.see", SALES, under=("/pipeline",)),
    Entry("crm.list_follow_ups", N_("Follow-ups"), "clock", "follow_up.see", SALES, under=("/follow-ups",)),
    Entry("crm.list_test_drives", N_("Test drives"), "car", "test_drive.see", SALES, under=("/test-drives",)),
    Entry("crm.list_activities", N_("Activities"), "message", "activity.see", SALES),
    Entry("inventory.list_units", N_("Vehicles"), "car", "stock.see", SALES, phone=True, under=("/vehicles", "/stock")),
    Entry("inventory.list_appraisals", N_("Appraisals"), "gauge", "appraisal.see", SALES),
    Entry("sales.list_deals", N_("Deals"), "deal", "deal.see", SALES, phone=True),
    Entry(
        "sales.list_statements",
        N_("Commission"),
        "deal",
        "commission.see",
        BUSINESS,
        under=("/my-pay", "/commission-plans"),
    ),
    Entry("sales.list_payments", N_("Payments"), "cash", "payment.see", BUSINESS, under=("/payments",)),
    Entry(
        "sales.list_applications",
        N_("Finance applications"),
        "wallet",
        "application.see",
        BUSINESS,
        under=("/applications",),
    ),
    Entry("insights.list_metrics", N_("Metrics"), "trend", "metric.see", BUSINESS),
    Entry("imports.list_imports", N_("Imports"), "import", "import.see", BUSINESS),
    Entry("jobs.list_jobs", N_("Jobs"), "jobs", None, BUSINESS),
    Entry("exports.list_exports", N_("Exports"), "download", "export.see", BUSINESS),
    Entry(
        "tenants.list_stores",
        N_("Stores"),
        "store",
        "store.see",
        SETTINGS,
        hint=N_("Places of business and their time zones"),
    ),
    Entry("tenants.list_teams", N_("Teams"), "users-group", "user.edit", SETTINGS, hint=N_("Who works together")),
    Entry(
        "tenants.list_users", N_("Users"), "users", "user.see", SETTINGS, hint=N_("Who works here, in which roles")
    ),
    Entry(
        "tenants.list_roles", N_("Roles"), "shield", "role.see", SETTINGS, hint=N_("What each role may see and change")
    ),
    Entry(
        "sales.list_settings",
        N_("Sales settings"),
        "deal",
        "sales_setting.see",
        SETTINGS,
        under=("/sales-settings",),
        hint=N_("Approval limits, reservations and what else stores decide about selling"),
    ),
    Entry(
        "export_rules.show_rules",
        N_("Export rules"),
        "download",
        "export.edit",
        SETTINGS,
        under=("/exports/rules", "/exports/schedules"),
        hint=N_("What may leave as a file, how, and on which schedule"),
    ),
    Entry(
        "tenants.list_api_keys",
        N_("API keys"),
        "key",
        "api_key.see",
        SETTINGS,
        under=("/api-keys",),
        hint=N_("Programs that work with your data"),
    ),
    Entry(
        "tenants.show_origins",
        N_("Pages that may ask the API"),
        "eye",
        "dealership.origins",
        SETTINGS,
        under=("/api-origins",),
        hint=N_("Which web pages of other hosts may read the API's answers"),
    ),
    Entry(
        "tenants.show_provider",
        N_("Identity provider"),
        "lock",
        "dealership.identity",
        SETTINGS,
        under=("/identity-provider",),
        hint=N_("Sign in with the accounts your company has already"),
    ),
    Entry(
        "tenants.show_access",
        N_("Operator's access"),
        "key",
        "dealership.admit_operator",
        SETTINGS,
        under=("/operator-access",),
        hint=N_("Who runs the platform comes in only if you agree"),
    ),
    Entry(
        "audit.list_entries",
        N_("Audit"),
        "history",
        "audit.see",
        SETTINGS,
        under=("/audit",),
        hint=N_("Who changed, saw in full or exported what, from where"),
    ),
    Entry(
        "tenants.list_mails",
        N_("Caught mails"),
        "mail",
        "user.see",
        SETTINGS,
        demo_mail=True,
        hint=N_("What would have been sent; nothing leaves the demonstration"),
    ),
    Entry("tenants.account", N_("Your account"), "user", None, SETTINGS, hint=N_("Language, appearance, password")),
    Entry("web.show_settings", N_("Settings"), "settings", None, FOOT, under=("/settings",)),
    Entry("web.show_help", N_("Help and shortcuts"), "help", None, FOOT),
)
CREATIONS = (
    Creation("crm.quick_customer", N_("Customer"), "user-plus", "customer.create", quick=True),
    Creation("crm.quick_lead", N_("Sales lead"), "message", "lead.create", quick=True),
    Creation("inventory.new_vehicle", N_("Vehicle"), "car", "vehicle.create", quick=True),
    Creation("sales.new_deal", N_("Deal"), "deal", "deal.create"),
    Creation("imports.new_import", N_("Import"), "import", "import.create"),
    Creation("tenants.new_user", N_("Invitation"), "mail", "user.create"),
)


def is_open(actor: Actor | None, endpoint: str, permission: str | None) -> bool:
    """Whether this application serves `endpoint` and `actor` may use it."""
    if endpoint not in current_app.view_functions:
        return False
    if permission is None:
        return True
    return actor is not None and permission in declared() and allows(actor, permission)


def _is_current(url: str, under: tuple[str, ...]) -> bool:
    if url == "/":
        return request.path == "/"
    return any(request.path == start or request.path.startswith(start + "/") for start in under or (url,))


def shown_entries(actor: Actor | None, current: str | None = None) -> list[Shown]:
    """The entries `actor` may open, in order; the one of endpoint `current` marked, else the one the path tells.

    Lists that know stores are offered about the one chosen, which their addresses say.
    """
    store, shown = chosen_store(), []
    for entry in ENTRIES:
        if entry.demo_mail and not settings().demo_mail:
            continue
        if is_open(actor, entry.endpoint, entry.permission):
            is_here = entry.endpoint == current if current else _is_current(url_for(entry.endpoint), entry.under)
            badge = entry.badge(actor) if entry.badge and actor else 0
            shown.append(Shown(entry, url_in_store(entry.endpoint, store), is_here, badge))
    return shown


def rail_entries(entries: list[Shown]) -> list[Shown]:
    """What of `entries` stands in the rail: the settings are one entry there, marked when any of them is open."""
    inside = any(item.current for item in entries if item.entry.group == SETTINGS)
    return [
        Shown(item.entry, item.url, item.current or inside, item.badge)
        if item.entry.endpoint == "web.show_settings"
        else item
        for item in entries
        if item.entry.group != SETTINGS
    ]


def creations(actor: Actor | None) -> list[Begun]:
    """What `actor` may begin here, in order."""
    return [
        Begun(item, url_for(item.endpoint)) for item in CREATIONS if is_open(actor, item.endpoint, item.permission)
    ]
