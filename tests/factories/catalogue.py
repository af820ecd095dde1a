"""Finance products and tax rules for tests, made through the operations."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from app.core.db import transaction
from app.sales.models import FIProduct, StoredTaxRule
from app.sales.operations import catalogue, tax_table
from app.sales.rules.catalogue import BuyRate, Term
from app.sales.rules.tax_examples import US_CREDIT
from tests.factories.inventory import SYSTEM

LONG_AGO = date(2020, 1, 1)


def make_product(**values: Any) -> FIProduct:
    """A service contract of 1,800 that costs 900, unless something else is said."""
    told = {"kind": "service_contract", "name": "Contract of three years", "price": Decimal(1800), "cost": Decimal(900)}
    with transaction():
        return catalogue.add_product(actor=SYSTEM, valid_from=LONG_AGO, **told | values)


def make_loan(**values: Any) -> FIProduct:
    """A loan over 36 and 60 months with its buy rates."""
    terms = (Term(36, Decimal("4.49")), Term(60, Decimal("6.9")))
    buys = (BuyRate(36, Decimal("3.9")), BuyRate(60, Decimal("5.9")))
    told = {"kind": "loan", "name": "Example Bank", "price": None, "cost": None, "terms": terms, "buy_rates": buys}
    return make_product(**told | values)


def make_tax_rule(**values: Any) -> StoredTaxRule:
    """The example of a state that deducts a trade-in, under another key where one is said."""
    body = US_CREDIT.to_body() | values
    with transaction():
        return tax_table.add_tax_rule(actor=SYSTEM, body=body, valid_from=LONG_AGO)
