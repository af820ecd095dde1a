"""What the pages of deals share: the blueprint, one deal's page, the form with its pickers, and the choices."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.db import current_tenant
from app.core.db.ids import to_public
from app.core.db.reads import drawing
from app.core.errors import DomainError, NotFound, Stale
from app.core.guard.permissions import allows, covers, scope_at
from app.core.http.edits import Editing, Opened, base_of, render_edit
from app.core.http.forms import BASE, render_form
from app.core.http.sessions import current_actor
from app.core.http.timelines import Entry, history, values_of
from app.core.money import plain_amount
from app.crm import queries as crm
from app.crm.rules.customers import fold_name
from app.inventory import queries as inventory
from app.inventory.rules.ageing import days_in_stock
from app.sales import lists, queries
from app.sales.models import Deal
from app.sales.rules.status import ENDED, DealStatus, life, moves_from
from app.sales.schemas.deals import EditedDealForm
from app.sales.views.panels import panels_of
from app.sales.views.sheet_page import shown_sheet
from app.tenants import queries as tenants

bp = Blueprint("sales", "app.sales", template_folder="templates")
FORM = "sales/deal_form.html"

Choices = list[tuple[str, str]]


@drawing()
def deal_page(deal_id: uuid.UUID, error: DomainError | None = None, *, sheet_form: bool = False) -> Any:
    """One deal's page, which is its desk; after `error` with why its button could not do what it says.

    `sheet_form`: what was sent is its worksheet, which stands there as it was typed.
    """
    actor = current_actor()
    deal = queries.get_deal(actor, deal_id)
    store, is_ended = tenants.get_store(deal.store_id), deal.status in ENDED

    def allowed(permission: str) -> bool:
        return covers(actor, permission, owner_id=deal.salesperson_id, store_id=deal.store_id)

    unit, entries = find_unit(deal.stock_unit_id), history(actor, "deal", deal_id)
    number = request.values.get("number", type=int)
    shown = shown_sheet(actor, deal, may_edit=allowed("deal.edit"), number=number, error=error, is_form=sheet_form)
    return render_form(
        "sales/deal.html",
        error,
        shown=shown.texts if sheet_form else None,
        desk=shown,
        edit=shown.edit,
        deal=deal,
        public_id=to_public("deal", deal_id),
        store=store,
        status=gettext(lists.STATUS_LABELS[deal.status]),
        type=gettext(lists.TYPE_LABELS[deal.deal_type]),
        steps=_steps(deal),
        history=entries,
        told=_words(entries),
        vehicle_name=lists.vehicle_name(unit) if unit else None,
        unit=unit,
        unit_name=unit_name(unit) if unit else None,
        unit_days=days_in_stock(unit.acquired_on, clock.today(store.timezone), unit.closed_on) if unit else None,
        vehicle_url=url_for("inventory.show_vehicle", vehicle_id=to_public("veh", unit.vehicle_id)) if unit else None,
        customer=find_customer_name(deal.customer_id),
        customer_url=_customer_url(deal.customer_id),
        salesperson=tenants.get_user_name(deal.salesperson_id) if deal.salesperson_id else None,
        panels=panels_of(actor, deal),
        may_edit=deal.status != DealStatus.UNWOUND and allowed("deal.edit"),
        may_deliver=not is_ended and deal.delivered_on is None and allowed("deal.deliver"),
        may_unwind=not is_ended and deal.delivered_on is not None and allowed("deal.unwind"),
        may_delete=(is_ended or deal.delivered_on is None) and allowed("deal.delete"),
    )


def _steps(deal: Deal) -> list[tuple[str, str]]:
    """Where the deal stands on its way, in words."""
    steps = life(DealStatus(deal.status), agreed=deal.delivered_on is not None)
    return [(gettext(lists.STATUS_LABELS[step]), state) for step, state in steps]


def _words(entries: list[Entry]) -> dict[str, dict[str, str]]:
    """What the values of a deal's changes are called: statuses and types, people and customers by name."""
    # A value the field policy masks is no id, and stays a mask.
    people = {key: known for key in values_of(entries, "salesperson_id") if (known := _uuid(key))}
    customers = {key: known for key in values_of(entries, "customer_id") if (known := _uuid(key))}
    return {
        "status": {key: gettext(label) for key, label in lists.STATUS_LABELS.items()},
        "deal_type": {key: gettext(label) for key, label in lists.TYPE_LABELS.items()},
        "salesperson_id": {key: tenants.get_user_name(known) for key, known in people.items()},
        "customer_id": {key: find_customer_name(known) or "…" for key, known in customers.items()},
    }


PICKERS = {"unit_search": "stock_unit_id", "customer_search": "customer_id"}


def is_search() -> bool:
    """Whether the form was sent to find a unit or a customer: by its button, or by Enter in a search field."""
    form = request.form
    return "search" in form or any(form.get(text) and not form.get(choice) for text, choice in PICKERS.items())


