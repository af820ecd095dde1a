"""What sales stores: deals."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Computed, Date, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import FINANCIAL, INTERNAL, PERSONAL, Instant, Money, Record
from app.core.guard.classes import COST, MARGIN
from app.core.guard.policy import declare_record
from app.core.guard.whereabouts import RecordKind, declare_kind
from app.sales.rules.status import DealStatus, DealType

# Names by which a violation is recognised and put into words.
CLAIMING_DEAL = "uq_sales_deals_claiming"
DEAL_NUMBER = "uq_sales_deals_deal_number"


def one_of(column: str, values: type[StrEnum]) -> str:
    """The condition that a column holds one of an enumeration's values."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class Deal(Record, db.Model):
    """The sale or lease of one stock unit; customer and salesperson may be missing, as in an auction's sales."""

    __tablename__ = "sales_deals"

    deal_number: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_stores.id"), nullable=False, info=INTERNAL)
    stock_unit_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("inventory_stock_units.id"), nullable=False, info=INTERNAL
    )
    customer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("crm_customers.id"), info=INTERNAL)
    salesperson_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    # The enquiry it came of, where there was one.
    lead_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("crm_leads.id"), info=INTERNAL)
    deal_type: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    status: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    price: Mapped[Decimal] = mapped_column(Money, nullable=False, info=FINANCIAL)
    discount: Mapped[Decimal] = mapped_column(Money, nullable=False, server_default="0", info=FINANCIAL)
    net_amount: Mapped[Decimal] = mapped_column(Money, Computed("price - discount", persisted=True), info=FINANCIAL)
    currency: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    sold_on: Mapped[date | None] = mapped_column(Date, info=INTERNAL)
    delivered_on: Mapped[date | None] = mapped_column(Date, info=INTERNAL)
    unwound_on: Mapped[date | None] = mapped_column(Date, info=INTERNAL)
    # The day the lender's money came; of a deal without a lender none.
    funded_on: Mapped[date | None] = mapped_column(Date, info=INTERNAL)
    # Counted under a policy of the store when the deal is agreed, and again when what it hangs on changes; of a deal
    # that is no sale nothing. The front is NULL while nobody knows what the car cost.
    front_gross: Mapped[Decimal | None] = mapped_column(Money, info=MARGIN)
    back_gross: Mapped[Decimal | None] = mapped_column(Money, info=MARGIN)
    total_gross: Mapped[Decimal | None] = mapped_column(
        Money, Computed("front_gross + back_gross", persisted=True), info=MARGIN
    )
    # NULL with a gross: counted as where no store has said anything.
    gross_policy_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("sales_policies.id"), info=INTERNAL)
    # What the car had cost when it was delivered, and what came to that later.
    sold_cost: Mapped[Decimal | None] = mapped_column(Money, info=COST)
    late_cost: Mapped[Decimal | None] = mapped_column(Money, info=COST)
    # Whose it is and in which parts, where not the salesperson's alone: {"house": …, "people": [[user, "0.5"], …]}.
    shares: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), info=INTERNAL)
    unwind_reason: Mapped[str | None] = mapped_column(Text, info=PERSONAL)
    note: Mapped[str | None] = mapped_column(Text, info=PERSONAL)
    # Since when it holds its unit, who has seen to that, and where the unit stood before.
    promised_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    promised_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    unit_status: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    # It came in as history and was asked for no guard.
    imported: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default="false", info=INTERNAL)

    __table_args__ = (
        CheckConstraint(one_of("deal_type", DealType), name="deal_type"),
        CheckConstraint(one_of("status", DealStatus), name="status"),
        CheckConstraint("deal_number <> ''", name="deal_number"),
        CheckConstraint("discount >= 0 AND discount <= price", name="amounts"),
        CheckConstraint("(status = 'unwound') = (unwound_on IS NOT NULL)", name="unwound"),
        CheckConstraint("unwound_on IS NULL OR delivered_on IS NOT NULL AND unwound_on >= delivered_on", name="order"),
        CheckConstraint("delivered_on IS NULL OR status NOT IN ('working', 'pending', 'lost')", name="delivered"),
        Index(DEAL_NUMBER, "store_id", "deal_number", unique=True),
        # Two people cannot sell one car: held by the database itself.
        Index(
            CLAIMING_DEAL,
            "stock_unit_id",
            unique=True,
            postgresql_where="status IN ('pending', 'sold', 'booked', 'finalized')",
        ),
        # Deals in work are asked for on every page of figures, and are few among all there ever were.
        Index(
            "ix_sales_deals_open",
            "store_id",
            "status",
            postgresql_where="delivered_on IS NULL AND status NOT IN ('lost', 'unwound')",
        ),
        Index("ix_sales_deals_stock_unit_id", "stock_unit_id"),
        Index("ix_sales_deals_customer_id", "customer_id"),
        Index("ix_sales_deals_promised_by", "promised_by"),
        Index("ix_sales_deals_lead_id", "lead_id"),
        Index("ix_sales_deals_salesperson_id", "salesperson_id", "delivered_on"),
        Index("ix_sales_deals_store_id", "store_id", "delivered_on"),
        Index("ix_sales_deals_delivered_on", "delivered_on", "id"),
        Index("ix_sales_deals_sold_on", "sold_on", "id"),
        Index("ix_sales_deals_net_amount", "net_amount", "id"),
        Index("ix_sales_deals_total_gross", "total_gross", "id"),
        Index("ix_sales_deals_gross_policy_id", "gross_policy_id"),
        Index("ix_sales_deals_created_at", "created_at", "id"),
    )


# What the audit tells of a deal's worksheets and trade-ins, in words; what things cost apart from it.
declare_record(
    "deal",
    Deal,
    worksheet=INTERNAL,
    tax=INTERNAL,
    lines=FINANCIAL,
    line_costs=COST,
    ways_to_pay=FINANCIAL,
    buy_rates=COST,
    trade_ins=FINANCIAL,
    trade_values=COST,
    lienholders=PERSONAL,
    sheet_note=PERSONAL,
)
declare_kind(RecordKind("deal", "deal", Deal.id, Deal.deal_number, owner=Deal.salesperson_id, store=Deal.store_id))
