"""The list of payments: the till of a day, a method, a person."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, case, select

from app.core.db import db
from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.classes import PERSONAL
from app.core.guard.permissions import Actor, scope_clause
from app.core.lists.parts import Outgoing, Target, View
from app.core.lists.search import Entry, SearchKind, Word, among, declare_search
from app.core.lists.search.asking import Meaning
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, declare_list
from app.crm import queries as crm
from app.sales.models import Deal, Payment
from app.sales.rules.receivables import DIRECTION_LABELS, KIND_LABELS, METHOD_LABELS
from app.tenants import queries as tenants


def _payments(actor: Actor) -> Select:
    stores, users, customers = tenants.store_facts(), tenants.user_facts(), crm.customer_facts()
    may_see = scope_clause(actor, "customer.see", owner=customers.c.owner_id, store=customers.c.store_id)
    return (
        select(
            Payment.id,
            Payment.receipt_number,
            Payment.deal_id,
            Deal.deal_number,
            Payment.store_id,
            Payment.customer_id,
            Payment.kind,
            Payment.direction,
            Payment.method,
            Payment.amount,
            Payment.signed_amount,
            Payment.currency,
            Payment.received_on,
            Payment.received_at,
            Payment.received_by,
            Payment.reverses_id,
            case((may_see, customers.c.name)).label("customer"),
            stores.c.store_name,
            users.c.name.label("received_by_name"),
        )
        .select_from(Payment)
        .join(Deal, Deal.id == Payment.deal_id)
        .join(stores, stores.c.store_id == Payment.store_id)
        .outerjoin(customers, customers.c.customer_id == Payment.customer_id)
        .outerjoin(users, users.c.user_id == Payment.received_by)
        .where(scope_clause(actor, "payment.see", owner=Deal.salesperson_id, store=Payment.store_id))
    )


def _page(row: Any) -> Target:
    return Target("sales.show_payment", {"payment_id": to_public("pay", row.id)})


PAYMENTS = declare_list(
    ListSpec(
        name="payments",
        label=N_("Payments"),
        permission="payment.see",
        source=_payments,
        columns=(
            Column("receipt_number", N_("Receipt"), url=_page),
            Column("received_on", N_("Day"), "date", sort="day"),
            Column("kind", N_("Kind"), labels=KIND_LABELS),
            Column("method", N_("Method"), labels=METHOD_LABELS),
            Column("signed_amount", N_("Amount"), "money", sort="amount", currency=lambda row: row.currency),
            Column(
                "deal_number", N_("Deal"),
                url=lambda row: Target("sales.show_deal", {"deal_id": to_public("deal", row.deal_id)}),
            ),
            Column("customer", N_("Customer"), out=Outgoing(PERSONAL, "name", person=lambda row: row.customer_id)),
            Column(
                "received_by_name", N_("Written down by"),
                out=Outgoing(PERSONAL, "name", person=lambda row: row.received_by),
            ),
            Column("store_name", N_("Store")),
            Column("received_at", N_("Written down at"), "instant", sort="written", shown=False),
        ),
        filters=(
            Filter("day", N_("Day"), "date_range", column=Payment.received_on),
            Filter("method", N_("Method"), "choices", column=Payment.method, choices=tuple(METHOD_LABELS.items())),
            Filter("kind", N_("Kind"), "choices", column=Payment.kind, choices=tuple(KIND_LABELS.items())),
            Filter(
                "direction", N_("Direction"), "choice", column=Payment.direction,
                choices=tuple(DIRECTION_LABELS.items()),
            ),
            Filter("user", N_("Written down by"), "id", column=Payment.received_by, prefix="usr", words=("me", "none")),
            Filter("store", N_("Store"), "id", column=Payment.store_id, prefix="store"),
            Filter("deal", N_("Deal"), "id", column=Payment.deal_id, prefix="deal"),
            Filter("customer", N_("Customer"), "id", column=Payment.customer_id, prefix="cus"),
            Filter("amount", N_("Amount"), "money_range", column=Payment.signed_amount),
            Filter("number", N_("Receipt"), column=Payment.receipt_number, match="exact", normalise=str.strip),
        ),
        sorts=(
            Sort("written", N_("Written down at"), (By(Payment.received_at),)),
            Sort("day", N_("Day"), (By(Payment.received_on),)),
            Sort("amount", N_("Amount"), (By(Payment.signed_amount, nullable=False),)),
        ),
        default_sort="-written",
        views=(
            View("all", N_("All payments")),
            View("today", N_("Today"), {"day": ("today",)}),
            View("mine", N_("Mine today"), {"day": ("today",), "user": ("me",)}),
            View("refunds", N_("Refunds"), {"kind": ("refund",)}),
        ),
        id_prefix="pay",
        endpoint="sales.list_payments",
        row_url=_page,
    )
)  # fmt: skip


def _entries(payment_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Entry]:
    rows = db.session.execute(
        select(Payment.id, Payment.receipt_number, Payment.store_id, Deal.salesperson_id)
        .join(Deal, Deal.id == Payment.deal_id)
        .where(among(Payment.id, payment_ids))
    )
    return {
        row.id: Entry(row.receipt_number, code=row.receipt_number, store_id=row.store_id, owner_id=row.salesperson_id)
        for row in rows
    }


def _payments_of(deal_ids: Sequence[uuid.UUID]) -> Sequence[uuid.UUID]:
    return db.session.scalars(select(Payment.id).where(among(Payment.deal_id, deal_ids))).all()


def _describe(_actor: Actor, payment_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[str]]:
    stores = tenants.store_facts()
    rows = db.session.execute(
        select(Payment.id, Payment.kind, Deal.deal_number, stores.c.store_name)
        .join(Deal, Deal.id == Payment.deal_id)
        .join(stores, stores.c.store_id == Payment.store_id)
        .where(among(Payment.id, payment_ids))
    )
    return {row.id: [Word(KIND_LABELS[row.kind]), row.deal_number, row.store_name] for row in rows}


declare_search(
    SearchKind(
        name="payment",
        label=N_("Payments"),
        permission="payment.see",
        prefix="pay",
        endpoint="sales.show_payment",
        argument="payment_id",
        icon="cash",
        key=Payment.id,
        load=_entries,
        follows={"deal": _payments_of},
        # Rows of the ledger are only ever added; whose they are is the deal's, which is locked when it changes.
        fixed=True,
        codes=Meaning.NUMBER,
        describe=_describe,
    )
)
