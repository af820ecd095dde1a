"""What can be asked of sales, and the selectable that the queries of modules above may join."""

from __future__ import annotations

import uuid

from sqlalchemy import Subquery, select

from app.core.db import db
from app.core.db.reads import kept
from app.core.errors import NotFound
from app.core.guard.permissions import Actor, scope_clause
from app.inventory import queries as inventory
from app.sales.models.deal import Deal
from app.sales.rules.status import CLAIMING


def deal_facts() -> Subquery:
    """Deals for joins: deal_id, deal_number, store_id, salesperson_id, customer_id, stock_unit_id, vehicle_id, make,
    model, make_key, model_key, model_year, deal_type, status, price, discount and net_amount (financial), currency,
    sold_on, delivered_on, unwound_on. A deal delivered and not unwound is a sale."""
    units, vehicles = inventory.unit_facts(), inventory.vehicle_facts()
    return (
        select(
            Deal.id.label("deal_id"),
            Deal.deal_number,
            Deal.store_id,
            Deal.salesperson_id,
            Deal.customer_id,
            Deal.stock_unit_id,
            units.c.vehicle_id,
            vehicles.c.make,
            vehicles.c.model,
            vehicles.c.make_key,
            vehicles.c.model_key,
            vehicles.c.model_year,
            Deal.deal_type,
            Deal.status,
            Deal.price,
            Deal.discount,
            Deal.net_amount,
            Deal.currency,
            Deal.sold_on,
            Deal.delivered_on,
            Deal.unwound_on,
        )
        .select_from(Deal)
        .join(units, units.c.unit_id == Deal.stock_unit_id)
        .join(vehicles, vehicles.c.vehicle_id == units.c.vehicle_id)
        .subquery("deal_facts")
    )


def get_deal(actor: Actor, deal_id: uuid.UUID, *, lock: bool = False) -> Deal:
    """The deal, if `actor` may see it; raises NotFound otherwise. `lock` keeps others from changing it."""
    visible = scope_clause(actor, "deal.see", owner=Deal.salesperson_id, store=Deal.store_id)
    statement = select(Deal).where(Deal.id == deal_id).where(visible)
    if lock:
        # Read anew under the lock: what the session holds may be older than what the lock waited for.
        statement = statement.with_for_update().execution_options(populate_existing=True)
    deal = db.session.scalar(statement)
    if deal is None:
        raise NotFound
    return deal


def deal_by_id(deal_id: uuid.UUID) -> Deal:
    """The deal, whoever's it is; for refusals, which name it. Raises NotFound."""
    deal = db.session.get(Deal, deal_id)
    if deal is None:
        raise NotFound
    return deal


@kept
def find_claiming_deal(stock_unit_id: uuid.UUID) -> Deal | None:
    """The deal that holds a stock unit, whoever's it is; for refusals, which name it."""
    claims = Deal.stock_unit_id == stock_unit_id, Deal.status.in_(sorted(CLAIMING))
    return db.session.scalar(select(Deal).where(*claims).execution_options(populate_existing=True))


def deal_number_taken(store_id: uuid.UUID, deal_number: str) -> bool:
    """Whether the store has used this deal number."""
    statement = select(Deal.id).where(Deal.store_id == store_id, Deal.deal_number == deal_number)
    return db.session.scalar(statement) is not None
