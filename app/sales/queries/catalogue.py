"""What the finance office offers and the tax rules there are: one record, what holds on a day, what fits a deal."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.core.db import db
from app.core.errors import NotFound
from app.sales.models import FIProduct, StoredTaxRule
from app.sales.queries import policies
from app.sales.rules.bodies import from_body
from app.sales.rules.catalogue import BuyRate, Case, Eligibility, Product, ProductKind, Reason, Term, reasons_against
from app.sales.rules.policies import PolicyKind
from app.sales.rules.sheet import Line, LineKind
from app.sales.rules.taxes import TaxRule


@dataclass(frozen=True)
class Offer:
    """A product of the catalogue with why it is not for the deal; nothing stands against it where it is."""

    id: uuid.UUID
    product: Product
    provider: str | None
    against: tuple[Reason, ...]


def get_product(product_id: uuid.UUID, *, lock: bool = False) -> FIProduct:
    """The product; raises NotFound. The caller has checked that its reader may see the catalogue."""
    statement = select(FIProduct).where(FIProduct.id == product_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = db.session.scalar(statement)
    if row is None:
        raise NotFound
    return row


def get_tax_rule(rule_id: uuid.UUID, *, lock: bool = False) -> StoredTaxRule:
    """The row of the table of tax rules; raises NotFound."""
    statement = select(StoredTaxRule).where(StoredTaxRule.id == rule_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = db.session.scalar(statement)
    if row is None:
        raise NotFound
    return row


def product_of(row: FIProduct) -> Product:
    """A stored product as the rules have it, its costs among the values."""
    return Product(
        kind=ProductKind(row.kind),
        name=row.name,
        since=row.valid_from,
        until=row.valid_until,
        price=row.price,
        cost=row.cost,
        taxed=row.taxed,
        capitalised=row.capitalised,
        commissionable=row.commissionable,
        terms=tuple(from_body(Term, item) for item in row.terms),
        buy_rates=tuple(from_body(BuyRate, item) for item in row.buy_rates),
        eligibility=from_body(Eligibility, row.eligibility),
    )


def offers_for(case: Case) -> list[Offer]:
    """Everything offered on the day of the case, what fits first; what is over or not yet begun is left out."""
    asked = select(FIProduct).where(
        FIProduct.valid_from <= case.on, or_(FIProduct.valid_until.is_(None), FIProduct.valid_until >= case.on)
    )
    found = []
    for row in db.session.scalars(asked.order_by(FIProduct.name, FIProduct.id)):
        product = product_of(row)
        found.append(Offer(row.id, product, row.provider, reasons_against(product, case)))
    return sorted(found, key=lambda offer: bool(offer.against))


def rules_on(day: date) -> Sequence[StoredTaxRule]:
    """The tax rules that hold on that day, by name: of each key the one that began last."""
    asked = (
        select(StoredTaxRule)
        .ext(distinct_on(StoredTaxRule.key))
        .where(
            StoredTaxRule.valid_from <= day,
            or_(StoredTaxRule.valid_until.is_(None), StoredTaxRule.valid_until >= day),
        )
        .order_by(StoredTaxRule.key, StoredTaxRule.valid_from.desc())
    )
    return sorted(db.session.scalars(asked), key=lambda row: row.name)


def known_keys() -> frozenset[str]:
    """The keys of all rules there ever were in the table."""
    return frozenset(db.session.scalars(select(StoredTaxRule.key).distinct()))


def tax_rule_on(key: str, day: date) -> TaxRule | None:
    """The rule of this key that holds on that day, or None."""
    return next((TaxRule.from_body(row.body) for row in rules_on(day) if row.key == key), None)


def beginning_of(store_id: uuid.UUID, day: date) -> tuple[TaxRule | None, tuple[Line, ...]]:
    """What a new worksheet at the store begins with on that day: the tax rule and the fees of its policy."""
    policy = policies.in_force(store_id, PolicyKind.FEES, day)
    if policy is None:
        return None, ()
    key, fees = policy.body.get("tax_key"), policy.body.get("fees", ())
    lines = tuple(
        Line(LineKind.FEE, fee["label"], Decimal(fee["amount"]), taxed=bool(fee["taxed"])) for fee in fees
    )
    return (tax_rule_on(key, day) if key else None), lines
