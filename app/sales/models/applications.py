"""What sales stores of lenders and insurers: what was asked of them, and what they said."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, Numeric, Text, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import FINANCIAL, INTERNAL, Instant, Money, Record
from app.core.guard.classes import COST
from app.core.guard.policy import declare_record
from app.core.guard.whereabouts import RecordKind, declare_kind
from app.sales.models.deal import Deal, one_of
from app.sales.rules.financing import ApplicationKind, ApplicationStatus, Owed


class Application(Record, db.Model):
    """A deal laid before a lender or an insurer; `owed` is what he has still to be told, by the task that talks."""

    __tablename__ = "sales_applications"

    deal_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sales_deals.id"), nullable=False, info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_stores.id"), nullable=False, info=INTERNAL)
    kind: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    partner: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    partner_name: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    status: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    amount: Mapped[Decimal] = mapped_column(Money, nullable=False, info=FINANCIAL)
    currency: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    # Money in these is text, exactly as it was said.
    requested: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, info=FINANCIAL)
    decided: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), info=FINANCIAL)
    # What the lender agrees to pay; of an insurer the premium.
    decided_amount: Mapped[Decimal | None] = mapped_column(Money, info=FINANCIAL)
    # The rate at which the lender buys the contract: what the dealership earns on it is the buyer's rate less this.
    buy_rate: Mapped[Decimal | None] = mapped_column(Numeric(9, 6), info=COST)
    stipulations: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, nullable=False, server_default="[]", info=INTERNAL
    )
    figures_hash: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    external_reference: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    asked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    asked_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
    decided_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    funded_on: Mapped[date | None] = mapped_column(Date, info=INTERNAL)
    # How the talk with the partner goes: what he is owed, how often it was tried in vain, and why.
    owed: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    sent_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    tried_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    tries: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", info=INTERNAL)
    failure: Mapped[str | None] = mapped_column(Text, info=INTERNAL)

    __table_args__ = (
        CheckConstraint(one_of("kind", ApplicationKind), name="kind"),
        CheckConstraint(one_of("status", ApplicationStatus), name="status"),
        CheckConstraint(f"owed IS NULL OR {one_of('owed', Owed)}", name="owed"),
        CheckConstraint("amount > 0 AND decided_amount >= 0", name="amounts"),
        CheckConstraint("(status = 'funded') = (funded_on IS NOT NULL)", name="funded"),
        Index("ix_sales_applications_deal_id", "deal_id"),
        Index("ix_sales_applications_store_id", "store_id", "asked_at"),
        Index("ix_sales_applications_asked_by", "asked_by", "asked_at"),
        Index("ix_sales_applications_asked_at", "asked_at", "id"),
        Index("ix_sales_applications_amount", "amount", "id"),
    )


declare_record("application", Application)
_OWNER = select(Deal.salesperson_id).where(Deal.id == Application.deal_id).scalar_subquery()
declare_kind(
    RecordKind(
        "app", "application", Application.id, Application.partner_name, owner=_OWNER,
        store=Application.store_id, within=Application.deal_id, of="deal",
    )
)  # fmt: skip
