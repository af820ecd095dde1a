"""Recording and correcting deals."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.numbering import next_number
from app.core.db.violations import violated
from app.core.errors import FieldError, Invalid, Stale
from app.core.guard import audit, undo
from app.core.guard.permissions import Actor, check
from app.core.jobs.events import publish
from app.core.lists import search
from app.core.money import round_amount
from app.crm.operations import pipeline
from app.inventory import queries as inventory
from app.inventory.operations import episodes
from app.sales import errors, queries
from app.sales.errors import DealIsEnded, DealMoveNotAllowed, DealNumberTaken
from app.sales.events import DealChanged, DealDelivered
from app.sales.models import CLAIMING_DEAL, DEAL_NUMBER, Deal
from app.sales.operations import claims, moving
from app.sales.operations.beginnings import begin_sheet
from app.sales.operations.checks import figure_problems, of_lead, people_problems
from app.sales.operations.grossing import refresh_gross
from app.sales.operations.holders import held_by, refuse_other_claim
from app.sales.operations.mirroring import follow_deal
from app.sales.rules.status import AGREED, CLAIMING, ENDED, DealStatus, DealType, counts_as_sale, may_move
from app.tenants import queries as tenants

_PLAIN = (
    "deal_number",
    "customer_id",
    "salesperson_id",
    "lead_id",
    "deal_type",
    "status",
    "price",
    "discount",
    "sold_on",
    "delivered_on",
    "unwound_on",
)

_EDITED = (
    "price", "discount", "customer_id", "salesperson_id", "deal_type", "status", "sold_on", "delivered_on",
)  # fmt: skip


def record_deal(
    *,
    actor: Actor,
    stock_unit_id: uuid.UUID,
    price: Decimal,
    discount: Decimal = Decimal(0),
    store_id: uuid.UUID | None = None,
    customer_id: uuid.UUID | None = None,
    salesperson_id: uuid.UUID | None = None,
    deal_type: str = DealType.RETAIL.value,
    status: str = DealStatus.WORKING.value,
    deal_number: str | None = None,
    sold_on: date | None = None,
    delivered_on: date | None = None,
    note: str | None = None,
    lead_id: uuid.UUID | None = None,
) -> Deal:
    """Write down a deal over an open unit, at the unit's store unless another is named; history comes `delivered_on`.

    Raises Invalid, UnitHasDeal naming the deal that holds the unit, UnitReserved, UnitIsClosed, DealNumberTaken and
    what a guard finds missing. A deal that is agreed marks the unit as sold; a delivered one ends its episode, is asked
    for nothing and publishes DealDelivered. A deal over a lead is its customer's where nobody is named, and the lead
    negotiates from then on.
    """
    unit = inventory.unit_info(actor, stock_unit_id)
    store = tenants.get_store(store_id or unit.store_id)
    check(actor, "deal.create", owner_id=salesperson_id, store_id=store.id)
    today = clock.today(store.timezone)
    if delivered_on is not None:
        check(actor, "deal.deliver", owner_id=salesperson_id, store_id=store.id)
        status = status if status in AGREED else DealStatus.SOLD.value
    if status in AGREED:
        sold_on = sold_on or delivered_on or today
    problems = figure_problems(today, deal_type, price, discount, sold_on, delivered_on)
    customer_id, no_lead = of_lead(actor, lead_id, customer_id)
    problems += people_problems(actor, customer_id, salesperson_id) + no_lead
    if status not in set(DealStatus) - ENDED:
        problems.append(FieldError("status", "unknown_choice", errors.UNKNOWN_CHOICE))
    if problems:
        raise Invalid(problems)
    refuse_other_claim(stock_unit_id)
    currency = current_tenant().currency
    deal = Deal(
        deal_number=_number(store.id, deal_number),
        store_id=store.id,
        stock_unit_id=stock_unit_id,
        customer_id=customer_id,
        salesperson_id=salesperson_id,
        lead_id=lead_id,
        deal_type=deal_type,
        status=status,
        price=round_amount(price, currency),
        discount=round_amount(discount, currency),
        currency=currency,
        sold_on=sold_on,
        delivered_on=delivered_on,
        note=(note or "").strip() or None,
    )
    if status in CLAIMING:
        claims.take_unit(actor, deal)
    insert_deal(deal)
    if status in CLAIMING:
        moving.begin_agreed(actor, deal, is_history=delivered_on is not None)
    note_change(actor, "deal.create", deal, {}, None)
    begin_sheet(actor, deal)
    search.refresh("deal", [deal.id])
    if lead_id is not None:
        pipeline.negotiate(actor, lead_id)
    if delivered_on is not None:
        episodes.end_by_delivery(actor=actor, unit_id=stock_unit_id, deal_type=deal_type, on=delivered_on)
        publish(DealDelivered(deal.id, stock_unit_id, store.id, deal_type, delivered_on, lead_id))
    else:
        claims.begin_with_unit(actor, deal)
        if status in AGREED:
            refresh_gross(deal.id)
    return deal


def edit_deal(
    *,
    actor: Actor,
    deal_id: uuid.UUID,
    version: int,
    price: Decimal,
    discount: Decimal,
    customer_id: uuid.UUID | None,
    salesperson_id: uuid.UUID | None,
    deal_type: str,
    status: str,
    sold_on: date | None = None,
    delivered_on: date | None = None,
    note: str | None = None,
) -> Deal:
    """Change a deal, and move it on or back; its delivery itself has verbs of its own, only its day is corrected here.

    Raises Invalid, DealMoveNotAllowed, DealIsEnded, UnitHasDeal, UnitReserved, Stale, what a guard finds missing, and
    DealIsAgreed where price, discount or buyer were agreed: `correcting` corrects those. Publishes DealChanged.
    """
    deal = load_deal(actor, deal_id, version, "deal.edit")
    if deal.status == DealStatus.UNWOUND:
        raise DealIsEnded(deal_number=deal.deal_number)
    if salesperson_id != deal.salesperson_id:
        # Nobody hands a deal to where he could not have made it.
        check(actor, "deal.edit", owner_id=salesperson_id, store_id=deal.store_id)
    today = clock.today(tenants.get_store(deal.store_id).timezone)
    if status in AGREED:
        sold_on = sold_on or delivered_on or today
    problems = figure_problems(today, deal_type, price, discount, sold_on, delivered_on)
    problems += people_problems(
        actor,
        customer_id if customer_id != deal.customer_id else None,
        salesperson_id if salesperson_id != deal.salesperson_id else None,
    )
    if (delivered_on is None) != (deal.delivered_on is None):
        message = errors.DELIVERY_STAYS if deal.delivered_on else errors.DELIVERY_IS_SEPARATE
        problems.append(FieldError("delivered_on", "delivery_is_separate", message))
    if status not in set(DealStatus):
        problems.append(FieldError("status", "unknown_choice", errors.UNKNOWN_CHOICE))
    if problems:
        raise Invalid(problems)
    before, note_before = state_of(deal), deal.note
    if not may_move(DealStatus(deal.status), DealStatus(status), delivered=deal.delivered_on is not None):
        raise DealMoveNotAllowed(field="status", before=deal.status, after=status)
    price, discount = round_amount(price, deal.currency), round_amount(discount, deal.currency)
    moving.refuse_change_of_agreed(deal, price, discount, customer_id)
    moving.begin_move(actor, deal, DealStatus(status))
    deal.price, deal.discount = price, discount
    deal.customer_id, deal.salesperson_id = customer_id, salesperson_id
    deal.deal_type, deal.status = deal_type, status
    deal.sold_on, deal.delivered_on = sold_on, delivered_on
    deal.note = (note or "").strip() or None
    flush_claim(deal)
    if (deal.price, deal.discount) != (before["price"], before["discount"]):
        follow_deal(deal)
    moving.end_move(actor, deal, DealStatus(before["status"]))
    note_change(actor, "deal.edit", deal, before, note_before)
    kept = {name: before[name] for name in _EDITED} | {"note": note_before}
    offered = {"id": deal.id, "version": deal.version, "name": deal.deal_number, "before": kept}
    undo.offer(actor, "deal.edit", offered)
    search.refresh("deal", [deal.id])
    publish(DealChanged(deal.id, deal.stock_unit_id, deal.store_id, counts_as_sale(deal.delivered_on, deal.unwound_on)))
    return deal


def load_deal(actor: Actor, deal_id: uuid.UUID, version: int | None, permission: str) -> Deal:
    """The deal, locked, for whoever holds `permission` over it; raises NotFound, PermissionDenied and Stale."""
    deal = queries.get_deal(actor, deal_id, lock=True)
    check(actor, permission, owner_id=deal.salesperson_id, store_id=deal.store_id)
    if version is not None and deal.version != version:
        raise Stale
    return deal


def state_of(deal: Deal) -> dict[str, Any]:
    """The deal's fields as the audit tells of them."""
    return {name: getattr(deal, name) for name in _PLAIN}


