"""What the pages of leads share: one lead's page, and the choices of forms and filters."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from flask import current_app, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.db.ids import to_public
from app.core.errors import DomainError, NotFound
from app.core.guard.permissions import Actor, allows, covers
from app.core.http.forms import render_form
from app.core.http.sessions import current_actor
from app.core.http.timelines import CHANGE, Change, Entry, collapsed, history
from app.crm import queries
from app.crm.lists.leads import WAIT_LABELS, clock_words, waited, waiting_state
from app.crm.models import Customer, Lead
from app.crm.queries import leads as lead_queries
from app.crm.queries.test_drives import drives_of_lead
from app.crm.rules.customers import DIRECTION_LABELS, OUTCOME_LABELS, TYPE_LABELS
from app.crm.rules.leads import (
    CHANNEL_LABELS,
    LEAD_STATUS_LABELS,
    LOST_LABELS,
    OPEN,
    SOURCE_LABELS,
    LeadStatus,
    life,
    moves_from,
)
from app.crm.rules.test_drives import DRIVE_LABELS, state_of
from app.crm.rules.waiting import open_time
from app.crm.views.pages import translated
from app.crm.views.stream import ICONS, activity_entries
from app.inventory import queries as inventory
from app.inventory.rules.stock import StockStatus
from app.tenants import queries as tenants

FIELDS = ("status", "assignee_id", "channel", "source", "source_detail", "wanted", "lost_reason", "lost_note")


def lead_page(lead_id: uuid.UUID, error: DomainError | None = None) -> Any:
    """One lead's page; after `error` with why its button could not do what it says."""
    actor = current_actor()
    lead = lead_queries.get_lead(actor, lead_id)
    store, rules = tenants.get_store(lead.store_id), lead_queries.answering_of(lead.store_id)

    def allowed(permission: str) -> bool:
        return covers(actor, permission, owner_id=lead.assignee_id, store_id=lead.store_id)

    customer, is_open = find_customer(actor, lead.customer_id), lead.status in OPEN
    row = SimpleNamespace(
        received_at=lead.received_at, first_attempt_at=lead.first_attempt_at, ended_at=lead.ended_at,
        target_minutes=rules.target.total_seconds() / 60,
    )  # fmt: skip
    end = lead.first_attempt_at or lead.ended_at or clock.now()
    moves = moves_from(LeadStatus(lead.status), attempted=lead.first_attempt_at is not None)
    return render_form(
        "crm/lead.html",
        error,
        lead=lead,
        public_id=to_public("lead", lead_id),
        customer=customer,
        customer_url=customer_url(customer.id) if customer else None,
        points=queries.list_contact_points(customer.id) if customer and queries.sees_contacts(actor) else [],
        store=store,
        assignee=tenants.get_user_name(lead.assignee_id) if lead.assignee_id else None,
        status=gettext(LEAD_STATUS_LABELS[lead.status]),
        channel=gettext(CHANNEL_LABELS[lead.channel]),
        source=gettext(SOURCE_LABELS[lead.source]),
        lost=gettext(LOST_LABELS[lead.lost_reason]) if lead.lost_reason else None,
        steps=[(gettext(LEAD_STATUS_LABELS[step]), state) for step, state in life(LeadStatus(lead.status))],
        vehicle=_vehicle(actor, lead),
        drives=[
            (to_public("tdr", one.id), one, gettext(DRIVE_LABELS[state_of(one.out_at, one.back_at, one.cancelled_at)]))
            for one in drives_of_lead(actor, lead_id)
        ],
        drive_url=_drive_url(actor, lead, customer),
        deal_url=_deal_url(actor, lead, customer),
        wait=(waiting_state(row), gettext(WAIT_LABELS[waiting_state(row)]), clock_words(waited(row))),
        open_wait=clock_words(open_time(lead.received_at, end, rules.hours, store.timezone)) if rules.hours else None,
        target=int(rules.target.total_seconds() // 60),
        groups=collapsed(_entries(actor, lead)),
        fields=_field_words(),
        moves=[(step.value, gettext(LEAD_STATUS_LABELS[step])) for step in moves],
        types=translated(TYPE_LABELS),
        icons=ICONS,
        outcomes=translated(OUTCOME_LABELS),
        directions=translated(DIRECTION_LABELS),
        may_take=is_open and lead.assignee_id != actor.user_id and allowed("lead.take")
        and (lead.assignee_id is None or allowed("lead.assign")),
        may_assign=is_open and allowed("lead.assign"),
        may_edit=allowed("lead.edit"),
        may_log=customer is not None and covers(
            actor, "activity.create", owner_id=actor.user_id, store_id=customer.store_id
        ),
        may_delete=allowed("lead.delete"),
    )  # fmt: skip


def find_customer(actor: Actor, customer_id: uuid.UUID) -> Customer | None:
    """The customer, if the actor may see him."""
    try:
        return queries.get_customer(actor, customer_id)
    except NotFound:
        return None


def customer_url(customer_id: uuid.UUID) -> str:
    """The page of one customer."""
    return url_for("crm.show_customer", customer_id=to_public("cus", customer_id))


def to_lead(lead_id: uuid.UUID) -> Response:
    """Off to one lead's page after a change."""
    return redirect(url_for("crm.show_lead", lead_id=to_public("lead", lead_id)), 303)


def lead_choices(permission: str = "lead.see") -> dict[str, list[tuple[str, str]]]:
    """Stores and users as the list's filters offer them."""
    found = tenants.filter_choices(current_actor(), permission, "store", "user")
    return {
        "store": [(to_public("store", key), name) for key, name in found["store"]],
        "assignee": [(to_public("usr", key), name) for key, name in found["user"]],
    }


def unit_choices(asked: Any, *, sold: bool = True) -> list[tuple[str, str]]:
    """The cars a form offers: the chosen one, and those that were searched for, `sold` ones among them or not."""
    actor, text = current_actor(), asked.get("unit_search")
    rows: list[Any] = list(inventory.search_units(actor, text, sold=sold)) if text else []
    chosen = find_unit(actor, asked.get("stock_unit_id"))
    if chosen is not None and all(row.unit_id != chosen.unit_id for row in rows):
        rows.insert(0, chosen)
    return [(str(row.unit_id), unit_name(row)) for row in rows]


def find_unit(actor: Actor, unit_id: Any) -> inventory.UnitFacts | None:
    """The stock unit with its vehicle, if there is one and the actor may see it."""
    try:
        return inventory.unit_info(actor, uuid.UUID(str(unit_id))) if unit_id else None
    except (NotFound, ValueError):
        return None


def unit_name(unit: Any) -> str:
    """A stock unit in one line: number and vehicle."""
    vehicle = " ".join(str(part) for part in (unit.model_year, unit.make, unit.model) if part)
    return f"{unit.stock_number} · {vehicle}"


def _vehicle(actor: Actor, lead: Lead) -> dict[str, Any] | None:
    """The vehicle that is asked for, its page, and the unit while it stands in stock."""
    if lead.vehicle_id is None or not allows(actor, "vehicle.see"):
        return None
    vehicle, unit = inventory.get_vehicle(actor, lead.vehicle_id), find_unit(actor, lead.stock_unit_id)
    name = " ".join(str(part) for part in (vehicle.model_year, vehicle.make, vehicle.model) if part)
    url = url_for("inventory.show_vehicle", vehicle_id=to_public("veh", vehicle.id))
    return {"name": name, "url": url, "unit": unit, "record": vehicle}


def _drive_url(actor: Actor, lead: Lead, customer: Customer | None) -> str | None:
    if lead.status not in OPEN or customer is None or not allows(actor, "test_drive.create"):
        return None
    asked = find_unit(actor, lead.stock_unit_id)
    is_free = asked is not None and asked.closed_on is None and asked.status != StockStatus.SOLD
    unit = to_public("unit", lead.stock_unit_id) if is_free and lead.stock_unit_id else None
    return url_for(
        "crm.new_test_drive", customer=to_public("cus", customer.id), unit=unit, lead=to_public("lead", lead.id)
    )


def _deal_url(actor: Actor, lead: Lead, customer: Customer | None) -> str | None:
    if "sales.start_deal" not in current_app.view_functions or not allows(actor, "deal.create"):
        return None
    unit = to_public("unit", lead.stock_unit_id) if lead.stock_unit_id else None
    person = to_public("cus", customer.id) if customer else None
    return url_for("sales.start_deal", customer=person, unit=unit, lead=to_public("lead", lead.id))


def _entries(actor: Actor, lead: Lead) -> list[Entry]:
    """What was said and done since the lead came, and what was changed of it."""
    spoken = [
        item for item in activity_entries(actor, lead.customer_id) if item.at >= lead.received_at
    ] if find_customer(actor, lead.customer_id) else []  # fmt: skip
    words = {
        "status": LEAD_STATUS_LABELS, "channel": CHANNEL_LABELS, "source": SOURCE_LABELS, "lost_reason": LOST_LABELS,
    }  # fmt: skip
    changed = history(actor, "lead", lead.id)
    people = {str(row.id): row.name for row in _named(changed)}

    def word(field: str, value: Any) -> Any:
        if field == "assignee_id" and value is not None:
            return people.get(str(value), "…")
        return gettext(words[field][value]) if field in words and value in words[field] else value

    told = [
        Entry(
            at=entry.at, kind=CHANGE, who=entry.who, icon=entry.icon, key=entry.key, action=entry.action,
            changes=[
                Change(one.field, word(one.field, one.before), word(one.field, one.after))
                for one in entry.changes if one.field in FIELDS
            ] if entry.action not in ("lead.create", "lead.delete", "lead.restore") else [],
        )
        for entry in changed
    ]  # fmt: skip
    return [*spoken, *told]


def _named(entries: Iterable[Entry]) -> Iterable[Any]:
    asked = any(change.field == "assignee_id" for entry in entries for change in entry.changes)
    return tenants.list_active_users() if asked else ()


def _field_words() -> dict[str, str]:
    return {
        "status": gettext("Status"), "assignee_id": gettext("Assignee"), "channel": gettext("Channel"),
        "source": gettext("Source"), "source_detail": gettext("Where exactly"), "wanted": gettext("Looks for"),
        "lost_reason": gettext("Lost because"), "lost_note": gettext("Note"),
    }  # fmt: skip
