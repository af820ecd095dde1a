"""The Today page: figures, each the count of a list it opens, and what is under way; after the visitor's rights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import current_app
from flask_babel import gettext, ngettext

from app.core.errors import N_
from app.core.guard.permissions import Actor
from app.core.lists.figures import Group, Steps
from app.core.lists.spec import REGISTRY
from app.notifications.queries import Waiting, needs_me
from app.web.charts import Part
from app.web.deliveries import Deliveries, deliveries
from app.web.desk import Asked, Desk
from app.web.first_steps import first_steps
from app.web.formats import format_compact_money, format_money, format_month, format_number

IN_STOCK = "in_stock"
OLD_DAYS = 60
# Days in stock at which a car enters the next step; those of the second half of a step age within a week.
STEPS = Steps("days_in_stock", (31, 54, OLD_DAYS + 1, 91))
OPEN_STATES = ("working", "pending", "sold", "booked", "finalized")
AGREED = ("sold", "booked", "finalized")


@dataclass(frozen=True)
class Figure:
    """A number and the rows behind it."""

    label: str
    value: str
    url: str | None
    hint: str = ""
    unit: str = ""
    tone: str = ""
    # A bar below the number: how far, of how much.
    bar: tuple[int, int] | None = None
    # Against the month before: the difference in words, and whether it went up.
    change: tuple[str, bool] | None = None


@dataclass(frozen=True)
class Shortcut:
    """A thing people start from here."""

    label: str
    icon: str
    endpoint: str
    permission: str


SHORTCUTS = (
    Shortcut(N_("Add a customer"), "user-plus", "crm.new_customer", "customer.create"),
    Shortcut(N_("Add a vehicle"), "car", "inventory.new_vehicle", "vehicle.create"),
    Shortcut(N_("Record a deal"), "deal", "sales.new_deal", "deal.create"),
    Shortcut(N_("Import data"), "import", "imports.new_import", "import.create"),
    Shortcut(N_("Look at the metrics"), "trend", "insights.list_metrics", "metric.see"),
)


def gather(actor: Actor, today: date, store: str = "") -> dict[str, Any]:
    """Everything the page shows, about `store` (a public id) or all stores; what the actor may not see is None."""
    desk = Desk(actor, today, REGISTRY, store)
    delivered, open_deals, stock = deliveries(desk), _open_deals(desk), _stock(desk)
    figures = [
        *(_delivered(delivered) if delivered else []),
        *([_in_work(desk, open_deals)] if open_deals is not None else []),
        *([_old_stock(desk, stock)] if stock is not None else []),
        *_unanswered(desk),
        *_untouched(desk),
    ]
    return {
        "figures": figures,
        "deliveries": delivered if delivered and (delivered.this.count or delivered.before.count) else None,
        "pipeline": _pipeline(desk, open_deals),
        "stock": _ages(desk, stock) if stock else None,
        "handovers": _handovers(desk, open_deals),
        "activities": _activities(desk),
        "waiting": _waiting(desk),
        "shortcuts": _shortcuts(desk),
        "first_steps": first_steps(desk),
    }


def _open_deals(desk: Desk) -> list[Group] | None:
    asked = desk.ask("deals", open="yes")
    return desk.groups(asked, "status", sum_of="net_amount") if asked else None


def _stock(desk: Desk) -> list[Group] | None:
    asked = desk.ask("stock_units", status=IN_STOCK)
    return desk.groups(asked, STEPS, sum_of="asking_price") if asked else None


def _delivered(found: Deliveries) -> list[Figure]:
    this, before = found.this, found.before
    hints = []
    if found.pace is not None and this.count:
        hints.append(gettext("On pace for %(count)s", count=format_number(found.pace)))
    if before.count:
        hints.append(
            gettext("%(month)s: %(count)s", month=format_month(before.first), count=format_number(before.count))
        )
    figures = [
        Figure(
            gettext("Delivered this month"), format_number(this.count), found.url(), " · ".join(hints),
            bar=(min(this.count, before.count), before.count) if before.count else None,
        )
    ]  # fmt: skip
    month = this if this.sold("retail") else before
    price, earlier = month.average("retail"), before.average("retail")
    if price is not None:
        label = gettext("Average retail price, %(month)s", month=format_month(month.first))
        change = None
        if month is this and earlier is not None and price != earlier:
            change = (format_money(round(abs(price - earlier))), price > earlier)
        words = gettext("vs %(month)s", month=format_month(before.first)) if change else _sales(month.sold("retail"))
        url = found.url_of(month, type="retail")
        figures.append(Figure(label, format_money(round(price)), url, words, change=change))
    return figures


def _sales(count: int) -> str:
    return ngettext("%(num)s sale", "%(num)s sales", count)


def _in_work(desk: Desk, groups: Sequence[Group]) -> Figure:
    working = [group for group in groups if group.keys[0] not in AGREED]
    amount = sum(group.total or 0 for group in working)
    hint = gettext("%(amount)s in quotes", amount=format_compact_money(amount)) if amount else ""
    url = desk.url("deals", open="yes", status=("working", "pending"))
    return Figure(gettext("Deals in work"), format_number(sum(group.count for group in working)), url, hint)


def _old_stock(desk: Desk, groups: Sequence[Group]) -> Figure:
    old = [group for group in groups if group.keys[0] >= 3]
    soon = sum(group.count for group in groups if group.keys[0] == 2)
    amount = sum(group.total or 0 for group in old)
    hints = [gettext("%(amount)s asked", amount=format_compact_money(amount))] if amount else []
    if soon:
        hints.append(gettext("%(count)s more within a week", count=format_number(soon)))
    count = sum(group.count for group in old)
    return Figure(
        gettext("In stock for more than 60 days"), format_number(count),
        desk.url("stock_units", status=IN_STOCK, days_from=OLD_DAYS + 1), " · ".join(hints),
        tone="warn" if count else "",
    )  # fmt: skip


def _unanswered(desk: Desk) -> list[Figure]:
    """Leads nobody has tried to answer, the longest wait first."""
    asked = desk.ask("leads", unanswered="yes", open="", sort="received")
    if asked is None:
        return []
    count, capped = desk.count(asked)
    words = format_number(count) + ("+" if capped else "")
    return [Figure(gettext("Leads unanswered"), words, asked.url, tone="warn" if count else "")]


def _untouched(desk: Desk) -> list[Figure]:
    asked = desk.ask("customers", activity="none")
    if asked is None:
        return []
    count, capped = desk.count(asked)
    label = gettext("Customers nobody has talked to")
    return [Figure(label, format_number(count) + ("+" if capped else ""), asked.url)]


def _pipeline(desk: Desk, groups: Sequence[Group] | None) -> dict[str, Any] | None:
    if not groups:
        return None
    spec, known = desk.lists["deals"], {group.keys[0]: group for group in groups}
    parts = []
    for state in OPEN_STATES:
        group = known.get(state)
        count, amount = (group.count, group.total) if group else (0, None)
        parts.append(
            Part(
                desk.words(spec, "status", state),
                count,
                format_number(count),
                "green" if state in AGREED else "1",
                desk.url("deals", open="yes", status=state),
                format_compact_money(amount) if amount is not None else "",
            )
        )
    total = sum(group.count for group in groups)
    return {"parts": parts, "url": desk.url("deals", open="yes"), "count": total}


def _ages(desk: Desk, groups: Sequence[Group]) -> dict[str, Any]:
    counts = [sum(group.count for group in groups if group.keys[0] in steps) for steps in ((0,), (1, 2), (3,), (4,))]
    spans = (
        ("0–30", "green", {"days_to": 30}),
        ("31–60", "2", {"days_from": 31, "days_to": 60}),
        ("61–90", "amber", {"days_from": 61, "days_to": 90}),
        ("90+", "red", {"days_from": 91}),
    )
    parts = [
        Part(label, count, format_number(count), tone, desk.url("stock_units", status=IN_STOCK, **span))  # type: ignore[arg-type]
        for (label, tone, span), count in zip(spans, counts, strict=True)
    ]
    asked, spec = desk.ask("stock_units", status=IN_STOCK, sort="-days"), desk.lists["stock_units"]
    oldest = [
        {
            "plate": desk.cell(spec, "plate", row),
            "stock_number": row.stock_number,
            "name": _car(row),
            "days": row.days_in_stock,
            "url": desk.row_url(spec, row),
        }
        for row in (desk.rows(asked, 4) if asked else ())
    ]
    return {"parts": parts, "count": sum(counts), "url": desk.url("stock_units", status=IN_STOCK), "oldest": oldest}


def _handovers(desk: Desk, groups: Sequence[Group] | None) -> dict[str, Any] | None:
    """Cars that are sold and still here, those sold first before the others."""
    count = sum(group.count for group in groups or () if group.keys[0] in AGREED)
    asked = desk.ask("deals", open="yes", status=AGREED, sort="sold") if count else None
    if asked is None:
        return None
    spec = desk.lists["deals"]
    shown = [
        {"row": row, "name": _car(row), "url": desk.row_url(spec, row),
         "state": desk.words(spec, "status", row.status)}
        for row in desk.rows(asked, 4)
    ]  # fmt: skip
    return {"count": count, "url": desk.url("deals", open="yes", status=AGREED), "rows": shown}


def _car(row: Any) -> str:
    return " ".join(str(part) for part in (row.model_year, row.make, row.model) if part)


def _activities(desk: Desk) -> dict[str, Any] | None:
    asked: Asked | None = desk.ask("activities")
    if asked is None:
        return None
    spec, customers = desk.lists["activities"], desk.lists["activities"].columns
    link = next(column.url for column in customers if column.key == "customer")
    items = []
    for row in desk.rows(asked, 6):
        target = link(row) if link else None
        items.append(
            {
                "type": row.type,
                "word": desk.words(spec, "type", row.type),
                "customer": desk.cell(spec, "customer", row),
                "subject": row.subject,
                "who": row.user,
                "at": row.at,
                "url": current_app.url_for(target.endpoint, **target.args) if target else None,
            }
        )
    return {"rows": items, "url": asked.url} if items else None


def _waiting(desk: Desk) -> Waiting | None:
    """What asks this person to do something."""
    if not desk.is_served("notifications.show_inbox"):
        return None
    found = needs_me(desk.actor)
    return found if found.total else None


def _shortcuts(desk: Desk) -> list[dict[str, Any]]:
    return [
        {"shortcut": item, "url": current_app.url_for(item.endpoint)}
        for item in SHORTCUTS
        if desk.is_open(item.endpoint, item.permission)
    ]


def greeting(local: datetime, name: str) -> str:
    """Good morning, by first name: the first word of a Latin name, the whole of a Chinese one."""
    first = name.split()[0] if name.strip() and name.strip()[0].isascii() else name
    if 5 <= local.hour < 12:
        return gettext("Good morning, %(name)s", name=first)
    if 12 <= local.hour < 18:
        return gettext("Good afternoon, %(name)s", name=first)
    return gettext("Good evening, %(name)s", name=first)