def _number(store_id: uuid.UUID, typed: str | None) -> str:
    """The typed deal number, or the next free one: people may have used numbers the counter has not reached."""
    number = (typed or "").strip()
    if number:
        if queries.deal_number_taken(store_id, number):
            raise DealNumberTaken(field="deal_number", deal_number=number)
        return number
    while True:
        number = f"D-{next_number('deal', store_id)}"
        if not queries.deal_number_taken(store_id, number):
            return number


def insert_deal(deal: Deal) -> None:
    """Store a new deal; whoever comes second is told whose the unit is."""
    db.session.add(deal)
    flush_claim(deal)


def flush_claim(deal: Deal) -> None:
    """Write a deal that takes its unit; raises UnitHasDeal, naming the other, where the index stands in its way."""
    unit_id = deal.stock_unit_id
    try:
        with db.session.begin_nested():
            _flush(deal)
    except IntegrityError as error:
        if violated(error) != CLAIMING_DEAL:
            raise
        other = queries.find_claiming_deal(unit_id)
        if other is None:
            raise Stale from error
        # Whoever came first has committed by now, so the deal that stands in the way can be named.
        raise held_by(other) from error


def _flush(deal: Deal) -> None:
    number = deal.deal_number
    try:
        db.session.flush()
    except IntegrityError as error:
        if violated(error) == DEAL_NUMBER:
            raise DealNumberTaken(field="deal_number", deal_number=number) from error
        raise


def note_change(actor: Actor, action: str, deal: Deal, before: Mapping[str, Any], note_before: str | None) -> None:
    """Write down what an operation has made of the deal."""
    changes = {name: (before.get(name), getattr(deal, name)) for name in _PLAIN}
    personal = {"note": (note_before, deal.note)} if note_before != deal.note else {}
    audit.record(actor, action, "deal", deal.id, changes, personal, subject_id=deal.customer_id)
