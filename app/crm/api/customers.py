"""Customers over the API."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select

from app.core.db import transaction
from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    Expand,
    answer,
    answer_batch,
    answer_list,
    answer_one,
    answer_query,
    batches,
    created,
    creates,
    delete_record,
    deletes,
    documented,
    lists,
    load_body,
    patch_record,
    patches,
    queries,
    shows,
)
from app.core.http.api.expansions import named
from app.core.http.api.operations import OF_RECORDS
from app.core.http.sessions import current_actor
from app.core.http.stepup import step_up
from app.crm.api.contacts import dump_contacts
from app.crm.api.shapes import CustomerFields, CustomerSchema, NewCustomer, RevealedSchema
from app.crm.lists import CUSTOMERS
from app.crm.models import Customer
from app.crm.operations import customers, identities
from app.crm.operations.contacts import ContactInput
from app.tenants import queries as tenants

bp = ApiBlueprint("customers", "People and companies the dealership deals with.")

EDITED = ("kind", "name", "given_name", "family_name", "store_id", "owner_id", "language", "notes")
EXAMPLE = {
    "kind": "individual",
    "given_name": "Wei",
    "family_name": "Example",
    "store_id": "store_…",
    "contacts": [{"kind": "email", "value": "wei@example.com"}],
}


def _whole(actor: Actor) -> Select[Any]:
    return CUSTOMERS.source(actor).add_columns(
        *(Customer.version, Customer.given_name, Customer.family_name, Customer.language, Customer.notes),
        Customer.updated_at,
    )


CUSTOMER = ApiRecord(
    name="customer",
    path="customers",
    spec=CUSTOMERS,
    schema=CustomerSchema,
    source=_whole,
    names={
        "owner_id": "owner",
        "store_id": "store",
        "created_at": "created",
        "last_activity_at": "last_activity",
        "activity_band": "activity",
    },
    expands={
        "store": named("store_id", "store", lambda ids: tenants.list_names((), ids)),
        "owner": named("owner_id", "usr", lambda ids: tenants.list_names(ids, ())),
        "contacts": Expand("id", lambda actor, rows: dump_contacts(actor, [row.id for row in rows]), empty=[]),
    },
    edits=EDITED,
    steady=True,
)


@bp.route("/customers", methods=["GET"])
@require("customer.see")
@lists(CUSTOMER)
def list_customers():
    """List customers"""
    return answer_list(CUSTOMER)


@bp.route("/customers/query", methods=["POST"])
@require("customer.see")
@queries(CUSTOMER)
def query_customers():
    """List customers by personal values"""
    return answer_query(CUSTOMER)


@bp.route("/customers", methods=["POST"])
@require("customer.create")
@creates(CUSTOMER, NewCustomer, EXAMPLE)
def create_customer():
    """Add a customer"""
    data = load_body(NewCustomer)
    return created(CUSTOMER, lambda: _create(data))


@bp.route("/customers/batch", methods=["POST"])
@require("customer.see")
@batches(CUSTOMER, EXAMPLE)
def batch_customers():
    """Add, change and delete up to 100 customers"""
    return answer_batch(CUSTOMER, NewCustomer, CustomerFields, create=_create, edit=_edit, delete=_delete)


@bp.route("/customers/<customer_id>", methods=["GET"])
@require("customer.see")
@shows(CUSTOMER)
def show_customer(customer_id: str):
    """Read a customer"""
    return answer_one(CUSTOMER, customer_id)


@bp.route("/customers/<customer_id>", methods=["PATCH"])
@require("customer.edit")
@patches(CUSTOMER, CustomerFields, {"notes": "Prefers e-mail"})
def edit_customer(customer_id: str):
    """Change a customer"""
    return patch_record(CUSTOMER, customer_id, CustomerFields, _edit)


@bp.route("/customers/<customer_id>", methods=["DELETE"])
@require("customer.delete")
@deletes(CUSTOMER)
def delete_customer(customer_id: str):
    """Delete a customer nobody refers to"""
    return delete_record(CUSTOMER, customer_id, _delete)


@bp.route("/customers/<customer_id>/id-number/reveal", methods=["POST"])
@require("customer.see")
@step_up
@documented(gives={200: RevealedSchema}, problems=(409, *OF_RECORDS))
def reveal_id_number(customer_id: str):
    """Read the ID number in full, which is noted in the audit"""
    key = CUSTOMER.key_of(customer_id)
    with transaction():
        number = identities.reveal_id_number(actor=current_actor(), customer_id=key)
    return answer({"value": number})


def _create(data: Mapping[str, Any]) -> uuid.UUID:
    values = dict(data)
    points = [ContactInput(point["kind"], point["value"], point["label"]) for point in values.pop("contacts")]
    return customers.create_customer(actor=current_actor(), contact_points=points, **values).id


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    known = dict(values)
    if "name" in sent and not {"given_name", "family_name"} & sent.keys():
        # A name sent as a whole takes the place of its parts.
        known |= {"given_name": "", "family_name": ""}
    customers.edit_customer(actor=current_actor(), customer_id=key, version=version, **known)


def _delete(key: uuid.UUID, version: int | None) -> None:
    customers.delete_customer(actor=current_actor(), customer_id=key, version=version)
