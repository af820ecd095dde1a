"""What sales stores: the policies of stores, version by version."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import FINANCIAL, INTERNAL, Identified, Instant
from app.core.guard.policy import declare_record
from app.sales.rules.policies import PolicyKind

# The name by which two people setting one policy at once are told apart.
POLICY_NUMBER = "uq_sales_policies_store_id"


class SalesPolicy(Identified, db.Model):
    """One version of a policy of a store, or of all stores; only ever added to, so that a deal can be replayed."""

    __tablename__ = "sales_policies"

    store_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_stores.id"), info=INTERNAL)
    kind: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    number: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    effective_from: Mapped[date] = mapped_column(Date, nullable=False, info=INTERNAL)
    # Amounts in it are exact texts.
    body: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, info=FINANCIAL)
    made_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    made_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)

    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(str(kind)) for kind in PolicyKind)})", name="kind"),
        CheckConstraint("number >= 1", name="number"),
        UniqueConstraint("store_id", "kind", "number", name=POLICY_NUMBER, postgresql_nulls_not_distinct=True),
        Index("ix_sales_policies_made_by", "made_by"),
        {"info": {"append_only": True}},
    )


declare_record("sales_policy", SalesPolicy)
