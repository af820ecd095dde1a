"""Deals for tests, made through the operations, in the tenant's context and outside a transaction."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.core.db import transaction
from app.crm.models import Customer
from app.crm.operations.customers import create_customer
from app.inventory.models import StockUnit
from app.sales.models import Deal
from app.sales.operations.deals import record_deal
from app.sales.operations.payments import take_payment
from app.sales.queries.receivables import balance_of
from app.tenants.models import Store
from tests.factories.inventory import SYSTEM, make_unit


def make_customer(store: Store, name: str = "Kim Buyer") -> Customer:
    """A person."""
    with transaction():
        return create_customer(actor=SYSTEM, kind="individual", store_id=store.id, name=name)


def make_deal(store: Store, unit: StockUnit | None = None, **values: Any) -> Deal:
    """A retail deal that is being worked on."""
    unit = unit or make_unit(store)
    with transaction():
        return record_deal(actor=SYSTEM, stock_unit_id=unit.id, **{"price": Decimal(12000), **values})


def pay(deal: Deal, amount: Decimal | None = None) -> Deal:
    """The buyer pays, all that he owes where no amount is said."""
    with transaction():
        owed = balance_of(deal).from_buyer if amount is None else amount
        if owed > 0:
            take_payment(actor=SYSTEM, deal_id=deal.id, amount=owed, method="bank_transfer")
    return deal