def deal_form(deal: Deal | None, error: DomainError | None = None, *, values: Any = None) -> Any:
    """The form of a new or known deal; what its search fields ask for becomes the options beside them."""
    # After an error, and while somebody is searching, what counts is what stands in the form.
    opened = opened_deal(deal) if deal is not None else None
    asked = request.form if request.method == "POST" else values or (opened.values if opened else {})
    units = _unit_choices(asked) if deal is None else []
    customers = _customer_choices(asked)
    if error is None:
        # The first hit is chosen, so that a good search needs no second hand; the search itself is done with.
        values = {**(values or (opened.values if opened else {})), **dict.fromkeys(PICKERS, "")}
        for name, found in (("stock_unit_id", units), ("customer_id", customers)):
            if found and not values.get(name):
                values[name] = found[0][0]
    delivered = deal is not None and deal.delivered_on is not None
    statuses = lists.STATUS_LABELS
    if deal is not None:
        before = DealStatus(deal.status)
        statuses = {key: statuses[key] for key in (before, *moves_from(before, delivered=delivered))}
    else:
        statuses = {key: text for key, text in statuses.items() if key not in ENDED}
    context: dict[str, Any] = {
        "deal": deal,
        "public_id": to_public("deal", deal.id) if deal else None,
        "unit_name": _known_unit_name(deal) if deal else None,
        "units": units,
        "customers": customers,
        "salespeople": salesperson_choices(),
        "stores": store_choices(),
        "types": translated(lists.TYPE_LABELS),
        "statuses": translated(statuses),
        "currency": deal.currency if deal else current_tenant().currency,
        "delivered": delivered,
    }
    if opened is None or error is None:
        editing = _editing(opened) if opened else None
        return render_form(FORM, error, values=values, edit=editing, **context)
    return render_edit(FORM, opened, error, **context)


def opened_deal(deal: Deal) -> Opened:
    """The deal as its form shows it."""
    names = ("customer_id", "salesperson_id", "deal_type", "status", "sold_on", "delivered_on", "note")
    values = {name: getattr(deal, name) or "" for name in names}
    amounts = {name: plain_amount(getattr(deal, name), deal.currency) for name in ("price", "discount")}
    return Opened("deal", deal.id, deal.version, {**values, **amounts}, EditedDealForm)


def _editing(opened: Opened) -> Editing:
    """What the form began from; a search in the middle of it does not begin it anew."""
    sent = request.form
    return Editing(sent.get("version", opened.version), sent.get(BASE) or base_of(opened))


def _unit_choices(asked: Any) -> Choices:
    actor, text, chosen = current_actor(), asked.get("unit_search"), _uuid(asked.get("stock_unit_id"))
    rows = list(inventory.search_units(actor, text)) if text else []
    unit = find_unit(chosen) if chosen and all(row.unit_id != chosen for row in rows) else None
    return [(str(row.unit_id), unit_name(row)) for row in ([unit] if unit else []) + rows]


def _customer_choices(asked: Any) -> Choices:
    actor, text, chosen = current_actor(), asked.get("customer_search"), _uuid(asked.get("customer_id"))
    rows = [(row.id, row.name) for row in crm.search_customers(actor, fold_name(text))] if text else []
    name = find_customer_name(chosen) if chosen and all(key != chosen for key, _ in rows) else None
    return [(str(key), text) for key, text in ([(chosen, name)] if name else []) + rows]


def find_unit(unit_id: uuid.UUID | None) -> inventory.UnitFacts | None:
    """The stock unit with its vehicle, if there is one and the visitor may see it."""
    try:
        return inventory.unit_info(current_actor(), unit_id) if unit_id else None
    except NotFound:
        return None


def find_customer_name(customer_id: uuid.UUID | None) -> str | None:
    """The customer's name, if there is one and the visitor may see it."""
    try:
        return crm.get_customer(current_actor(), customer_id).name if customer_id else None
    except NotFound:
        return None


def unit_name(unit: Any) -> str:
    """A stock unit in one line: number, vehicle, end of the VIN."""
    ending = f" …{unit.vin[-8:]}" if unit.vin else ""
    return f"{unit.stock_number} · {lists.vehicle_name(unit)}{ending}"


def _known_unit_name(deal: Deal) -> str:
    unit = find_unit(deal.stock_unit_id)
    return unit_name(unit) if unit else deal.deal_number


def _customer_url(customer_id: uuid.UUID | None) -> str | None:
    return url_for("crm.show_customer", customer_id=to_public("cus", customer_id)) if customer_id else None


def _uuid(text: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text)) if text else None
    except ValueError:
        return None


def store_choices() -> Choices:
    """The open stores where the visitor may make deals: those of his roles where he makes only his own deals."""
    actor = current_actor()
    permission = "deal.create" if allows(actor, "deal.create") else "deal.edit"
    stores = tenants.list_open_stores(actor, "store.see")
    return [(str(store.id), store.name) for store in stores if scope_at(actor, permission, store.id)]


def salesperson_choices() -> Choices:
    """Everybody who may have made a deal."""
    return [(str(user.id), user.name) for user in tenants.list_active_users()]


def list_choices() -> dict[str, Choices]:
    """Stores and salespeople as the list's filters offer them."""
    found = tenants.filter_choices(current_actor(), "store.see", "store", "user")
    return {
        "store": [(to_public("store", key), name) for key, name in found["store"]],
        "salesperson": [(to_public("usr", key), name) for key, name in found["user"]],
    }


def translated(labels: dict[str, str]) -> Choices:
    """Labels as the choices of a select."""
    return [(str(key), gettext(label)) for key, label in labels.items()]


def version_shown(error: DomainError | None, version: int) -> str | int:
    """The version a form carries: the one that was read, until its reader has been told of a newer one."""
    if error is None or isinstance(error, Stale):
        return version
    return request.form.get("version", version)


def to_deal(deal_id: uuid.UUID, **values: Any) -> Response:
    """Off to one deal's page after a change."""
    return redirect(url_for("sales.show_deal", deal_id=to_public("deal", deal_id), **values), 303)
