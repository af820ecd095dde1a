"""What the CRM's pages share: the blueprint, one customer's page, and the choices of filters."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.db.ids import to_public
from app.core.errors import N_, DomainError
from app.core.guard import reveals
from app.core.guard.permissions import covers
from app.core.http.access import sees
from app.core.http.forms import render_form
from app.core.http.sessions import current_actor
from app.core.languages import language_choices
from app.crm import queries
from app.crm.operations import contacts, identities
from app.crm.queries.follow_ups import open_of_customer
from app.crm.queries.identity import id_number_mask
from app.crm.rules.customers import DIRECTION_LABELS, KIND_LABELS, OUTCOME_LABELS, TYPE_LABELS, engagement
from app.crm.rules.follow_ups import FOLLOW_UP_LABELS
from app.crm.views.stream import ICONS, stream
from app.tenants import queries as tenants

bp = Blueprint("crm", "app.crm", template_folder="templates")

REASONS = {"phone": N_("same phone"), "email": N_("same e-mail"), "name": N_("same name")}


def customer_page(
    customer_id: uuid.UUID,
    error: DomainError | None = None,
    revealed: dict[uuid.UUID, str] | None = None,
    id_number: str | None = None,
) -> Any:
    """One customer's page; after `error` with what was typed, or with contacts or the ID number in full."""
    actor = current_actor()
    customer = queries.get_customer(actor, customer_id)
    contacts_seen = queries.sees_contacts(actor)
    until = reveals.revealed_until(actor, "customer", customer_id) if contacts_seen else None
    if until is not None:
        revealed = {**contacts.revealed_contacts(actor, customer), **(revealed or {})}

    def may_customer(permission: str) -> bool:
        return covers(actor, permission, owner_id=customer.owner_id, store_id=customer.store_id)

    points = queries.list_contact_points(customer_id) if contacts_seen else []
    id_masked = id_number_mask(actor, customer)
    behind_mask = id_masked is not None and not sees("customer", "id_number")
    id_until = reveals.revealed_until(actor, "customer", customer_id, group=identities.GROUP) if behind_mask else None
    if id_until is not None:
        id_number = identities.opened_id_number(actor, customer)
    masked = [
        ("contact", gettext("Contacts")) if points and not sees("customer", "phone") and until is None else None,
        ("identity", gettext("ID number")) if behind_mask and id_until is None else None,
    ]
    return render_form(
        "crm/customer.html",
        error,
        customer=customer,
        public_id=to_public("cus", customer_id),
        kind_label=gettext(KIND_LABELS[customer.kind]),
        place=tenants.get_store(customer.store_id),
        owner=tenants.get_user_name(customer.owner_id) if customer.owner_id else None,
        points=points,
        contacts_seen=contacts_seen,
        revealed=revealed or {},
        revealed_until=until,
        id_masked=id_masked,
        id_number=id_number,
        id_until=id_until,
        masked_groups=[item for item in masked if item] if may_customer("customer.reveal") else [],
        stream=stream(actor, customer_id, request.args.get("timeline", "")),
        duplicates=[shown_duplicate(item) for item in queries.find_duplicates(actor, customer_id)],
        summary=queries.find_summary(customer_id),
        engagement=engagement(queries.list_activity_times(customer_id), clock.now()),
        may_customer=may_customer,
        types=translated(TYPE_LABELS),
        icons=ICONS,
        outcomes=translated(OUTCOME_LABELS),
        directions=translated(DIRECTION_LABELS),
        languages=dict(language_choices()),
        steps=open_of_customer(actor, customer_id),
        step_kinds=dict(translated(FOLLOW_UP_LABELS)),
        may_plan=covers(actor, "follow_up.create", owner_id=actor.user_id, store_id=customer.store_id),
        may_finish=lambda step: covers(actor, "follow_up.edit", owner_id=step.assignee_id, store_id=step.store_id),
    )


def shown_duplicate(item: queries.Duplicate) -> dict[str, Any]:
    """A possible duplicate with its page and the reasons."""
    url = url_for("crm.show_customer", customer_id=to_public("cus", item.customer_id))
    return {"name": item.name, "url": url, "reasons": [gettext(REASONS[reason]) for reason in item.reasons]}


def translated(labels: dict[str, str]) -> list[tuple[str, str]]:
    """Labels as the choices of a select."""
    return [(key, gettext(label)) for key, label in labels.items()]


def to_customer(customer_id: uuid.UUID) -> Response:
    """Off to one customer's page after a change."""
    return redirect(url_for("crm.show_customer", customer_id=to_public("cus", customer_id)), 303)


def list_choices() -> dict[str, list[tuple[str, str]]]:
    """Stores and users as the lists' filters offer them."""
    found = tenants.filter_choices(current_actor(), "customer.see", "store", "user")
    users = [(to_public("usr", key), name) for key, name in found["user"]]
    return {"store": [(to_public("store", key), name) for key, name in found["store"]], "owner": users, "user": users}
