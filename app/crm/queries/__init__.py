"""What can be asked of the CRM, and the selectables that the queries of modules above may join."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, Row, Select, Subquery, and_, case, func, literal, select, true

from app.core.db import current_tenant, db
from app.core.errors import NotFound
from app.core.guard import indexes, vault
from app.core.guard.permissions import Actor, allows, scope_clause
from app.core.guard.policy import policy_for
from app.core.lists.search import among
from app.crm.models import Activity, ActivitySummary, ContactPoint, Customer
from app.crm.queries.contacts import contact_rows as contact_rows
from app.crm.queries.contacts import contacts_in_the_clear as contacts_in_the_clear
from app.crm.queries.contacts import get_contact_point as get_contact_point
from app.crm.queries.contacts import list_contact_points as list_contact_points
from app.crm.queries.contacts import sees_contacts as sees_contacts
from app.crm.queries.identity import id_number_mask
from app.crm.rules.customers import ACTIVITY_BANDS, ActivityBand, ContactKind, fold_name, normalize_contact
from app.tenants import queries as tenants

# A family name alone matches many people; more possible duplicates than this is noise.
MOST_DUPLICATES = 20


def customer_facts() -> Subquery:
    """Customers for joins: customer_id, name (personal), name_key (personal), kind, store_id, owner_id."""
    return select(
        Customer.id.label("customer_id"),
        Customer.name,
        Customer.name_key,
        Customer.kind,
        Customer.store_id,
        Customer.owner_id,
    ).subquery("customer_facts")


def activity_facts() -> Subquery:
    """Activities for joins: activity_id, customer_id, type, at, user_id, store_id (all internal)."""
    return select(
        Activity.id.label("activity_id"),
        Activity.customer_id,
        Activity.type,
        Activity.at,
        Activity.user_id,
        Activity.store_id,
    ).subquery("activity_facts")


def summary_facts() -> Subquery:
    """Customers with their stored activity metric: customer_id, activities (0 for none), last_at, gap_index, scope."""
    return (
        select(
            Customer.id.label("customer_id"),
            Customer.store_id,
            Customer.owner_id,
            func.coalesce(ActivitySummary.activities, 0).label("activities"),
            ActivitySummary.last_at,
            ActivitySummary.gap_index,
        )
        .outerjoin(ActivitySummary, ActivitySummary.customer_id == Customer.id)
        .subquery("summary_facts")
    )


def band_clause(band: ActivityBand) -> ColumnElement[bool]:
    """The same rule as `ActivityBand.holds`, over customers outer-joined to their summaries."""
    index, activities = ActivitySummary.gap_index, func.coalesce(ActivitySummary.activities, 0)
    if band.activities is not None:
        return activities == band.activities
    parts: list[ColumnElement[bool]] = [index.is_not(None)]
    if band.low is not None:
        parts.append(index >= band.low)
    if band.high is not None:
        parts.append(index < band.high)
    return and_(*parts)


def count_by_band(actor: Actor, store_id: uuid.UUID | None = None) -> dict[str, int]:
    """How many customers `actor` may see, of one store or all, are in each activity band; every band is there."""
    band = case(*((band_clause(band), band.key) for band in ACTIVITY_BANDS)).label("band")
    found: dict[str, int] = {}
    for key, count in db.session.execute(
        select(band, func.count())
        .select_from(Customer)
        .outerjoin(ActivitySummary, ActivitySummary.customer_id == Customer.id)
        .where(scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id))
        .where(Customer.store_id == store_id if store_id else true())
        .group_by(band)
    ):
        found[key] = count
    return {band.key: found.get(band.key, 0) for band in ACTIVITY_BANDS}


def count_by_band_if_seen(actor: Actor, store_id: uuid.UUID | None = None) -> dict[str, int]:
    """As `count_by_band`, for whoever may see a metric and perhaps no customer: nothing then."""
    return count_by_band(actor, store_id) if allows(actor, "customer.see") else {}


def count_activities_by_month(
    actor: Actor, since: datetime, timezone: str, store_id: uuid.UUID | None = None
) -> dict[date, int]:
    """How many activities `actor` may see, of one store or all, there were in each month of `timezone` from `since`."""
    month = func.date_trunc("month", func.timezone(timezone, Activity.at)).cast(Date).label("month")
    rows = db.session.execute(
        select(month, func.count().label("activities"))
        .select_from(Activity)
        .join(Customer, Customer.id == Activity.customer_id)
        .where(Activity.at >= since)
        .where(scope_clause(actor, "activity.see", owner=Activity.user_id, store=Activity.store_id))
        .where(scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id))
        .where(Activity.store_id == store_id if store_id else true())
        .group_by(month)
    )
    return {row.month: row.activities for row in rows}


def list_activity_times(customer_id: uuid.UUID) -> list[tuple[str, datetime]]:
    """Type and time of every activity of the customer, for figures about one customer."""
    rows = db.session.execute(select(Activity.type, Activity.at).where(Activity.customer_id == customer_id))
    return [(row.type, row.at) for row in rows]


def visible_customers(actor: Actor) -> Select:
    """The customers `actor` may see."""
    return select(Customer).where(scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id))


def get_customer(actor: Actor, customer_id: uuid.UUID) -> Customer:
    """The customer, if `actor` may see it; raises NotFound otherwise."""
    customer = db.session.scalar(visible_customers(actor).where(Customer.id == customer_id))
    if customer is None:
        raise NotFound
    return customer


def get_activity(actor: Actor, activity_id: uuid.UUID) -> Activity:
    """The activity, if `actor` may see it and its customer; raises NotFound otherwise."""
    activity = db.session.scalar(
        select(Activity)
        .join(Customer, Customer.id == Activity.customer_id)
        .where(Activity.id == activity_id)
        .where(scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id))
        .where(scope_clause(actor, "activity.see", owner=Activity.user_id, store=Activity.store_id))
    )
    if activity is None:
        raise NotFound
    return activity


def list_names(customer_ids: Iterable[uuid.UUID]) -> Sequence[Row[uuid.UUID, str]]:
    """(id, name) of these customers, who may be told because the actor sees what refers to them."""
    return db.session.execute(select(Customer.id, Customer.name).where(among(Customer.id, list(customer_ids)))).all()


def list_activities(actor: Actor, customer_id: uuid.UUID, limit: int = 100) -> Sequence[Row[Activity, str]]:
    """The customer's activities that `actor` may see with the name of whose they are, newest first."""
    users = tenants.user_facts()
    return db.session.execute(
        select(Activity, users.c.name.label("user"))
        .outerjoin(users, users.c.user_id == Activity.user_id)
        .where(Activity.customer_id == customer_id)
        .where(scope_clause(actor, "activity.see", owner=Activity.user_id, store=Activity.store_id))
        .order_by(Activity.at.desc(), Activity.id.desc())
        .limit(limit)
    ).all()


