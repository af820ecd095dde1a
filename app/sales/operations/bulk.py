"""Delivered deals by the thousand, in a few statements: for imports, which have read and checked each row."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Text, Uuid, and_, bindparam, column, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.db import current_tenant, db
from app.core.db.bulk import copy_rows
from app.core.db.columns import new_id
from app.core.db.numbering import free_numbers
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.core.jobs.events import publish
from app.core.lists import search
from app.core.money import round_amount
from app.sales.events import DealsRecorded, DealsTakenBack
from app.sales.models import Deal
from app.sales.queries.grossing import terms_on
from app.sales.rules.gross import Costs, gross
from app.sales.rules.gross_terms import GrossTerms
from app.sales.rules.sheet import Sheet
from app.sales.rules.status import DealStatus

_COLUMNS = (
    "id", "deal_number", "store_id", "stock_unit_id", "customer_id", "salesperson_id", "deal_type", "status", "price",
    "discount", "currency", "sold_on", "delivered_on", "front_gross", "back_gross", "gross_policy_id", "sold_cost",
    "imported",
)  # fmt: skip
_TOLD = ("deal_number", "deal_type", "status", "price", "discount", "salesperson_id", "sold_on", "delivered_on")


@dataclass(frozen=True)
class DealInput:
    """A sale as a row describes it: agreed and delivered."""

    stock_unit_id: uuid.UUID
    store_id: uuid.UUID
    deal_type: str
    price: Decimal
    sold_on: date
    delivered_on: date
    discount: Decimal = Decimal(0)
    deal_number: str | None = None
    customer_id: uuid.UUID | None = None
    salesperson_id: uuid.UUID | None = None
    # What the car has cost, where the row says so.
    cost: Decimal | None = None


def record_delivered_deals(*, actor: Actor, rows: Sequence[DealInput]) -> list[uuid.UUID]:
    """Write down deals whose units are closed already; a number that is missing or taken becomes the store's next own.

    Publishes DealsRecorded.
    """
    for store_id, salesperson_id in {(row.store_id, row.salesperson_id) for row in rows}:
        for permission in ("deal.create", "deal.deliver"):
            check(actor, permission, owner_id=salesperson_id, store_id=store_id)
    if not rows:
        return []
    currency = current_tenant().currency
    numbers = free_numbers("deal", "D", [(row.store_id, row.deal_number) for row in rows], _taken_numbers)
    ids = [new_id() for _ in rows]
    policies = {store_id: terms_on(store_id) for store_id in {row.store_id for row in rows}}
    stored = [
        (
            deal_id, number, row.store_id, row.stock_unit_id, row.customer_id, row.salesperson_id, row.deal_type,
            DealStatus.SOLD.value, round_amount(row.price, currency), round_amount(row.discount, currency), currency,
            row.sold_on, row.delivered_on, *_gross(row, policies[row.store_id], currency), True,
        )
        for deal_id, number, row in zip(ids, numbers, rows, strict=True)
    ]  # fmt: skip
    copy_rows(Deal.__table__, _COLUMNS, stored)
    entries = []
    for values in stored:
        named = dict(zip(_COLUMNS, values, strict=True))
        entries.append(audit.Entry(values[0], {name: (None, named[name]) for name in _TOLD}))
    audit.record_many(actor, "deal.create", "deal", entries)
    search.refresh("deal", ids, new=True)
    publish(DealsRecorded(tuple(ids)))
    return ids


def _gross(row: DealInput, held: tuple[uuid.UUID | None, GrossTerms], currency: str) -> tuple[Any, ...]:
    """Front and back gross, the policy they were counted under, and the cost they were counted with."""
    sheet = Sheet(currency, round_amount(row.price, currency), round_amount(row.discount, currency))
    cost = None if row.cost is None else round_amount(row.cost, currency)
    found = gross(sheet, Costs(cost), held[1].policy)
    return found.front, found.back, held[0], cost


def unchanged_deals(deal_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the deals that are as they were made, locked until the transaction ends."""
    asked = select(Deal.id).where(Deal.id.in_(deal_ids), Deal.version == 1)
    return set(db.session.scalars(asked.with_for_update()))


def take_back_deals(*, actor: Actor, deal_ids: Sequence[uuid.UUID]) -> None:
    """Delete deals that an import has made and nobody changed since; their units go next. Publishes DealsTakenBack."""
    check(actor, "deal.create")
    deleted = delete(Deal).where(Deal.id.in_(deal_ids)).returning(Deal.id, Deal.deal_number, Deal.price)
    gone = db.session.execute(deleted.execution_options(synchronize_session=False)).all()
    entries = [
        audit.Entry(row.id, {"deal_number": (row.deal_number, None), "price": (row.price, None)}) for row in gone
    ]
    audit.record_many(actor, "deal.delete", "deal", entries)
    search.refresh("deal", deal_ids)
    publish(DealsTakenBack(tuple(row.id for row in gone)))


def _taken_numbers(wanted: Sequence[tuple[uuid.UUID, str]]) -> set[tuple[uuid.UUID, str]]:
    """Which of these (store, deal number) are in use."""
    if not wanted:
        return set()
    stores, numbers = (list(part) for part in zip(*wanted, strict=True))
    asked = (
        func.unnest(bindparam("stores", stores, type_=ARRAY(Uuid)), bindparam("numbers", numbers, type_=ARRAY(Text)))
        .table_valued(column("store_id", Uuid), column("deal_number", Text), name="asked")
        .render_derived()
    )
    same = and_(Deal.store_id == asked.c.store_id, Deal.deal_number == asked.c.deal_number)
    found = db.session.execute(select(Deal.store_id, Deal.deal_number).join(asked, same))
    return {(row.store_id, row.deal_number) for row in found}
