"""What the eligibility of products looks at in a deal: its car, the day and the amount."""

from __future__ import annotations

from app.core import clock
from app.core.errors import NotFound
from app.core.guard.permissions import Actor
from app.inventory import queries as inventory
from app.sales.models import Deal
from app.sales.queries.sheets import Desk
from app.sales.rules.catalogue import Case
from app.tenants import queries as tenants


def case_of(actor: Actor, deal: Deal, desk: Desk) -> Case:
    """The case of a deal as its chosen worksheet stands; nothing of a unit the actor may not see is known."""
    day = deal.sold_on or clock.today(tenants.get_store(deal.store_id).timezone)
    price = desk.price - desk.discount
    try:
        unit = inventory.unit_info(actor, deal.stock_unit_id)
    except NotFound:
        return Case(day, amount=price)
    return Case(day, unit.condition, unit.model_year, unit.odometer, price)
