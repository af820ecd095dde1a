"""What sales stores of money: the ledger of payments, which is only ever added to; its words alone can be emptied."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Computed, Date, ForeignKey, Index, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import FINANCIAL, INTERNAL, PERSONAL, Identified, Instant, Money
from app.core.guard.policy import declare_record
from app.core.guard.whereabouts import RecordKind, declare_kind
from app.sales.models.deal import Deal, one_of
from app.sales.rules.receivables import Direction, Method, Party, PaymentKind

RECEIPT_NUMBER = "uq_sales_payments_receipt_number"


class Payment(Identified, db.Model):
    """One movement of money of a deal; a wrong one is taken back by another, never changed or deleted."""

    __tablename__ = "sales_payments"

    deal_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sales_deals.id"), nullable=False, info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_stores.id"), nullable=False, info=INTERNAL)
    # Who was the deal's customer when it was paid.
    customer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("crm_customers.id"), info=INTERNAL)
    receipt_number: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    kind: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    direction: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    party: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    method: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    amount: Mapped[Decimal] = mapped_column(Money, nullable=False, info=FINANCIAL)
    signed_amount: Mapped[Decimal] = mapped_column(
        Money, Computed("CASE direction WHEN 'in' THEN amount ELSE -amount END", persisted=True), info=FINANCIAL
    )
    currency: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    # The day of the till, by the store's clock; and the instant of the money.
    received_on: Mapped[date] = mapped_column(Date, nullable=False, info=INTERNAL)
    received_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
    received_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    reference: Mapped[str | None] = mapped_column(Text, info=PERSONAL)
    reverses_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("sales_payments.id"), info=INTERNAL)
    application_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("sales_applications.id"), info=INTERNAL)
    reason: Mapped[str | None] = mapped_column(Text, info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)

    __table_args__ = (
        CheckConstraint(one_of("kind", PaymentKind), name="kind"),
        CheckConstraint(one_of("direction", Direction), name="direction"),
        CheckConstraint(one_of("party", Party), name="party"),
        CheckConstraint(one_of("method", Method), name="method"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(kind = 'refund') = (reverses_id IS NOT NULL)", name="reverses"),
        CheckConstraint("kind <> 'refund' OR reason <> ''", name="reason"),
        CheckConstraint(
            "kind = 'refund' OR (kind IN ('deposit', 'payment') AND party = 'buyer' AND direction = 'in')"
            " OR (kind = 'payoff' AND party = 'payee' AND direction = 'out')"
            " OR (kind = 'lender_funding' AND party = 'lender' AND direction = 'in')",
            name="side",
        ),
        Index(RECEIPT_NUMBER, "store_id", "receipt_number", unique=True),
        Index("ix_sales_payments_deal_id", "deal_id"),
        Index("ix_sales_payments_customer_id", "customer_id"),
        Index("ix_sales_payments_reverses_id", "reverses_id"),
        Index("ix_sales_payments_application_id", "application_id"),
        Index("ix_sales_payments_received_by", "received_by", "received_on"),
        Index("ix_sales_payments_store_id", "store_id", "received_on"),
        Index("ix_sales_payments_received_on", "received_on", "id"),
        Index("ix_sales_payments_received_at", "received_at", "id"),
        Index("ix_sales_payments_signed_amount", "signed_amount", "id"),
        # What people wrote goes with the person; what was paid stays.
        {"info": {"append_only": True, "emptied": ("reference", "reason")}},
    )


declare_record("payment", Payment)
# A payment is of whoever the deal is of.
_OWNER = select(Deal.salesperson_id).where(Deal.id == Payment.deal_id).scalar_subquery()
declare_kind(
    RecordKind(
        "pay", "payment", Payment.id, Payment.receipt_number, owner=_OWNER, store=Payment.store_id,
        within=Payment.deal_id, of="deal",
    )
)  # fmt: skip
