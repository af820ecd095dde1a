"""What sales stores of a deal's moves: snapshots, which are only ever added to, approvals, reservations of units."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import FINANCIAL, INTERNAL, PERSONAL, Identified, Instant, Money, Record
from app.core.guard.classes import MARGIN
from app.core.guard.policy import declare_record
from app.sales.rules.approvals import RequestState
from app.sales.rules.guards import Transition
from app.sales.rules.reservations import Release

# Names by which a violation is recognised and put into words.
WAITING_REQUEST = "uq_sales_approvals_waiting"
LIVE_RESERVATION = "uq_sales_reservations_live"


def _among(column: str, values: Any) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class Snapshot(Identified, db.Model):
    """A deal as it stood at one of its moves, whole; each carries the mark of the one before it.

    It refers to nothing, so that it outlives a deal that was deleted as a mistake.
    """

    __tablename__ = "sales_snapshots"

    deal_id: Mapped[uuid.UUID] = mapped_column(nullable=False, info=INTERNAL)
    seq: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    transition: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    status_before: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    status_after: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
    made_by: Mapped[uuid.UUID | None] = mapped_column(info=INTERNAL)
    reason: Mapped[str | None] = mapped_column(Text, info=PERSONAL)
    # Inputs and figures with cost and worth, so whoever sees margins sees it; amounts are exact texts.
    body: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, info=MARGIN)
    previous: Mapped[bytes | None] = mapped_column(LargeBinary, info=INTERNAL)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=INTERNAL)

    __table_args__ = (
        CheckConstraint(_among("transition", Transition), name="transition"),
        CheckConstraint("seq >= 1 AND (seq = 1) = (previous IS NULL)", name="seq"),
        Index("uq_sales_snapshots_seq", "deal_id", "seq", unique=True),
        {"info": {"append_only": True}},
    )


class Approval(Record, db.Model):
    """A request to go beyond somebody's limits, bound to the exact figures by their mark."""

    __tablename__ = "sales_approvals"

    deal_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("sales_deals.id", ondelete="CASCADE"), nullable=False, info=INTERNAL
    )
    state: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    digest: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=INTERNAL)
    price: Mapped[Decimal] = mapped_column(Money, nullable=False, info=FINANCIAL)
    discount: Mapped[Decimal] = mapped_column(Money, nullable=False, info=FINANCIAL)
    # Which limits, and how far beyond: the latter tells of cost and gross.
    limits: Mapped[list[str]] = mapped_column(JSONB, nullable=False, info=INTERNAL)
    measures: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, info=MARGIN)
    asked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    asked_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
    note: Mapped[str | None] = mapped_column(Text, info=PERSONAL)
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    decided_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    answer: Mapped[str | None] = mapped_column(Text, info=PERSONAL)

    __table_args__ = (
        CheckConstraint(_among("state", RequestState), name="state"),
        CheckConstraint("(state IN ('approved', 'declined')) = (decided_at IS NOT NULL)", name="decided"),
        CheckConstraint("decided_by <> asked_by", name="decided_by_another"),
        Index(WAITING_REQUEST, "deal_id", unique=True, postgresql_where="state = 'waiting'"),
        Index("ix_sales_approvals_deal_id", "deal_id", "asked_at"),
        Index("ix_sales_approvals_asked_by", "asked_by"),
        Index("ix_sales_approvals_decided_by", "decided_by"),
    )


class Reservation(Record, db.Model):
    """A unit kept for a deal until a moment. One that is over holds nothing, also before anybody has released it."""

    __tablename__ = "sales_reservations"

    stock_unit_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("inventory_stock_units.id"), nullable=False, info=INTERNAL
    )
    deal_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("sales_deals.id", ondelete="CASCADE"), nullable=False, info=INTERNAL
    )
    customer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("crm_customers.id"), info=INTERNAL)
    made_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    expires_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
    # What was agreed on; the money itself is a payment of the deal.
    deposit: Mapped[Decimal] = mapped_column(Money, nullable=False, server_default="0", info=FINANCIAL)
    currency: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    status_before: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    released_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    release_reason: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    released_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)

    __table_args__ = (
        CheckConstraint(_among("release_reason", Release), name="release_reason"),
        CheckConstraint("(released_at IS NULL) = (release_reason IS NULL)", name="released"),
        CheckConstraint("deposit >= 0", name="deposit"),
        # Held by the database itself: a unit is kept for one deal at a time.
        Index(LIVE_RESERVATION, "stock_unit_id", unique=True, postgresql_where="released_at IS NULL"),
        Index("ix_sales_reservations_stock_unit_id", "stock_unit_id"),
        Index("ix_sales_reservations_deal_id", "deal_id"),
        Index("ix_sales_reservations_customer_id", "customer_id"),
        Index("ix_sales_reservations_made_by", "made_by"),
        Index("ix_sales_reservations_released_by", "released_by"),
    )


declare_record("snapshot", Snapshot)
declare_record("approval", Approval)
declare_record("reservation", Reservation)
