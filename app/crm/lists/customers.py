"""The lists of the CRM: customers by any combination of conditions, and activities; how customers are found."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.classes import CONTACT, IDENTITY, INTERNAL, PERSONAL
from app.core.guard.permissions import Actor, scope_clause
from app.core.lists.parts import BulkAction, BulkField, Outgoing, Peek, Target, Under, View
from app.core.lists.search import SearchKind, declare_search
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, declare_list
from app.crm import queries
from app.crm.models import Activity, ActivitySummary, ContactPoint, Customer
from app.crm.operations import many
from app.crm.queries import finding, identity
from app.crm.rules.customers import (
    ACTIVITY_BANDS,
    KIND_LABELS,
    TYPE_LABELS,
    ContactKind,
    fold_name,
    normalize_id_number,
)
from app.tenants import queries as tenants


def _customers(actor: Actor) -> Select:
    stores, users = tenants.store_facts(), tenants.user_facts()
    return (
        select(
            Customer.id,
            Customer.name,
            Customer.name_key,
            Customer.kind,
            Customer.store_id,
            Customer.owner_id,
            Customer.created_at,
            finding.first_contact(actor).label("contact"),
            identity.listed_id_number(actor).label("id_number"),
            stores.c.store_name.label("store"),
            users.c.name.label("owner"),
            func.coalesce(ActivitySummary.activities, 0).label("activities"),
            ActivitySummary.last_at,
            ActivitySummary.gap_index,
        )
        .select_from(Customer)
        .join(stores, stores.c.store_id == Customer.store_id)
        .outerjoin(users, users.c.user_id == Customer.owner_id)
        .outerjoin(ActivitySummary, ActivitySummary.customer_id == Customer.id)
        .where(scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id))
    )


def _name_contains(folded: str) -> ColumnElement[bool]:
    # Two characters are a whole Chinese given name, so that short texts are looked for inside the name too.
    return Customer.name_key.contains(folded, autoescape=True)


def _has_contact(kind: ContactKind) -> Any:
    def apply(tokens: Sequence[bytes]) -> ColumnElement[bool]:
        return (
            select(literal_column("1"))
            .where(ContactPoint.customer_id == Customer.id, ContactPoint.kind == kind.value)
            .where(ContactPoint.value_index.in_(tokens))
            .exists()
        )

    return apply


def _contact_filter(kind: ContactKind, label: str) -> Filter:
    name = kind.value
    return Filter(
        name, label, "token", token=name, normalise=lambda text: queries.normal_contact(name, text),
        apply=_has_contact(kind), personal=True, field=("customer", name),
    )  # fmt: skip


def _in_band(key: str) -> ColumnElement[bool]:
    return queries.band_clause(next(band for band in ACTIVITY_BANDS if band.key == key))


def _customer_page(row: Any) -> Target:
    return Target("crm.show_customer", {"customer_id": to_public("cus", row.id)})


def _glance(actor: Actor, customer_id: uuid.UUID) -> dict[str, Any]:
    found = queries.glance(actor, customer_id)
    words = {"kind": KIND_LABELS[found["customer"].kind], "types": TYPE_LABELS}
    return {**found, **words, "target": Target("crm.show_customer", {"customer_id": to_public("cus", customer_id)})}


def _in_full(rows: Sequence[Any]) -> Mapping[uuid.UUID, str]:
    """Every contact point of these customers, for an export somebody else has let go in the clear."""
    found = queries.contacts_in_the_clear([row.id for row in rows])
    return {key: ", ".join(value for _, value in points) for key, points in found.items()}


_CONTACTS = Outgoing(CONTACT, is_mask=True, person=lambda row: row.id, field=("customer", "phone"), full=_in_full)
_ID_NUMBER = ("customer", "id_number")
_NUMBERS = Outgoing(
    IDENTITY, "national_id", is_mask=True, person=lambda row: row.id, field=_ID_NUMBER, full=identity.id_numbers_in_full
)
_WHOSE, _CONTACT = N_("Whose and where"), N_("Contact with them")
_NEW_OWNER = BulkField("owner_id", N_("Owner"), "id", choices_of="owner", required=False, prefix="usr")
_NEW_STORE = BulkField("store_id", N_("Store"), "id", choices_of="store", prefix="store")
_BANDS = tuple((band.key, band.label) for band in ACTIVITY_BANDS)
_KINDS = tuple(KIND_LABELS.items())
_WORDS: tuple[Literal["me", "none"], ...] = ("me", "none")
_ADDED = (N_("Added first"), N_("Added last"))
_TALKED = (N_("Longest without contact first"), N_("Latest contact first"))

CUSTOMERS = declare_list(
    ListSpec(
        name="customers",
        label=N_("Customers"),
        permission="customer.see",
        source=_customers,
        columns=(
            Column(
                "name", N_("Name"), url=_customer_page, sort="name", under=lambda row: Under(row.contact),
                out=Outgoing(PERSONAL, "name", person=lambda row: row.id), under_out=_CONTACTS,
            ),
            Column("kind", N_("Kind"), labels=KIND_LABELS),
            Column("store", N_("Store")),
            Column("owner", N_("Owner"), out=Outgoing(PERSONAL, "name", person=lambda row: row.owner_id)),
            Column("last_at", N_("Last activity"), "instant", sort="last_activity"),
            Column("activities", N_("Activities"), "number", out=Outgoing(INTERNAL)),
            Column("gap_index", N_("Activity index (s)"), "number", sort="activity_index", shown=False),
            Column("contact", N_("Contact"), field=("customer", "phone"), mask=str, shown=False, out=_CONTACTS),
            Column("id_number", N_("ID number"), field=_ID_NUMBER, mask=str, shown=False, out=_NUMBERS),
            Column("created_at", N_("Added"), "instant", sort="created", shown=False),
        ),
        filters=(
            Filter("name", N_("Name"), normalise=fold_name, apply=_name_contains, personal=True),
            _contact_filter(ContactKind.PHONE, N_("Phone")),
            _contact_filter(ContactKind.EMAIL, N_("E-mail")),
            Filter(
                "id_number", N_("ID number"), "token", token="id_number",  # noqa: S106  (a kind of token)
                normalise=normalize_id_number, column=Customer.id_number_index, personal=True, field=_ID_NUMBER,
            ),
            Filter("owner", N_("Owner"), "id", column=Customer.owner_id, prefix="usr", words=_WORDS, group=_WHOSE),
            Filter("store", N_("Store"), "id", column=Customer.store_id, prefix="store", group=_WHOSE),
            Filter("kind", N_("Kind"), "choice", column=Customer.kind, choices=_KINDS, group=_WHOSE),
            Filter("created", N_("Added"), "date_range", column=Customer.created_at, instants=True, group=_WHOSE),
            Filter(
                "last_activity", N_("Last activity"), "date_range", column=ActivitySummary.last_at, instants=True,
                words=("none",), group=_CONTACT,
            ),
            Filter("activity", N_("Activity"), "choice", apply=_in_band, choices=_BANDS, group=_CONTACT),
            Filter(
                "activity_index", N_("Activity index (s)"), "number_range", column=ActivitySummary.gap_index, places=6,
                group=_CONTACT,
            ),
        ),
        sorts=(
            Sort("name", N_("Name"), (By(Customer.name_key),), words=(N_("Name, A to Z"), N_("Name, Z to A"))),
            Sort("created", N_("Added"), (By(Customer.created_at),), words=_ADDED),
            Sort("last_activity", N_("Last activity"), (By(ActivitySummary.last_at, nullable=True),), words=_TALKED),
            Sort("activity_index", N_("Activity index"), (By(ActivitySummary.gap_index, nullable=True),)),
        ),
        default_sort="name",
        bulk=(
            BulkAction("owner", N_("Change owner"), "user", "customer.edit", (_NEW_OWNER,), apply=many.hand_over),
            BulkAction("store", N_("Change store"), "store", "customer.edit", (_NEW_STORE,), apply=many.move_to_store),
        ),
        views=(
            View("all", N_("All customers")),
            View("mine", N_("My customers"), {"owner": ("me",)}),
            View(
                "quiet", N_("Quiet for 90 days"), {"last_activity": ("over_90_days_ago",), "sort": ("-last_activity",)}
            ),
            View("nobody", N_("Nobody has talked to"), {"activity": ("none",)}),
            View("new", N_("New this month"), {"created": ("this_month",), "sort": ("-created",)}),
        ),
        peek=Peek("crm/_peek.html", _glance),
        import_kind="customers",
        id_prefix="cus",
        endpoint="crm.list_customers",
        filter_endpoint="crm.filter_customers",
        row_url=_customer_page,
    )
)


def _activities(actor: Actor) -> Select:
    stores, users = tenants.store_facts(), tenants.user_facts()
    return (
        select(
            Activity.id,
            Activity.at,
            Activity.type,
            Activity.customer_id,
            Activity.store_id,
            Activity.user_id,
            Activity.subject,
            Customer.name.label("customer"),
            stores.c.store_name.label("store"),
            users.c.name.label("user"),
        )
        .select_from(Activity)
        .join(Customer, Customer.id == Activity.customer_id)
        .join(stores, stores.c.store_id == Activity.store_id)
        .outerjoin(users, users.c.user_id == Activity.user_id)
        .where(scope_clause(actor, "activity.see", owner=Activity.user_id, store=Activity.store_id))
        .where(scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id))
    )


ACTIVITIES = declare_list(
    ListSpec(
        name="activities",
        label=N_("Activities"),
        permission="activity.see",
        source=_activities,
        columns=(
            Column("at", N_("When"), "instant", sort="at"),
            Column("type", N_("Type"), "status", labels=TYPE_LABELS),
            Column(
                "customer",
                N_("Customer"),
                url=lambda row: Target("crm.show_customer", {"customer_id": to_public("cus", row.customer_id)}),
            ),
            Column("subject", N_("Subject")),
            Column("user", N_("By")),
            Column("store", N_("Store")),
        ),
        filters=(
            Filter("at", N_("When"), "date_range", column=Activity.at, instants=True),
            Filter("type", N_("Type"), "choice", column=Activity.type, choices=tuple(TYPE_LABELS.items())),
            Filter("customer", N_("Customer"), "id", column=Activity.customer_id, prefix="cus"),
            Filter("store", N_("Store"), "id", column=Activity.store_id, prefix="store"),
            Filter("user", N_("By"), "id", column=Activity.user_id, prefix="usr", words=("me", "none")),
        ),
        sorts=(
            Sort(
                "at", N_("When"), (By(Activity.at),), words=(N_("Oldest activity first"), N_("Latest activity first"))
            ),
        ),
        default_sort="-at",
        views=(
            View("all", N_("All activities")),
            View("mine", N_("Mine"), {"user": ("me",)}),
            View("today", N_("Today"), {"at": ("today",)}),
            View("week", N_("Last 7 days"), {"at": ("last_7_days",)}),
            View("drives", N_("Test drives"), {"type": ("test_drive",)}),
        ),
        id_prefix="act",
        endpoint="crm.list_activities",
    )
)


declare_search(
    SearchKind(
        name="customer",
        label=N_("Customers"),
        permission="customer.see",
        prefix="cus",
        endpoint="crm.show_customer",
        argument="customer_id",
        icon="users",
        key=Customer.id,
        load=finding.customer_entries,
        has_names=True,
        secrets={"phone": ("customer", "phone"), "email": ("customer", "email")},
        describe=finding.describe_customers,
    )
)
