"""A new customer in three fields, from wherever somebody is; whoever may be the same one is named while they type."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, render_template, request
from flask_babel import gettext

from app.core.db import transaction
from app.core.errors import DomainError
from app.core.http.access import may, require
from app.core.http.forms import load_form, render_form, typed
from app.core.http.sessions import current_actor
from app.crm import queries
from app.crm.operations import activities, contacts, customers
from app.crm.schemas.customers import DuplicatesForm, QuickCustomerForm
from app.crm.views.customers import FORM, form_choices, fresh_values
from app.crm.views.pages import bp, shown_duplicate, to_customer

QUICK = "crm/customer_quick.html"


@bp.get("/customers/quick")
@require("customer.create")
def quick_customer():
    return render_form(QUICK, values=fresh_values(), **_context())


@bp.post("/customers/quick")
@require("customer.create")
def create_quick_customer():
    if "full" in request.form:
        # What was typed goes along to the form that asks for everything.
        sent = typed()
        values = {**fresh_values(), **sent, "notes": sent.get("wanted", "")}
        return render_form(FORM, values=values, customer=None, **form_choices())
    try:
        data = load_form(QuickCustomerForm)
        with transaction():
            customer = _create(data)
    except DomainError as error:
        return render_form(QUICK, error, **_context())
    flash(gettext("The customer was added."))
    return to_customer(customer)


@bp.post("/customers/duplicates")
@require("customer.see")
def show_duplicates():
    """The lines below the fields; nothing is said of what cannot be read yet."""
    try:
        data = load_form(DuplicatesForm)
    except DomainError:
        return render_template("crm/_duplicates.html", duplicates=[])
    store = fresh_values()["store_id"]
    typed_contacts = [(kind, data[kind]) for kind in ("phone", "email") if data[kind]]
    found = queries.find_similar(current_actor(), data["name"], store, typed_contacts)
    return render_template("crm/_duplicates.html", duplicates=[shown_duplicate(item) for item in found])


def _create(data: dict[str, Any]) -> uuid.UUID:
    actor, fresh = current_actor(), fresh_values()
    entries = [contacts.ContactInput("phone", data["phone"])] if data["phone"] else []
    customer = customers.create_customer(
        actor=actor,
        kind=data["kind"],
        name=data["name"],
        store_id=fresh["store_id"],
        owner_id=fresh["owner_id"],
        contact_points=entries,
    )
    if data["wanted"]:
        activities.log_activity(
            actor=actor, customer_id=customer.id, type="note", subject=gettext("Looks for"), body=data["wanted"]
        )
    return customer.id


def _context() -> dict[str, Any]:
    return {"may_note": may("activity.create")}
