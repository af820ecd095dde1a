"""What the CRM stores of enquiries: leads with their four clocks, how a store answers them, and whose turn it is."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, Instant, Record
from app.core.guard.policy import declare_record
from app.core.guard.whereabouts import RecordKind, declare_kind
from app.crm.models.customers import one_of
from app.crm.rules.leads import LeadChannel, LeadSource, LeadStatus, LostReason


class Lead(Record, db.Model):
    """An enquiry of a customer, with where it came from, what is wanted, whose it is and how far it has come."""

    __tablename__ = "crm_leads"

    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("crm_customers.id"), nullable=False, info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_stores.id"), nullable=False, info=INTERNAL)
    assignee_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    assigned_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    channel: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    source: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    source_detail: Mapped[str] = mapped_column(Text, nullable=False, server_default="", info=PERSONAL)
    stock_unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inventory_stock_units.id"), info=INTERNAL)
    vehicle_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inventory_vehicles.id"), info=INTERNAL)
    wanted: Mapped[str] = mapped_column(Text, nullable=False, server_default="", info=PERSONAL)
    status: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    lost_reason: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    lost_note: Mapped[str] = mapped_column(Text, nullable=False, server_default="", info=PERSONAL)
    # Four clocks that are never mixed: an automaton's answer, a person's first attempt, the first time both spoke,
    # and the first appointment.
    received_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
    first_auto_reply_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    first_attempt_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    first_contact_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    first_appointment_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    # Since when it stands where it stands, by which a card ages.
    status_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
    ended_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)

    __table_args__ = (
        CheckConstraint(one_of("channel", LeadChannel), name="channel"),
        CheckConstraint(one_of("source", LeadSource), name="source"),
        CheckConstraint(one_of("status", LeadStatus), name="status"),
        CheckConstraint(f"lost_reason IS NULL OR {one_of('lost_reason', LostReason)}", name="lost_reason"),
        CheckConstraint("(status = 'lost') = (lost_reason IS NOT NULL)", name="lost"),
        CheckConstraint("(status IN ('won', 'lost')) = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("(assignee_id IS NULL) = (assigned_at IS NULL)", name="assigned"),
        Index("ix_crm_leads_customer_id", "customer_id", "received_at"),
        Index("ix_crm_leads_received_at", "received_at", "id"),
        Index("ix_crm_leads_status_at", "status_at", "id"),
        Index("ix_crm_leads_store_id", "store_id", "status", "received_at"),
        Index("ix_crm_leads_assignee_id", "assignee_id", "status", "received_at"),
        Index("ix_crm_leads_stock_unit_id", "stock_unit_id"),
        Index("ix_crm_leads_vehicle_id", "vehicle_id"),
        # Few among all there ever were, and asked for on every Today page.
        Index(
            "ix_crm_leads_unanswered", "store_id", "received_at",
            postgresql_where="first_attempt_at IS NULL AND status = 'new'",
        ),
    )  # fmt: skip


class LeadRules(Record, db.Model):
    """How a store answers its leads; without a row it has the target that is common, and no rotation."""

    __tablename__ = "crm_lead_rules"

    store_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("tenants_stores.id"), nullable=False, unique=True, info=INTERNAL
    )
    target_minutes: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    # After so many minutes without an attempt the next one gets it; None: it stays.
    reassign_minutes: Mapped[int | None] = mapped_column(Integer, info=INTERNAL)
    # How many open leads one user may have before the rotation passes him by; None: any number.
    most_open: Mapped[int | None] = mapped_column(Integer, info=INTERNAL)
    # Day -> ["09:00", "18:00"]; None: no calendar, only the wall clock counts.
    hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), info=INTERNAL)

    __table_args__ = (
        CheckConstraint("target_minutes BETWEEN 1 AND 10080", name="target_minutes"),
        CheckConstraint("reassign_minutes BETWEEN 1 AND 10080", name="reassign_minutes"),
        CheckConstraint("most_open BETWEEN 1 AND 10000", name="most_open"),
    )


class Rotation(db.Model):
    """A user's place in the rotation of a store: whoever had the turn longest ago is next."""

    __tablename__ = "crm_rotations"

    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_stores.id"), primary_key=True, info=INTERNAL)
    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("tenants_users.id"), primary_key=True, index=True, info=INTERNAL
    )
    # Counted, not timed: two turns within one microsecond are two.
    last_turn: Mapped[int] = mapped_column(BigInteger, nullable=False, server_default="0", info=INTERNAL)
    is_away: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default="false", info=INTERNAL)


declare_record("lead", Lead, waited=INTERNAL, vehicle=INTERNAL, customer=PERSONAL)
declare_record("lead_rules", LeadRules, member_ids=INTERNAL, away_ids=INTERNAL)
declare_kind(
    RecordKind("lead", "lead", Lead.id, Lead.source, owner=Lead.assignee_id, store=Lead.store_id)
)
