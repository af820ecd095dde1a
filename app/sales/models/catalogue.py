"""What the finance office offers, and the dated table of tax rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import FINANCIAL, INTERNAL, Money, Record
from app.core.guard.classes import COST
from app.core.guard.policy import declare_record
from app.core.guard.whereabouts import RecordKind, declare_kind
from app.sales.rules.catalogue import ProductKind

# The name by which two rules of one key that begin on one day are told apart.
TAX_RULE_DAY = "uq_sales_tax_rules_key"


class FIProduct(Record, db.Model):
    """Something the finance office offers: a lender's programme, or an insurance or contract at a price.

    `terms`, `buy_rates` and `eligibility` are as the rules have them, amounts and rates as exact text.
    """

    __tablename__ = "sales_fi_products"

    kind: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    name: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    provider: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    valid_from: Mapped[date] = mapped_column(Date, nullable=False, info=INTERNAL)
    valid_until: Mapped[date | None] = mapped_column(Date, info=INTERNAL)
    currency: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    price: Mapped[Decimal | None] = mapped_column(Money, info=FINANCIAL)
    cost: Mapped[Decimal | None] = mapped_column(Money, info=COST)
    # NULL: as the tax rule says of products.
    taxed: Mapped[bool | None] = mapped_column(Boolean, info=INTERNAL)
    capitalised: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default="true", info=INTERNAL)
    commissionable: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default="true", info=INTERNAL)
    terms: Mapped[list[Any]] = mapped_column(JSONB, nullable=False, server_default="[]", info=FINANCIAL)
    buy_rates: Mapped[list[Any]] = mapped_column(JSONB, nullable=False, server_default="[]", info=COST)
    eligibility: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, server_default="{}", info=INTERNAL)

    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(str(kind)) for kind in ProductKind)})", name="kind"),
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint("price >= 0 AND cost >= 0", name="amounts"),
        CheckConstraint("valid_until >= valid_from", name="days"),
        CheckConstraint("(kind IN ('loan', 'balloon', 'lease')) = (price IS NULL)", name="price"),
        Index("ix_sales_fi_products_name", "name", "id"),
        Index("ix_sales_fi_products_valid_from", "valid_from", "id"),
        Index("ix_sales_fi_products_created_at", "created_at", "id"),
    )


class StoredTaxRule(Record, db.Model):
    """A tax rule of the table with the day it holds from; `body` is the rule as the rules have it."""

    __tablename__ = "sales_tax_rules"

    key: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    name: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    valid_from: Mapped[date] = mapped_column(Date, nullable=False, info=INTERNAL)
    valid_until: Mapped[date | None] = mapped_column(Date, info=INTERNAL)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, info=INTERNAL)

    __table_args__ = (
        CheckConstraint("key ~ '^[a-z0-9_]{1,40}$'", name="key"),
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint("valid_until >= valid_from", name="days"),
        UniqueConstraint("key", "valid_from", name=TAX_RULE_DAY),
        Index("ix_sales_tax_rules_name", "name", "id"),
        Index("ix_sales_tax_rules_valid_from", "valid_from", "id"),
    )


declare_record("fi_product", FIProduct)
declare_record("tax_rule", StoredTaxRule)
declare_kind(RecordKind("fip", "fi_product", FIProduct.id, FIProduct.name))
declare_kind(RecordKind("tax", "sales_setting", StoredTaxRule.id, StoredTaxRule.name))
