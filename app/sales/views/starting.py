"""Starting a deal from a vehicle, a customer or a lead: what is missing is picked, and its desk opens."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from marshmallow import fields

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, NotFound
from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.forms import FormSchema, load_form, render_form
from app.core.http.sessions import current_actor
from app.core.lists import search
from app.crm import queries as crm
from app.crm.rules.customers import fold_name
from app.inventory import queries as inventory
from app.sales.operations import deals
from app.sales.views.pages import bp, find_customer_name, find_unit, to_deal, unit_name

MOST = 8


class StartForm(FormSchema):
    """The unit and the person by their public ids, and the lead the deal comes from."""

    unit = fields.String(load_default="")
    customer = fields.String(load_default="")
    lead = fields.String(load_default="")


@bp.get("/deals/start")
@require("deal.create")
def start_deal():
    """The picker; a link from a vehicle's, a customer's or a lead's page brings its id along."""
    return _picker()


def _picker(error: DomainError | None = None) -> Any:
    actor = current_actor()
    text = request.values.get("q", "").strip()[:100]
    unit_id, customer_id = _id("unit", "unit"), _id("cus", "customer")
    unit, customer = find_unit(unit_id), find_customer_name(customer_id)
    names = ("unit", "customer", "lead")
    known: dict[str, Any] = {name: request.values[name] for name in names if request.values.get(name)}
    picks: list[dict[str, Any]] = []
    if unit is None:
        picks = [_pick("unit", to_public("unit", row.unit_id), unit_name(row), row) for row in _units(actor, text)]
    elif customer is None:
        picks = [_pick("customer", to_public("cus", key), name) for key, name in _people(actor, text)]
    return render_form(
        "sales/start.html",
        error,
        unit=unit,
        unit_name=unit_name(unit) if unit else None,
        customer=customer,
        known=known,
        picks=picks,
        q=text,
        form_url=url_for("sales.new_deal", **known),
    )


@bp.post("/deals/start")
@require("deal.create")
def begin_deal():
    """The deal over the unit at its asking price, of whoever pressed; without a price its form asks for it."""
    actor, data = current_actor(), load_form(StartForm)
    unit = inventory.unit_info(actor, from_public("unit", data["unit"]))
    customer_id = from_public("cus", data["customer"]) if data["customer"] else None
    lead_id = from_public("lead", data["lead"]) if data["lead"] else None
    values = {
        "stock_unit_id": unit.unit_id,
        "store_id": unit.store_id,
        "customer_id": customer_id,
        "lead_id": lead_id,
        "salesperson_id": actor.user_id,
    }
    if unit.asking_price is None:
        return redirect(url_for("sales.new_deal", **{name: text for name, text in data.items() if text}), 303)
    try:
        with transaction():
            deal = deals.record_deal(actor=actor, price=Decimal(unit.asking_price), **values)
            key, number = deal.id, deal.deal_number
    except NotFound:
        raise
    except DomainError as error:
        return _picker(error)
    flash(gettext("The deal %(number)s was recorded.", number=number))
    return to_deal(key)


def _id(prefix: str, name: str) -> uuid.UUID | None:
    return from_public(prefix, request.values[name]) if request.values.get(name) else None


def _pick(name: str, public_id: str, label: str, unit: Any = None) -> dict[str, Any]:
    return {"name": name, "id": public_id, "label": label, "unit": unit}


def _people(actor: Actor, text: str) -> list[tuple[uuid.UUID, str]]:
    """Who is meant: by name, or by a phone or mail as the box of the whole house finds them; without words the last."""
    if not text:
        seen = [(hit.record_id, hit.title) for hit in search.recent(actor, 40) if hit.kind.name == "customer"]
        more = [(row.id, row.name) for row in crm.search_customers(actor, "", MOST)]
        return list({key: (key, name) for key, name in (*seen, *more)}.values())[:MOST]
    found = [(row.id, row.name) for row in crm.search_customers(actor, fold_name(text), MOST)]
    if not found:
        groups = [group for group in search.find(actor, text, MOST) if group.kind.name == "customer"]
        found = [(hit.record_id, hit.title) for group in groups for hit in group.hits]
    return found


def _units(actor: Actor, text: str) -> list[Any]:
    return list(inventory.search_units(actor, text, MOST))