def glance(actor: Actor, customer_id: uuid.UUID, latest: int = 4) -> dict[str, Any]:
    """What the preview of a customer shows; raises NotFound for one the actor may not see."""
    customer = get_customer(actor, customer_id)
    return {
        "customer": customer,
        "place": tenants.get_store(customer.store_id),
        "owner": tenants.get_user_name(customer.owner_id) if customer.owner_id else None,
        "points": list_contact_points(customer_id) if sees_contacts(actor) else [],
        "id_number": id_number_mask(actor, customer),
        "summary": find_summary(customer_id),
        "latest": list_activities(actor, customer_id, latest) if allows(actor, "activity.see") else [],
    }


def find_summary(customer_id: uuid.UUID) -> ActivitySummary | None:
    """The customer's stored activity metric, or None while nothing was logged."""
    return db.session.get(ActivitySummary, customer_id)


@dataclass(frozen=True)
class Duplicate:
    """A customer who may be the same one, and why: phone, email, name (in the same store)."""

    customer_id: uuid.UUID
    name: str
    reasons: tuple[str, ...]


def find_duplicates(actor: Actor, customer_id: uuid.UUID) -> list[Duplicate]:
    """Other visible customers with the same name in the same store, or a contact in common that the actor sees."""
    customer = get_customer(actor, customer_id)
    tokens: Sequence[bytes] = ()
    if policy_for(actor).may_query("customer", "phone"):
        own = select(ContactPoint.value_index).where(ContactPoint.customer_id == customer_id)
        tokens = db.session.scalars(own).all()
        if indexes.are_replaced():
            # The others may lie under the other index key.
            mine = contacts_in_the_clear([customer_id]).get(customer_id, ())
            tokens = [token for kind, value in mine for token in vault.every_index(kind, value)]
    return _duplicates(actor, customer.name_key, customer.store_id, list(tokens), customer_id)


def find_similar(
    actor: Actor, name: str, store_id: uuid.UUID | None, typed: Iterable[tuple[str, str]]
) -> list[Duplicate]:
    """Visible customers who have one of the typed contacts, or bear the name in the store.

    Contacts count for whoever sees them in full: who types one finds out whose it is.
    """
    policy = policy_for(actor)
    asked = [(kind, text) for kind, text in typed if policy.may_query("customer", kind)]
    tokens = [token for kind, text in asked for token in contact_tokens(kind, text)]
    return _duplicates(actor, fold_name(name), store_id, tokens, None)


def _duplicates(
    actor: Actor, name_key: str, store_id: uuid.UUID | None, tokens: list[bytes], own_id: uuid.UUID | None
) -> list[Duplicate]:
    by_token = select(ContactPoint.customer_id.label("id"), ContactPoint.kind.label("reason")).where(
        ContactPoint.value_index.in_(tokens)
    )
    by_name = select(Customer.id.label("id"), literal("name").label("reason")).where(
        Customer.name_key == name_key, Customer.store_id == store_id
    )
    found = by_token.union(by_name).subquery("found")
    rows = db.session.execute(
        select(Customer.id, Customer.name, func.array_agg(func.distinct(found.c.reason)).label("reasons"))
        .join(found, found.c.id == Customer.id)
        .where(Customer.id.is_distinct_from(own_id))
        .where(scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id))
        .group_by(Customer.id, Customer.name)
        .order_by(Customer.name, Customer.id)
        .limit(MOST_DUPLICATES)
    )
    return [Duplicate(row.id, row.name, tuple(sorted(row.reasons))) for row in rows]


def normal_contact(kind: str, text: str) -> str:
    """A phone or e-mail, typed in any format, in the form whose token is stored."""
    return normalize_contact(ContactKind(kind), text, current_tenant().country).value


def contact_tokens(kind: str, text: str) -> list[bytes]:
    """The tokens under which a phone or e-mail, typed in any format, may be stored."""
    return vault.every_index(kind, normal_contact(kind, text))


def search_customers(actor: Actor, folded: str, limit: int = 10) -> Sequence[Row]:
    """Customers whose folded name contains `folded`, for pickers: (id, name, store_id)."""
    if not allows(actor, "customer.see"):
        return []
    return db.session.execute(
        select(Customer.id, Customer.name, Customer.store_id)
        .where(Customer.name_key.contains(folded, autoescape=True))
        .where(scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id))
        .order_by(Customer.name_key, Customer.id)
        .limit(limit)
    ).all()
