"""What the CRM stores of next steps with a customer."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, Instant, Record
from app.core.guard.policy import declare_record
from app.core.guard.whereabouts import RecordKind, declare_kind
from app.crm.models.customers import one_of
from app.crm.rules.follow_ups import FollowUpKind


class FollowUp(Record, db.Model):
    """A step somebody is to take with a customer by a moment; of a lead, where it is about one."""

    __tablename__ = "crm_follow_ups"

    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("crm_customers.id"), nullable=False, info=INTERNAL)
    lead_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("crm_leads.id"), info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_stores.id"), nullable=False, info=INTERNAL)
    assignee_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    kind: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    due_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
    note: Mapped[str] = mapped_column(Text, nullable=False, server_default="", info=PERSONAL)
    done_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    done_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    outcome: Mapped[str] = mapped_column(Text, nullable=False, server_default="", info=PERSONAL)

    __table_args__ = (
        CheckConstraint(one_of("kind", FollowUpKind), name="kind"),
        CheckConstraint("done_at IS NOT NULL OR done_by IS NULL", name="done"),
        Index("ix_crm_follow_ups_customer_id", "customer_id", "due_at"),
        Index("ix_crm_follow_ups_lead_id", "lead_id"),
        Index("ix_crm_follow_ups_due_at", "due_at", "id"),
        Index("ix_crm_follow_ups_store_id", "store_id", "due_at"),
        Index("ix_crm_follow_ups_assignee_id", "assignee_id", "due_at"),
        # Few among all there ever were.
        Index("ix_crm_follow_ups_open", "due_at", "id", postgresql_where="done_at IS NULL"),
    )


declare_record("follow_up", FollowUp)
declare_kind(
    RecordKind("fup", "follow_up", FollowUp.id, FollowUp.kind, owner=FollowUp.assignee_id, store=FollowUp.store_id)
)
