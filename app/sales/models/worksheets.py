"""What the desk stores: the worksheets of a deal with their lines and ways to pay, and the cars taken in trade."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import FINANCIAL, INTERNAL, PERSONAL, Identified, Money, Record
from app.core.guard.classes import COST
from app.core.guard.policy import declare_record

# Names by which a violation is recognised and put into words.
CHOSEN_WORKSHEET = "uq_sales_worksheets_chosen"
WORKSHEET_NUMBER = "uq_sales_worksheets_number"
TRADED_VEHICLE = "uq_sales_trade_ins_vehicle"


class Worksheet(Record, db.Model):
    """One pencil of a deal: a deal has several and one of them is chosen, whose price and discount are the deal's.

    `tax_rule` is the rule as it was when it was chosen; a table of rules may propose another one, and changes none.
    """

    __tablename__ = "sales_worksheets"

    deal_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("sales_deals.id", ondelete="CASCADE"), nullable=False, info=INTERNAL
    )
    number: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    chosen: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default="false", info=INTERNAL)
    price: Mapped[Decimal] = mapped_column(Money, nullable=False, info=FINANCIAL)
    discount: Mapped[Decimal] = mapped_column(Money, nullable=False, server_default="0", info=FINANCIAL)
    tax_key: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    tax_rule: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), info=INTERNAL)
    note: Mapped[str | None] = mapped_column(Text, info=PERSONAL)

    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("discount >= 0 AND discount <= price", name="amounts"),
        CheckConstraint("(tax_key IS NULL) = (tax_rule IS NULL)", name="tax"),
        Index(WORKSHEET_NUMBER, "deal_id", "number", unique=True),
        # A deal has the figures of one worksheet: held by the database itself.
        Index(CHOSEN_WORKSHEET, "deal_id", unique=True, postgresql_where="chosen"),
    )


class DealLine(Identified, db.Model):
    """One line of a worksheet: an accessory, a fee, a product, or a rebate, whose amount lowers what is paid."""

    __tablename__ = "sales_deal_lines"

    worksheet_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("sales_worksheets.id", ondelete="CASCADE"), nullable=False, info=INTERNAL
    )
    position: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    kind: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    label: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    amount: Mapped[Decimal] = mapped_column(Money, nullable=False, info=FINANCIAL)
    cost: Mapped[Decimal | None] = mapped_column(Money, info=COST)
    # NULL: as the tax rule says of its kind.
    taxed: Mapped[bool | None] = mapped_column(Boolean, info=INTERNAL)
    capitalised: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default="true", info=INTERNAL)
    commissionable: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default="true", info=INTERNAL)

    __table_args__ = (
        CheckConstraint("kind IN ('accessory', 'fee', 'product', 'rebate')", name="kind"),
        CheckConstraint("label <> ''", name="label"),
        CheckConstraint("amount >= 0 AND cost >= 0", name="amounts"),
        Index("ix_sales_deal_lines_worksheet_id", "worksheet_id", "position"),
    )


class Scenario(Identified, db.Model):
    """One way to pay what a worksheet comes to; `terms` is the scenario as the rules have it, amounts as exact text."""

    __tablename__ = "sales_scenarios"

    worksheet_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("sales_worksheets.id", ondelete="CASCADE"), nullable=False, info=INTERNAL
    )
    position: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    chosen: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default="false", info=INTERNAL)
    kind: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, info=FINANCIAL)
    buy_rate: Mapped[Decimal | None] = mapped_column(Numeric(9, 5), info=COST)

    __table_args__ = (
        CheckConstraint("kind IN ('cash', 'loan', 'balloon', 'lease')", name="kind"),
        CheckConstraint("buy_rate >= 0", name="buy_rate"),
        Index("ix_sales_scenarios_worksheet_id", "worksheet_id", "position"),
        Index("uq_sales_scenarios_chosen", "worksheet_id", unique=True, postgresql_where="chosen"),
    )


class TradeIn(Record, db.Model):
    """A car the buyer gives in payment: what he is allowed for it, and what is still owed on it.

    `acv` is what it is worth to the store; `stock_unit_id` is what it became in stock.
    """

    __tablename__ = "sales_trade_ins"

    deal_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("sales_deals.id", ondelete="CASCADE"), nullable=False, info=INTERNAL
    )
    vehicle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inventory_vehicles.id"), nullable=False, info=INTERNAL)
    stock_unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inventory_stock_units.id"), info=INTERNAL)
    # The appraisal whose value was taken over.
    appraisal_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inventory_appraisals.id"), info=INTERNAL)
    allowance: Mapped[Decimal] = mapped_column(Money, nullable=False, info=FINANCIAL)
    acv: Mapped[Decimal | None] = mapped_column(Money, info=COST)
    payoff: Mapped[Decimal] = mapped_column(Money, nullable=False, server_default="0", info=FINANCIAL)
    lienholder: Mapped[str | None] = mapped_column(Text, info=PERSONAL)

    __table_args__ = (
        CheckConstraint("allowance >= 0 AND acv >= 0 AND payoff >= 0", name="amounts"),
        Index(TRADED_VEHICLE, "deal_id", "vehicle_id", unique=True),
        Index("ix_sales_trade_ins_vehicle_id", "vehicle_id"),
        Index("ix_sales_trade_ins_stock_unit_id", "stock_unit_id"),
        Index("ix_sales_trade_ins_appraisal_id", "appraisal_id"),
    )


declare_record("worksheet", Worksheet)
declare_record("deal_line", DealLine)
declare_record("scenario", Scenario)
declare_record("trade_in", TradeIn)
