"""What insights stores: who is due for an update, what each sale counts as, the averages, and how fresh they are."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Date, Identity, Index, Integer, Numeric, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import FINANCIAL, INTERNAL, Instant, Money


class Due(db.Model):
    """One change that a metric has not taken in yet. Append-only: every change is a row of its own.

    A set with one row per subject would lose a change made while the row of an earlier one is being taken away.
    """

    __tablename__ = "insights_dues"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, info=INTERNAL)
    metric: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    subject_id: Mapped[uuid.UUID] = mapped_column(nullable=False, info=INTERNAL)

    __table_args__ = (Index("ix_insights_dues_metric", "metric", "id"),)


class SaleEntry(db.Model):
    """What one deal of the population adds to which average; so a correction knows what it takes away.

    Derived, and therefore without foreign keys: a deal may go before its entry does.
    """

    __tablename__ = "insights_sale_entries"

    deal_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, info=INTERNAL)
    make_key: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    model_key: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    month: Mapped[date] = mapped_column(Date, nullable=False, info=INTERNAL)
    deal_type: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(nullable=False, info=INTERNAL)
    amount: Mapped[Decimal] = mapped_column(Money, nullable=False, info=FINANCIAL)

    __table_args__ = (Index("ix_insights_sale_entries_key", "make_key", "model_key", "month", "deal_type", "store_id"),)


class SalesAverage(db.Model):
    """Number and total of the sales of one model, month, deal type and store; the average is their quotient."""

    __tablename__ = "insights_sales_averages"

    make_key: Mapped[str] = mapped_column(Text, primary_key=True, info=INTERNAL)
    model_key: Mapped[str] = mapped_column(Text, primary_key=True, info=INTERNAL)
    month: Mapped[date] = mapped_column(Date, primary_key=True, info=INTERNAL)
    deal_type: Mapped[str] = mapped_column(Text, primary_key=True, info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, info=INTERNAL)
    sales: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    total: Mapped[Decimal] = mapped_column(Numeric(24, 4), nullable=False, info=FINANCIAL)

    __table_args__ = (
        CheckConstraint("sales > 0", name="sales"),
        Index("ix_insights_sales_averages_type_month", "deal_type", "month"),
    )


class Freshness(db.Model):
    """Up to when a metric is right: the last incremental update and the last full recomputation."""

    __tablename__ = "insights_freshness"

    metric: Mapped[str] = mapped_column(Text, primary_key=True, info=INTERNAL)
    refreshed_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    recomputed_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    corrected: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", info=INTERNAL)
