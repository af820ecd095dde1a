"""Ways to reach a customer over the API: always masks, but for one that is asked for, which leaves an entry."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.http.access import require
from app.core.http.api import ApiBlueprint, answer, answered, documented, done, load_body
from app.core.http.api.dumping import plan_for
from app.core.http.api.operations import OF_BODIES, OF_RECORDS, key_parameter
from app.core.http.sessions import current_actor
from app.core.http.stepup import step_up
from app.crm import queries
from app.crm.api.shapes import ContactListSchema, ContactSchema, NewContact, RevealedSchema
from app.crm.operations import contacts

bp = ApiBlueprint("contacts", "Phone numbers and e-mail addresses of customers.")
EXAMPLE = {"kind": "phone", "value": "+1 212 555 0142", "label": "work"}


def dump_contacts(actor: Actor, customer_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, list[dict[str, Any]]]:
    """The contacts of customers whom the caller has been found to see, by customer."""
    rows = queries.contact_rows(list(customer_ids))
    if not rows:
        return {}
    plan = plan_for(ContactSchema, list(rows[0]._fields), policy_for(actor))
    found: dict[uuid.UUID, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.customer_id, []).append(plan.dump(row))
    return found


@bp.route("/customers/<customer_id>/contacts", methods=["GET"])
@require("customer.see")
@documented(gives={200: ContactListSchema}, problems=OF_RECORDS)
def list_contacts(customer_id: str):
    """List the contacts of a customer"""
    customer = queries.get_customer(current_actor(), from_public("cus", customer_id))
    return answer({"data": dump_contacts(current_actor(), [customer.id]).get(customer.id, [])})


@bp.route("/customers/<customer_id>/contacts", methods=["POST"])
@require("customer.edit")
@documented(
    parameters=[key_parameter(required=False)], body=NewContact, example=EXAMPLE, gives={201: ContactSchema},
    problems=(*OF_BODIES, *OF_RECORDS),
)  # fmt: skip
def add_contact(customer_id: str):
    """Add a contact to a customer"""
    actor = current_actor()
    key = queries.get_customer(actor, from_public("cus", customer_id)).id
    data = load_body(NewContact)

    def add() -> dict[str, Any]:
        point = contacts.add_contact_point(actor=actor, customer_id=key, **data)
        shown = dump_contacts(actor, [key])[key]
        return next(one for one in shown if one["id"] == to_public("con", point.id))

    return answered(add, status=201)


@bp.route("/customers/<customer_id>/contacts/<contact_id>", methods=["DELETE"])
@require("customer.edit")
@documented(gives={204: None}, problems=(409, *OF_RECORDS))
def remove_contact(customer_id: str, contact_id: str):
    """Remove a contact of a customer"""
    customer, point, actor = from_public("cus", customer_id), from_public("con", contact_id), current_actor()
    return done(
        lambda: contacts.remove_contact_point(actor=actor, customer_id=customer, contact_point_id=point)
    )


@bp.route("/customers/<customer_id>/contacts/<contact_id>/reveal", methods=["POST"])
@require("customer.see")
@step_up
@documented(gives={200: RevealedSchema}, problems=(409, *OF_RECORDS))
def reveal_contact(customer_id: str, contact_id: str):
    """Read one contact in full, which is noted in the audit"""
    customer, point, actor = from_public("cus", customer_id), from_public("con", contact_id), current_actor()
    with transaction():
        value = contacts.reveal_contact_point(actor=actor, customer_id=customer, contact_point_id=point)
    return answer({"value": value})
