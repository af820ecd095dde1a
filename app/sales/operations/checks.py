"""What must be right about a deal before it is written, named by the fields of its form."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

from app.core.errors import FieldError, NotFound
from app.core.guard.permissions import Actor
from app.crm import queries as crm
from app.crm.queries.leads import get_lead
from app.sales import errors
from app.sales.rules.status import DealType, amounts_are_possible
from app.tenants import queries as tenants


def figure_problems(
    today: date, deal_type: str, price: Decimal, discount: Decimal, sold_on: date | None, delivered_on: date | None
) -> list[FieldError]:
    """What is wrong with a deal's type, amounts and days; `today` is the store's."""
    problems = []
    if deal_type not in set(DealType):
        problems.append(FieldError("deal_type", "unknown_choice", errors.UNKNOWN_CHOICE))
    if not amounts_are_possible(price, discount):
        field = "discount" if amounts_are_possible(price, Decimal(0)) else "price"
        problems.append(FieldError(field, "price_not_possible", errors.PRICE_NOT_POSSIBLE))
    for name, day in (("sold_on", sold_on), ("delivered_on", delivered_on)):
        if day is not None and day > today:
            problems.append(FieldError(name, "in_future", errors.IN_FUTURE))
    if sold_on is not None and delivered_on is not None and delivered_on < sold_on:
        params = {"sold_on": sold_on.isoformat()}
        problems.append(FieldError("delivered_on", "before_sold", errors.BEFORE_SOLD, params))
    return problems


def people_problems(actor: Actor, customer_id: uuid.UUID | None, salesperson_id: uuid.UUID | None) -> list[FieldError]:
    """Whether customer and salesperson exist for this actor; None is nobody and fits."""
    problems = []
    try:
        if customer_id is not None:
            crm.get_customer(actor, customer_id)
    except NotFound:
        problems.append(FieldError("customer_id", "unknown_choice", errors.UNKNOWN_CHOICE))
    try:
        if salesperson_id is not None:
            tenants.get_user_name(salesperson_id)
    except NotFound:
        problems.append(FieldError("salesperson_id", "unknown_choice", errors.UNKNOWN_CHOICE))
    return problems


def of_lead(
    actor: Actor, lead_id: uuid.UUID | None, customer_id: uuid.UUID | None
) -> tuple[uuid.UUID | None, list[FieldError]]:
    """Whose the deal over a lead is: the lead's customer's; and what is wrong about another one, or no such lead."""
    if lead_id is None:
        return customer_id, []
    try:
        lead = get_lead(actor, lead_id)
    except NotFound:
        return customer_id, [FieldError("lead_id", "unknown_choice", errors.UNKNOWN_CHOICE)]
    if customer_id not in (None, lead.customer_id):
        return customer_id, [FieldError("customer_id", "not_of_lead", errors.NOT_OF_LEAD)]
    return lead.customer_id, []
