"""The lists of the CRM: customers by any combination of conditions, and activities."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.permissions import Actor, scope_clause
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, Target, declare_list
from app.crm import queries
from app.crm.models import Activity, ActivitySummary, ContactPoint, Customer
from app.crm.rules import ACTIVITY_BANDS, ActivityType, ContactKind, CustomerKind, Direction, fold_name
from app.tenants import queries as tenants

KIND_LABELS = {CustomerKind.INDIVIDUAL.value: N_("Person"), CustomerKind.BUSINESS.value: N_("Company")}
TYPE_LABELS = {
    ActivityType.CALL.value: N_("Call"),
    ActivityType.MESSAGE.value: N_("Message"),
    ActivityType.VISIT.value: N_("Visit"),
    ActivityType.TEST_DRIVE.value: N_("Test drive"),
    ActivityType.NOTE.value: N_("Note"),
}

DIRECTION_LABELS = {Direction.INBOUND.value: N_("Incoming"), Direction.OUTBOUND.value: N_("Outgoing")}


def _customers(actor: Actor) -> Select:
    stores, users = tenants.store_facts(), tenants.user_facts()
    contact = (
        select(ContactPoint.value_masked)
        .where(ContactPoint.customer_id == Customer.id)
        .order_by(ContactPoint.position, ContactPoint.id)
        .limit(1)
        .correlate(Customer)
        .scalar_subquery()
    )
    return (
        select(
            Customer.id,
            Customer.name,
            Customer.name_key,
            Customer.kind,
            Customer.store_id,
            Customer.owner_id,
            Customer.created_at,
            contact.label("contact"),
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
    def apply(token: bytes) -> ColumnElement[bool]:
        return (
            select(literal_column("1"))
            .where(ContactPoint.customer_id == Customer.id, ContactPoint.kind == kind.value)
            .where(ContactPoint.value_index == token)
            .exists()
        )

    return apply


def _in_band(key: str) -> ColumnElement[bool]:
    return queries.band_clause(next(band for band in ACTIVITY_BANDS if band.key == key))


def _customer_page(row: Any) -> Target:
    return Target("crm.show_customer", {"customer_id": to_public("cus", row.id)})


CUSTOMERS = declare_list(
    ListSpec(
        name="customers",
        label=N_("Customers"),
        permission="customer.see",
        source=_customers,
        columns=(
            Column("name", N_("Name"), url=_customer_page, sort="name"),
            Column("kind", N_("Kind"), labels=KIND_LABELS, value=lambda row: row.kind, kind="status"),
            Column("contact", N_("Contact")),
            Column("store", N_("Store")),
            Column("owner", N_("Owner")),
            Column("last_at", N_("Last activity"), "instant", sort="last_activity"),
            Column("activities", N_("Activities"), "number"),
            Column("gap_index", N_("Activity index (s)"), "number", sort="activity_index"),
        ),
        filters=(
            Filter("name", N_("Name"), normalise=fold_name, apply=_name_contains, personal=True),
            Filter(
                "phone",
                N_("Phone"),
                "token",
                token=ContactKind.PHONE.value,
                normalise=lambda text: queries.normal_contact("phone", text),
                apply=_has_contact(ContactKind.PHONE),
                personal=True,
                field=("customer", "phone"),
            ),
            Filter(
                "email",
                N_("E-mail"),
                "token",
                token=ContactKind.EMAIL.value,
                normalise=lambda text: queries.normal_contact("email", text),
                apply=_has_contact(ContactKind.EMAIL),
                personal=True,
                field=("customer", "email"),
            ),
            Filter("kind", N_("Kind"), "choice", column=Customer.kind, choices=tuple(KIND_LABELS.items())),
            Filter("store", N_("Store"), "id", column=Customer.store_id, prefix="store"),
            Filter("owner", N_("Owner"), "id", column=Customer.owner_id, prefix="usr"),
            Filter("last_activity", N_("Last activity"), "date_range", column=ActivitySummary.last_at, instants=True),
            Filter(
                "activity",
                N_("Activity"),
                "choice",
                apply=_in_band,
                choices=tuple((band.key, band.label) for band in ACTIVITY_BANDS),
            ),
            Filter(
                "activity_index",
                N_("Activity index (s)"),
                "number_range",
                column=ActivitySummary.gap_index,
                places=6,
            ),
        ),
        sorts=(
            Sort("name", N_("Name"), (By(Customer.name_key),)),
            Sort("created", N_("Added"), (By(Customer.created_at),)),
            Sort("last_activity", N_("Last activity"), (By(ActivitySummary.last_at, nullable=True),)),
            Sort("activity_index", N_("Activity index"), (By(ActivitySummary.gap_index, nullable=True),)),
        ),
        default_sort="name",
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
            Filter("user", N_("By"), "id", column=Activity.user_id, prefix="usr"),
        ),
        sorts=(Sort("at", N_("When"), (By(Activity.at),)),),
        default_sort="-at",
        id_prefix="act",
        endpoint="crm.list_activities",
    )
)
