"""The list of deals, and how a deal is found."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, case, not_, select

from app.core.db import db
from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.classes import INTERNAL, PERSONAL
from app.core.guard.permissions import Actor, scope_clause
from app.core.lists.parts import BulkAction, BulkField
from app.core.lists.search import Entry, SearchKind, Word, among, declare_search
from app.core.lists.search.asking import Meaning
from app.core.lists.spec import By, Column, Filter, ListSpec, Outgoing, Peek, Sort, Target, Under, View, declare_list
from app.crm import queries as crm
from app.inventory import lists as inventory_lists
from app.inventory import queries as inventory
from app.sales import queries
from app.sales.models import Approval, Deal
from app.sales.operations import many
from app.sales.rules.approvals import RequestState
from app.sales.rules.status import ENDED, STATUS_LABELS, DealStatus, DealType
from app.tenants import queries as tenants

TYPE_LABELS = {
    DealType.RETAIL.value: N_("Retail"),
    DealType.WHOLESALE.value: N_("Wholesale"),
    DealType.FLEET.value: N_("Fleet"),
    DealType.LEASE.value: N_("Lease"),
}
# Written into the statement, since a plan made for any values cannot use an index over some.
_ENDED: BindParameter[Any] = bindparam("ended", sorted(ENDED), expanding=True, literal_execute=True)


def vehicle_name(row: Any) -> str:
    """What the sold vehicle is called in one line: year, make, model."""
    return " ".join(str(part) for part in (row.model_year, row.make, row.model) if part)


def _deals(actor: Actor) -> Select:
    units, vehicles, customers = inventory.unit_facts(), inventory.vehicle_facts(), crm.customer_facts()
    stores, users = tenants.store_facts(), tenants.user_facts()
    # Whoever may see the deal need not be allowed to see the customer.
    may_see = scope_clause(actor, "customer.see", owner=customers.c.owner_id, store=customers.c.store_id)
    return (
        select(
            Deal.id,
            Deal.deal_number,
            Deal.store_id,
            Deal.salesperson_id,
            Deal.customer_id,
            Deal.deal_type,
            Deal.status,
            Deal.net_amount,
            Deal.front_gross,
            Deal.back_gross,
            Deal.total_gross,
            Deal.late_cost,
            Deal.currency,
            Deal.sold_on,
            Deal.delivered_on,
            Deal.unwound_on,
            Deal.created_at,
            units.c.vehicle_id,
            units.c.stock_number,
            units.c.condition,
            vehicles.c.make,
            vehicles.c.model,
            vehicles.c.make_key,
            vehicles.c.model_key,
            vehicles.c.model_year,
            case((may_see, customers.c.name)).label("customer"),
            stores.c.store_name,
            users.c.name.label("salesperson"),
        )
        .select_from(Deal)
        .join(units, units.c.unit_id == Deal.stock_unit_id)
        .join(vehicles, vehicles.c.vehicle_id == units.c.vehicle_id)
        .join(stores, stores.c.store_id == Deal.store_id)
        .outerjoin(customers, customers.c.customer_id == Deal.customer_id)
        .outerjoin(users, users.c.user_id == Deal.salesperson_id)
        .where(scope_clause(actor, "deal.see", owner=Deal.salesperson_id, store=Deal.store_id))
    )


def _counts(wanted: bool) -> ColumnElement[bool]:
    counts = and_(Deal.delivered_on.is_not(None), Deal.unwound_on.is_(None))
    return counts if wanted else not_(counts)


def _open(wanted: bool) -> ColumnElement[bool]:
    # In the words of the index over open deals, which are few among all there ever were.
    is_open = and_(Deal.delivered_on.is_(None), Deal.status.not_in(_ENDED))
    return is_open if wanted else not_(is_open)


def _late(wanted: bool) -> ColumnElement[bool]:
    return Deal.late_cost.is_not(None) if wanted else Deal.late_cost.is_(None)


def _money(key: str, label: str, sort: str | None = None) -> Column:
    """An amount for whoever may see margins, or costs."""
    return Column(
        key, label, "money", sort=sort, currency=lambda row: row.currency, field=("deal", key), shown=False
    )  # fmt: skip


def _waits(wanted: bool) -> ColumnElement[bool]:
    asked = select(Approval.deal_id).where(Approval.state == RequestState.WAITING.value)
    return Deal.id.in_(asked) if wanted else Deal.id.not_in(asked)


def _deal_page(row: Any) -> Target:
    return Target("sales.show_deal", {"deal_id": to_public("deal", row.id)})


# Unwinding takes a day and a reason, which are told of one deal at a time.
_STATUSES = tuple((key, label) for key, label in STATUS_LABELS.items() if key != DealStatus.UNWOUND)
_NEW_STATUS = BulkField("to_status", N_("Status"), "choice", choices=_STATUSES)
_NEW_SELLER = BulkField(
    "salesperson_id", N_("Salesperson"), "id", choices_of="salesperson", required=False, prefix="usr"
)
_WORDS, _OPEN = ("me", "none"), ("working", "pending", "sold", "booked")


def _glance(actor: Actor, deal_id: uuid.UUID) -> dict[str, Any]:
    """What the preview of a deal shows; raises NotFound for one the actor may not see."""
    queries.get_deal(actor, deal_id)
    row = db.session.execute(_deals(actor).where(Deal.id == deal_id)).one()
    words = {"status": STATUS_LABELS[row.status], "type": TYPE_LABELS[row.deal_type], "name": vehicle_name(row)}
    return {"deal": row, **words, "target": _deal_page(row)}


DEALS = declare_list(
    ListSpec(
        name="deals",
        label=N_("Deals"),
        permission="deal.see",
        source=_deals,
        columns=(
            Column(
                "deal_number",
                N_("Deal"),
                url=_deal_page,
                under=lambda row: Under(vehicle_name(row)),
                under_out=Outgoing(INTERNAL),
            ),
            Column("customer", N_("Customer"), out=Outgoing(PERSONAL, "name", person=lambda row: row.customer_id)),
            Column(
                "salesperson",
                N_("Salesperson"),
                out=Outgoing(PERSONAL, "name", person=lambda row: row.salesperson_id),
            ),
            Column("store_name", N_("Store")),
            Column("deal_type", N_("Type"), labels=TYPE_LABELS),
            Column("status", N_("Status"), "status", labels=STATUS_LABELS),
            Column("delivered_on", N_("Delivered on"), "date", sort="delivered"),
            Column("net_amount", N_("Net price"), "money", sort="price", currency=lambda row: row.currency),
            _money("total_gross", N_("Total gross"), sort="gross"),
            _money("front_gross", N_("Front gross")),
            _money("back_gross", N_("Back gross")),
            _money("late_cost", N_("Late cost")),
            Column("stock_number", N_("Stock number"), shown=False),
            Column("sold_on", N_("Sold on"), "date", sort="sold", shown=False),
            Column("created_at", N_("Added"), "instant", sort="created", shown=False),
        ),
        filters=(
            Filter("delivered", N_("Delivered on"), "date_range", column=Deal.delivered_on, words=("none",)),
            Filter("sold", N_("Sold on"), "date_range", column=Deal.sold_on),
            Filter("make", N_("Make"), column="make_key"),
            Filter("model", N_("Model"), column="model_key"),
            # A figure opens to exactly its rows, and "civic" must not open to "civic hybrid" too.
            Filter("exact_make", N_("Make, exactly"), column="make_key", match="exact"),
            Filter("exact_model", N_("Model, exactly"), column="model_key", match="exact"),
            Filter("store", N_("Store"), "id", column=Deal.store_id, prefix="store"),
            Filter(
                "salesperson", N_("Salesperson"), "id", column=Deal.salesperson_id, prefix="usr", words=("me", "none")
            ),
            Filter("customer", N_("Customer"), "id", column=Deal.customer_id, prefix="cus"),
            Filter("price", N_("Net price"), "money_range", column=Deal.net_amount),
            Filter("gross", N_("Total gross"), "money_range", column=Deal.total_gross, field=("deal", "total_gross")),
            Filter("late_cost", N_("Cost came after the delivery"), "flag", apply=_late, field=("deal", "late_cost")),
            Filter("type", N_("Type"), "choice", column=Deal.deal_type, choices=tuple(TYPE_LABELS.items())),
            Filter("status", N_("Status"), "choices", column=Deal.status, choices=tuple(STATUS_LABELS.items())),
            Filter("counts", N_("Counts as a sale"), "flag", apply=_counts),
            Filter("open", N_("Not delivered yet"), "flag", apply=_open),
            Filter("approval", N_("Waiting for approval"), "flag", apply=_waits),
            Filter(
                "condition",
                N_("Condition"),
                "choices",
                column="condition",
                choices=tuple(inventory_lists.CONDITION_LABELS.items()),
            ),
            Filter("number", N_("Deal number"), column=Deal.deal_number, match="exact", normalise=str.strip),
        ),
        sorts=(
            Sort("created", N_("Added"), (By(Deal.created_at),), words=(N_("Added first"), N_("Added last"))),
            Sort("delivered", N_("Delivered on"), (By(Deal.delivered_on),)),
            Sort("sold", N_("Sold on"), (By(Deal.sold_on),)),
            Sort("price", N_("Net price"), (By(Deal.net_amount, nullable=False),)),
            Sort("gross", N_("Total gross"), (By(Deal.total_gross),), field=("deal", "total_gross")),
        ),
        default_sort="-created",
        views=(
            View("all", N_("All deals")),
            View("open", N_("In work"), {"status": ("working", "pending")}),
            View(
                "mine",
                N_("My open deals"),
                {"salesperson": ("me",), "status": ("working", "pending", "sold", "booked")},
            ),
            View("approval", N_("Waiting for approval"), {"approval": ("yes",)}),
            View("handover", N_("Waiting for delivery"), {"status": ("sold", "booked"), "delivered": ("none",)}),
            View("month", N_("Delivered this month"), {"counts": ("yes",), "delivered": ("this_month",)}),
        ),
        bulk=(
            BulkAction("assign", N_("Change salesperson"), "user", "deal.edit", (_NEW_SELLER,), apply=many.assign),
            BulkAction("move", N_("Change status"), "history", "deal.edit", (_NEW_STATUS,), apply=many.move_status),
        ),
        peek=Peek("sales/_peek.html", _glance),
        import_kind="deals",
        id_prefix="deal",
        endpoint="sales.list_deals",
        row_url=_deal_page,
    )
)


def _entries(deal_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Entry]:
    rows = db.session.execute(
        select(Deal.id, Deal.deal_number, Deal.store_id, Deal.salesperson_id).where(among(Deal.id, deal_ids))
    )
    return {
        row.id: Entry(row.deal_number, code=row.deal_number, store_id=row.store_id, owner_id=row.salesperson_id)
        for row in rows
    }


def _describe(_actor: Actor, deal_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[str]]:
    units, vehicles = inventory.unit_facts(), inventory.vehicle_facts()
    rows = db.session.execute(
        select(Deal.id, Deal.status, vehicles.c.model_year, vehicles.c.make, vehicles.c.model)
        .join(units, units.c.unit_id == Deal.stock_unit_id)
        .join(vehicles, vehicles.c.vehicle_id == units.c.vehicle_id)
        .where(among(Deal.id, deal_ids))
    )
    return {row.id: [vehicle_name(row), Word(STATUS_LABELS[row.status])] for row in rows}


declare_search(
    SearchKind(
        name="deal",
        label=N_("Deals"),
        permission="deal.see",
        prefix="deal",
        endpoint="sales.show_deal",
        argument="deal_id",
        icon="deal",
        key=Deal.id,
        load=_entries,
        codes=Meaning.NUMBER,
        describe=_describe,
    )
)
