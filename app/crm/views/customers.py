"""Pages of customers: the list, one customer, adding, correcting, deleting, and their contact points."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError
from app.core.guard.reveals import ReasonMissing, TooManyReveals
from app.core.http.access import require, sees
from app.core.http.edits import Opened, flash_saved, render_edit, save_edit
from app.core.http.forms import load_form, render_form
from app.core.http.lists import filter_view, list_view
from app.core.http.sessions import current_actor
from app.core.http.stepup import step_up
from app.core.http.undo import flash_undo
from app.crm import queries
from app.crm.lists import CUSTOMERS
from app.crm.models import Customer
from app.crm.operations import contacts, customers, identities
from app.crm.queries.identity import id_number_mask, id_number_of
from app.crm.schemas.customers import (
    ContactForm,
    EditedCustomerForm,
    EditedCustomerWithIdForm,
    NewCustomerForm,
    RevealForm,
    VersionForm,
)
from app.crm.views.pages import bp, customer_page, list_choices, to_customer
from app.tenants import queries as tenants

FORM = "crm/customer_form.html"


@bp.get("/customers")
@require("customer.see")
def list_customers():
    return list_view(CUSTOMERS, "crm/customers.html", choices=list_choices())


@bp.post("/customers/filter")
@require("customer.see")
def filter_customers():
    return filter_view(CUSTOMERS, "crm/customers.html", choices=list_choices())


@bp.get("/customers/new")
@require("customer.create")
def new_customer():
    return render_form(FORM, values=fresh_values(), customer=None, **form_choices())


@bp.post("/customers")
@require("customer.create")
def create_customer():
    try:
        data = load_form(NewCustomerForm)
        entries = [contacts.ContactInput(kind, data.pop(kind)) for kind in ("phone", "email")]
        with transaction():
            customer = customers.create_customer(
                actor=current_actor(), contact_points=[entry for entry in entries if entry.value], **data
            )
    except DomainError as error:
        return render_form(FORM, error, customer=None, **form_choices())
    flash(gettext("The customer was added."))
    return to_customer(customer.id)


@bp.get("/customers/<customer_id>")
@require("customer.see")
def show_customer(customer_id: str):
    return customer_page(from_public("cus", customer_id))


@bp.get("/customers/<customer_id>/edit")
@require("customer.edit")
def edit_customer(customer_id: str):
    return _edit_form(from_public("cus", customer_id))


@bp.post("/customers/<customer_id>/edit")
@require("customer.edit")
def update_customer(customer_id: str):
    key = from_public("cus", customer_id)
    try:
        saved = save_edit(
            lambda: _opened(queries.get_customer(current_actor(), key)),
            lambda data: customers.edit_customer(actor=current_actor(), customer_id=key, **_as_shown(data)),
        )
    except DomainError as error:
        return _edit_form(key, error)
    flash_undo(gettext("The customer was saved."))
    flash_saved(saved, FORM)
    return to_customer(key)


@bp.post("/customers/<customer_id>/delete")
@require("customer.delete")
def delete_customer(customer_id: str):
    key = from_public("cus", customer_id)
    try:
        data = load_form(VersionForm)
        with transaction():
            customers.delete_customer(actor=current_actor(), customer_id=key, **data)
    except DomainError as error:
        return customer_page(key, error)
    flash_undo(gettext("The customer was deleted."))
    return redirect(url_for("crm.list_customers"), 303)


@bp.post("/customers/<customer_id>/contacts")
@require("customer.edit")
def add_contact_point(customer_id: str):
    key = from_public("cus", customer_id)
    try:
        data = load_form(ContactForm)
        with transaction():
            contacts.add_contact_point(
                actor=current_actor(),
                customer_id=key,
                kind=data["contact_kind"],
                value=data["value"],
                label=data["label"],
            )
    except DomainError as error:
        return customer_page(key, error)
    return to_customer(key)


@bp.post("/customers/<customer_id>/contacts/<uuid:point_id>/delete")
@require("customer.edit")
def remove_contact_point(customer_id: str, point_id: uuid.UUID):
    key = from_public("cus", customer_id)
    with transaction():
        contacts.remove_contact_point(actor=current_actor(), customer_id=key, contact_point_id=point_id)
    flash_undo(gettext("The contact was removed."))
    return to_customer(key)


@bp.post("/customers/<customer_id>/contacts/<uuid:point_id>/reveal")
@require("customer.see")
@step_up
def reveal_contact_point(customer_id: str, point_id: uuid.UUID):
    key = from_public("cus", customer_id)
    with transaction():
        value = contacts.reveal_contact_point(actor=current_actor(), customer_id=key, contact_point_id=point_id)
    return customer_page(key, revealed={point_id: value})


@bp.post("/customers/<customer_id>/id-number/reveal")
@require("customer.see")
@step_up
def reveal_id_number(customer_id: str):
    key = from_public("cus", customer_id)
    with transaction():
        number = identities.reveal_id_number(actor=current_actor(), customer_id=key)
    return customer_page(key, id_number=number)


@bp.post("/customers/<customer_id>/reveal")
@require("customer.reveal")
@step_up
def reveal_masked(customer_id: str):
    key = from_public("cus", customer_id)
    try:
        data = load_form(RevealForm)
        opened = identities.open_id_number if data["group"] == identities.GROUP else contacts.reveal_contacts
        with transaction():
            opened(actor=current_actor(), customer_id=key, reason=data["reason"])
    except (ReasonMissing, TooManyReveals) as error:
        return customer_page(key, error)
    return to_customer(key)


def _edit_form(customer_id: uuid.UUID, error: DomainError | None = None) -> Any:
    customer = queries.get_customer(current_actor(), customer_id)
    return render_edit(FORM, _opened(customer), error, customer=customer, **form_choices(customer))


def _opened(customer: Customer) -> Opened:
    names = ("kind", "name", "given_name", "family_name", "store_id", "owner_id", "language", "notes")
    values = {name: getattr(customer, name) for name in names}
    # Whoever sees a mask or nothing sends none, and none must not be written over it.
    if not sees("customer", "id_number"):
        return Opened("customer", customer.id, customer.version, values, EditedCustomerForm)
    values["id_number"] = id_number_of(customer) or ""
    return Opened("customer", customer.id, customer.version, values, EditedCustomerWithIdForm)


def _as_shown(data: dict[str, Any]) -> dict[str, Any]:
    """What came in, without an ID number that the page did not ask for."""
    return {name: value for name, value in data.items() if name != "id_number" or name in request.form}


def fresh_values() -> dict[str, Any]:
    """What a new customer begins with: a store of whoever adds him, who looks after him."""
    actor = current_actor()
    stores = tenants.list_open_stores(actor, "customer.create")
    own = [store.id for store in stores if store.id in actor.store_ids] or [store.id for store in stores]
    return {"kind": "individual", "store_id": own[0] if own else None, "owner_id": actor.user_id}


def form_choices(customer: Customer | None = None) -> dict[str, Any]:
    """What the customer's form offers."""
    return {
        "public_id": to_public("cus", customer.id) if customer else None,
        "stores": [(store.id, store.name) for store in tenants.list_open_stores(current_actor(), "customer.create")],
        "owners": [(user.id, user.name) for user in tenants.list_active_users()],
        "id_number_masked": id_number_mask(current_actor(), customer) if customer else None,
    }
