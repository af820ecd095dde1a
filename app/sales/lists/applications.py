"""The list of applications to lenders and insurers; contracts in transit are a view of it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, case, cast, func, not_, select

from app.core.db import db
from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.classes import INTERNAL, PERSONAL
from app.core.guard.permissions import Actor, scope_clause
from app.core.jobs.topics import Named, Phrase, declare_subject, verbatim
from app.core.lists.parts import Outgoing, Target, View
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, declare_list
from app.crm import queries as crm
from app.sales.models import Application, Deal
from app.sales.rules.financing import AGREED, KIND_LABELS, STATUS_LABELS, ApplicationKind
from app.tenants import queries as tenants

# Delivered, and the lender who has agreed has not paid: the dealership has lent the car.
_IN_TRANSIT = and_(
    Application.kind == ApplicationKind.LENDER.value,
    Application.status.in_(sorted(AGREED)),
    Deal.delivered_on.is_not(None),
    Deal.unwound_on.is_(None),
    Deal.funded_on.is_(None),
)


def _applications(actor: Actor) -> Select:
    stores, customers = tenants.store_facts(), crm.customer_facts()
    may_see = scope_clause(actor, "customer.see", owner=customers.c.owner_id, store=customers.c.store_id)
    today = cast(func.timezone(stores.c.timezone, func.now()), Date)
    return (
        select(
            Application.id,
            Application.deal_id,
            Deal.deal_number,
            Application.store_id,
            Deal.customer_id,
            Application.kind,
            Application.partner_name,
            Application.status,
            Application.amount,
            Application.decided_amount,
            Application.buy_rate,
            Application.currency,
            Application.asked_at,
            Application.asked_by,
            Application.decided_at,
            Application.funded_on,
            Application.failure,
            Deal.delivered_on,
            case((_IN_TRANSIT, today - Deal.delivered_on)).label("days"),
            case((may_see, customers.c.name)).label("customer"),
            stores.c.store_name,
        )
        .select_from(Application)
        .join(Deal, Deal.id == Application.deal_id)
        .join(stores, stores.c.store_id == Application.store_id)
        .outerjoin(customers, customers.c.customer_id == Deal.customer_id)
        .where(scope_clause(actor, "application.see", owner=Deal.salesperson_id, store=Application.store_id))
    )


def _transit(wanted: bool) -> ColumnElement[bool]:
    return _IN_TRANSIT if wanted else not_(_IN_TRANSIT)


def _page(row: Any) -> Target:
    return Target("sales.show_application", {"application_id": to_public("app", row.id)})


def name_applications(actor: Actor, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Named]:
    """Applications the actor may see: the deal's number, and what became of them with whom."""
    visible = scope_clause(actor, "application.see", owner=Deal.salesperson_id, store=Application.store_id)
    asked = (
        select(Application.id, Application.partner_name, Application.status, Deal.deal_number)
        .join(Deal, Deal.id == Application.deal_id)
        .where(Application.id.in_(ids), visible)
    )
    return {
        row.id: Named(
            verbatim(row.deal_number),
            Phrase("{partner}: {status}", {"partner": row.partner_name, "status": Phrase(STATUS_LABELS[row.status])}),
            "sales.show_application",
            {"application_id": to_public("app", row.id)},
        )
        for row in db.session.execute(asked)
    }


declare_subject("application", name_applications)
APPLICATIONS = declare_list(
    ListSpec(
        name="applications",
        label=N_("Finance applications"),
        permission="application.see",
        source=_applications,
        columns=(
            Column("partner_name", N_("Partner"), url=_page),
            Column("status", N_("Status"), "status", labels=STATUS_LABELS),
            Column(
                "deal_number", N_("Deal"),
                url=lambda row: Target("sales.show_deal", {"deal_id": to_public("deal", row.deal_id)}),
            ),
            Column("customer", N_("Customer"), out=Outgoing(PERSONAL, "name", person=lambda row: row.customer_id)),
            Column("amount", N_("Amount asked for"), "money", sort="amount", currency=lambda row: row.currency),
            Column("decided_amount", N_("Amount agreed"), "money", currency=lambda row: row.currency),
            Column("buy_rate", N_("Buy rate"), "number", field=Application.buy_rate, shown=False),
            Column("asked_at", N_("Asked at"), "instant", sort="asked"),
            Column("delivered_on", N_("Delivered on"), "date", shown=False),
            Column("days", N_("Days without funding"), "days", out=Outgoing(INTERNAL)),
            Column("funded_on", N_("Funded on"), "date"),
            Column("kind", N_("Kind"), labels=KIND_LABELS, shown=False),
            Column("store_name", N_("Store"), shown=False),
        ),
        filters=(
            Filter("status", N_("Status"), "choices", column=Application.status, choices=tuple(STATUS_LABELS.items())),
            Filter("kind", N_("Kind"), "choice", column=Application.kind, choices=tuple(KIND_LABELS.items())),
            Filter("transit", N_("Contract in transit"), "flag", apply=_transit),
            Filter("funded", N_("Funded on"), "date_range", column=Application.funded_on, words=("none",)),
            Filter("store", N_("Store"), "id", column=Application.store_id, prefix="store"),
            Filter("deal", N_("Deal"), "id", column=Application.deal_id, prefix="deal"),
            Filter("amount", N_("Amount asked for"), "money_range", column=Application.amount),
        ),
        sorts=(
            Sort("asked", N_("Asked at"), (By(Application.asked_at),)),
            Sort("amount", N_("Amount asked for"), (By(Application.amount),)),
        ),
        default_sort="-asked",
        views=(
            View("all", N_("All applications")),
            View("open", N_("Open"), {"status": ("submitted", "approved", "conditional")}),
            View("transit", N_("Contracts in transit"), {"transit": ("yes",)}),
        ),
        id_prefix="app",
        endpoint="sales.list_applications",
        row_url=_page,
    )
)  # fmt: skip
