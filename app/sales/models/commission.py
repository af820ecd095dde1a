"""What sales stores of pay: plans version by version, what became known of deals, and the statements of closed periods.

All three are only ever added to: a plan that changes is a new version, what changes of a deal is a further entry, and
a statement is stored when its period is closed. That of an open period is not stored but computed from the entries.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, LargeBinary, Numeric, Text, UniqueConstraint
from sqlalchemy import func as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, Identified, Instant, Money
from app.core.guard.classes import PAY
from app.core.guard.policy import declare_record
from app.core.guard.whereabouts import RecordKind, declare_kind
from app.sales.models.deal import one_of
from app.sales.rules.pay_entries import EntryKind

# Names by which a violation is recognised.
PLAN_NUMBER = "uq_sales_commission_plans_name"
ENTRY_ONCE = "uq_sales_commission_entries_once"
PERIOD_CLOSED = "uq_sales_commission_statements_period"


class CommissionPlan(Identified, db.Model):
    """One version of a plan, from the first of a month on; `people` are whom it pays, none named is everybody else."""

    __tablename__ = "sales_commission_plans"

    name: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    number: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    store_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_stores.id"), info=INTERNAL)
    valid_from: Mapped[date] = mapped_column(Date, nullable=False, info=INTERNAL)
    people: Mapped[list[str]] = mapped_column(JSONB, nullable=False, server_default="[]", info=INTERNAL)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, info=PAY)
    made_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    made_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=sql.now(), info=INTERNAL)

    __table_args__ = (
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("name <> ''", name="named"),
        CheckConstraint("extract(day FROM valid_from) = 1", name="valid_from"),
        UniqueConstraint("store_id", "name", "number", name=PLAN_NUMBER, postgresql_nulls_not_distinct=True),
        Index("ix_sales_commission_plans_made_by", "made_by"),
        Index("ix_sales_commission_plans_made_at", "made_at", "id"),
        {"info": {"append_only": True}},
    )


class CommissionEntry(Identified, db.Model):
    """What became known of one person's part of a deal; the last of a deal in an open period stands.

    `amount` is set where a closed period had paid the deal: the difference, in the period then current. Otherwise it
    follows from the period, and `body` is the deal as it counts.
    """

    __tablename__ = "sales_commission_entries"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_users.id"), nullable=False, info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_stores.id"), nullable=False, info=INTERNAL)
    deal_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("sales_deals.id", ondelete="CASCADE"), nullable=False, info=INTERNAL
    )
    seq: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    kind: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    period: Mapped[date] = mapped_column(Date, nullable=False, info=INTERNAL)
    units: Mapped[Decimal] = mapped_column(Numeric(9, 4), nullable=False, info=PAY)
    base_amount: Mapped[Decimal | None] = mapped_column(Money, info=PAY)
    amount: Mapped[Decimal | None] = mapped_column(Money, info=PAY)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, info=PAY)
    made_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=sql.now(), info=INTERNAL)

    __table_args__ = (
        CheckConstraint(one_of("kind", EntryKind), name="kind"),
        CheckConstraint("extract(day FROM period) = 1", name="period"),
        CheckConstraint("seq >= 1", name="seq"),
        Index(ENTRY_ONCE, "deal_id", "user_id", "seq", unique=True),
        Index("ix_sales_commission_entries_user_id", "user_id", "store_id", "period"),
        Index("ix_sales_commission_entries_store_id", "store_id", "period"),
        {"info": {"append_only": True}},
    )


class CommissionStatement(Identified, db.Model):
    """The statement of a closed period: `body` holds the plan, every input and every line, `sha256` is of the body."""

    __tablename__ = "sales_commission_statements"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_users.id"), nullable=False, info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_stores.id"), nullable=False, info=INTERNAL)
    period: Mapped[date] = mapped_column(Date, nullable=False, info=INTERNAL)
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sales_commission_plans.id"), nullable=False, info=INTERNAL)
    currency: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    units: Mapped[Decimal] = mapped_column(Numeric(9, 4), nullable=False, info=PAY)
    earned: Mapped[Decimal] = mapped_column(Money, nullable=False, info=PAY)
    total: Mapped[Decimal] = mapped_column(Money, nullable=False, info=PAY)
    carried: Mapped[Decimal] = mapped_column(Money, nullable=False, info=PAY)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, info=PAY)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=INTERNAL)
    frozen_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    frozen_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=sql.now(), info=INTERNAL)

    __table_args__ = (
        CheckConstraint("extract(day FROM period) = 1", name="period"),
        # A period is closed once: held by the database itself.
        Index(PERIOD_CLOSED, "user_id", "store_id", "period", unique=True),
        Index("ix_sales_commission_statements_store_id", "store_id", "period"),
        Index("ix_sales_commission_statements_plan_id", "plan_id"),
        Index("ix_sales_commission_statements_frozen_by", "frozen_by"),
        Index("ix_sales_commission_statements_frozen_at", "frozen_at", "id"),
        Index("ix_sales_commission_statements_period", "period", "id"),
        Index("ix_sales_commission_statements_total", "total", "id"),
        {"info": {"append_only": True}},
    )


declare_record("commission_plan", CommissionPlan)
declare_record("commission_entry", CommissionEntry)
declare_record("commission_statement", CommissionStatement)
declare_kind(RecordKind("plan", "commission", CommissionPlan.id, CommissionPlan.name, store=CommissionPlan.store_id))
declare_kind(
    RecordKind(
        "stmt", "commission", CommissionStatement.id, sql.to_char(CommissionStatement.period, "YYYY-MM"),
        owner=CommissionStatement.user_id, store=CommissionStatement.store_id,
    )
)  # fmt: skip
