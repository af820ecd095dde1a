"""What the inventory's pages share: the blueprint, one vehicle's page, the choices of forms and lists."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, current_app, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.db.ids import to_public
from app.core.errors import DomainError
from app.core.guard.permissions import Actor, allows, covers
from app.core.guard.policy import Sight, policy_for
from app.core.http.access import may
from app.core.http.forms import render_form
from app.core.http.sessions import current_actor
from app.core.http.timelines import Entry, history
from app.inventory import lists, queries
from app.inventory.models import Appraisal, StockUnit
from app.inventory.rules import words
from app.inventory.rules.ageing import days_in_stock
from app.inventory.rules.stock import StockStatus, life, moves_from
from app.inventory.views import valued
from app.tenants import queries as tenants

bp = Blueprint("inventory", "app.inventory", template_folder="templates")


def vehicle_page(vehicle_id: uuid.UUID, error: DomainError | None = None) -> Any:
    """One vehicle's page; after `error` with why its button could not do what it says."""
    actor = current_actor()
    vehicle = queries.get_vehicle(actor, vehicle_id)
    episodes = [_episode(actor, unit) for unit in queries.list_episodes(actor, vehicle_id)]
    is_open = bool(episodes) and episodes[0]["unit"].closed_on is None
    return render_form(
        "inventory/vehicle.html",
        error,
        vehicle=vehicle,
        name=lists.vehicle_name(vehicle),
        public_id=to_public("veh", vehicle_id),
        plate=queries.plate_of(vehicle),
        vin_status=gettext(words.VIN_STATUS_LABELS[vehicle.vin_status]) if vehicle.vin_status else None,
        current=episodes[0] if is_open else None,
        episodes=episodes,
        history=_history(actor, vehicle_id, episodes),
        told=_words(actor),
        steps=_steps(episodes[0]["unit"]) if is_open else [],
        readings=queries.list_odometer_readings(vehicle_id),
        reading_states=translated_map(words.ODOMETER_STATUS_LABELS),
        may_stock_in=not is_open and may("stock.create"),
        photos=valued.shown_photos(actor, vehicle_id),
        valuations=valued.valuations(actor, vehicle_id),
        acv_seen=policy_for(actor).column(Appraisal.acv) is Sight.VISIBLE,
        appraise_url=url_for("inventory.new_appraisal", vehicle=to_public("veh", vehicle_id))
        if may("appraisal.create")
        else None,
    )


def _steps(unit: StockUnit) -> list[tuple[str, str]]:
    """Where the unit stands on its way, in words."""
    return [(gettext(words.STATUS_LABELS[step]), state) for step, state in life(StockStatus(unit.status))]


def _history(actor: Actor, vehicle_id: uuid.UUID, episodes: list[dict[str, Any]]) -> list[Entry]:
    """What changed on the vehicle and on the unit that stands in stock, or stood there last."""
    unit = history(actor, "stock_unit", episodes[0]["unit"].id) if episodes else []
    return [*history(actor, "vehicle", vehicle_id), *unit]


def _words(actor: Actor) -> dict[str, dict[str, str]]:
    """What the values of changes are called."""
    return {
        "store_id": {str(store.id): store.name for store in tenants.list_open_stores(actor, "stock.see")},
        "status": translated_map(words.STATUS_LABELS),
        "condition": translated_map(words.CONDITION_LABELS),
        "vin_status": translated_map(words.VIN_STATUS_LABELS),
    }


def _episode(actor: Actor, unit: StockUnit) -> dict[str, Any]:
    """One stock unit as the vehicle's page shows it, with what this actor may do to it."""
    store, public_id = tenants.get_store(unit.store_id), to_public("unit", unit.id)
    is_open = unit.closed_on is None
    can_start_deal = is_open and may("deal.create") and "sales.start_deal" in current_app.view_functions
    is_free = is_open and unit.status != StockStatus.SOLD
    can_drive = is_free and may("test_drive.create") and "crm.new_test_drive" in current_app.view_functions

    def allowed(permission: str) -> bool:
        return covers(actor, permission, owner_id=None, store_id=unit.store_id)

    return {
        "unit": unit,
        "public_id": public_id,
        "store": store,
        "status": gettext(words.STATUS_LABELS[unit.status]),
        "condition": gettext(words.CONDITION_LABELS[unit.condition]),
        "days": days_in_stock(unit.acquired_on, clock.today(store.timezone), unit.closed_on),
        "cost_seen": policy_for(actor).column(StockUnit.cost) is Sight.VISIBLE,
        "prices": queries.list_price_changes(unit.id) if is_open else [],
        "may_move": is_open and allowed("stock.move") and bool(moves_from(StockStatus(unit.status))),
        "may_price": is_open and allowed("stock.price"),
        "may_edit": is_open and allowed("stock.edit"),
        "may_delete": allowed("stock.delete"),
        "deal_url": url_for("sales.start_deal", unit=public_id) if can_start_deal else None,
        "drive_url": url_for("crm.new_test_drive", unit=public_id) if can_drive else None,
    }


def to_vehicle(vehicle_id: uuid.UUID) -> Response:
    """Off to one vehicle's page after a change."""
    return redirect(url_for("inventory.show_vehicle", vehicle_id=to_public("veh", vehicle_id)), 303)


def translated(labels: dict[str, str]) -> list[tuple[str, str]]:
    """Labels as the choices of a select."""
    return [(key, gettext(label)) for key, label in labels.items()]


def translated_map(labels: dict[str, str]) -> dict[str, str]:
    """Labels by key, in the visitor's language."""
    return {key: gettext(label) for key, label in labels.items()}


def store_choices(permission: str) -> list[tuple[str, str]]:
    """The open stores where the visitor may use `permission`."""
    return [(str(store.id), store.name) for store in tenants.list_open_stores(current_actor(), permission)]


def list_choices() -> dict[str, list[tuple[str, str]]]:
    """Stores as the lists' filters offer them."""
    actor = current_actor()
    if not allows(actor, "stock.see"):
        return {"store": []}
    stores = tenants.list_open_stores(actor, "stock.see")
    return {"store": [(to_public("store", store.id), store.name) for store in stores]}
