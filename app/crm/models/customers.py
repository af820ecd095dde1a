"""What the CRM stores: customers, their sealed contact points, their activities and the summary of these."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Integer, LargeBinary, Numeric, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, Identified, Instant, Record
from app.core.db.sealing import Erased, of_subject
from app.core.guard.classes import CONTACT, IDENTITY
from app.core.guard.policy import declare_record
from app.core.guard.whereabouts import RecordKind, declare_kind
from app.crm.rules.customers import (
    ActivityType,
    ContactKind,
    ContactStatus,
    CustomerKind,
    Direction,
    Outcome,
    normalize_id_number,
)


def one_of(column: str, values: type) -> str:
    """The condition that a column holds one of these words."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"  # type: ignore[attr-defined]


class Customer(Record, db.Model):
    """A person or company the dealership deals with; no natural key is unique (duplicates are shown instead)."""

    __tablename__ = "crm_customers"

    kind: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    name: Mapped[str] = mapped_column(Text, nullable=False, info=PERSONAL)
    given_name: Mapped[str | None] = mapped_column(Text, info=PERSONAL)
    family_name: Mapped[str | None] = mapped_column(Text, info=PERSONAL)
    name_key: Mapped[str] = mapped_column(Text, nullable=False, info=PERSONAL)
    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_stores.id"), nullable=False, info=INTERNAL)
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    language: Mapped[str] = mapped_column(Text, nullable=False, server_default="", info=INTERNAL)
    notes: Mapped[str] = mapped_column(Text, nullable=False, server_default="", info=PERSONAL)
    # What the state knows somebody by: sealed under the person's key, found whole or not at all, listed masked.
    id_number_enc: Mapped[bytes | None] = mapped_column(
        LargeBinary,
        info=of_subject(
            IDENTITY,
            "id",
            masked="id_number_masked",
            index="id_number_index",
            indexed=lambda _row, number: ("id_number", normalize_id_number(number)),
        ),
    )
    id_number_index: Mapped[bytes | None] = mapped_column(LargeBinary, info=IDENTITY)
    id_number_masked: Mapped[str | None] = mapped_column(Text, info=IDENTITY)

    __table_args__ = (
        CheckConstraint(one_of("kind", CustomerKind), name="kind"),
        CheckConstraint("name <> '' AND name_key <> ''", name="name"),
        CheckConstraint("num_nulls(id_number_enc, id_number_index, id_number_masked) IN (0, 3)", name="id_number"),
        # Substring search in any case; the name key is folded in Python because `unaccent` is not immutable.
        Index(
            "ix_crm_customers_name_key_trgm",
            "name_key",
            postgresql_using="gin",
            postgresql_ops={"name_key": "gin_trgm_ops"},
        ),
        Index("ix_crm_customers_name_key_id", "name_key", "id"),
        Index("ix_crm_customers_store_id_name_key", "store_id", "name_key"),
        Index("ix_crm_customers_owner_id", "owner_id"),
        Index("ix_crm_customers_created_at", "created_at", "id"),
        # Not unique: one number typed twice is a duplicate to look at, as a phone is.
        Index("ix_crm_customers_id_number_index", "id_number_index"),
    )


class ContactPoint(Identified, db.Model):
    """One phone number or e-mail address: sealed under the customer's key, found by token, listed masked."""

    __tablename__ = "crm_contact_points"

    customer_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("crm_customers.id", ondelete="CASCADE"), nullable=False, info=INTERNAL
    )
    kind: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    status: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    value_enc: Mapped[bytes] = mapped_column(
        LargeBinary,
        nullable=False,
        info=of_subject(
            CONTACT,
            "customer_id",
            masked="value_masked",
            index="value_index",
            indexed=lambda row, value: (row["kind"], value),
            erased=Erased.ROW,
        ),
    )
    value_index: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, info=CONTACT)
    value_masked: Mapped[str] = mapped_column(Text, nullable=False, info=CONTACT)
    label: Mapped[str] = mapped_column(Text, nullable=False, server_default="", info=INTERNAL)
    position: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", info=INTERNAL)

    __table_args__ = (
        CheckConstraint(one_of("kind", ContactKind), name="kind"),
        CheckConstraint(one_of("status", ContactStatus), name="status"),
        # Not unique across customers: couples share an e-mail address, families a phone.
        Index("uq_crm_contact_points_customer_value", "customer_id", "kind", "value_index", unique=True),
        Index("ix_crm_contact_points_value_index", "value_index"),
    )


class Activity(Record, db.Model):
    """A call, message, visit, test drive or note, at the time it happened (which may be long before it is logged)."""

    __tablename__ = "crm_activities"

    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("crm_customers.id"), nullable=False, info=INTERNAL)
    type: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    direction: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    outcome: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_stores.id"), nullable=False, info=INTERNAL)
    subject: Mapped[str] = mapped_column(Text, nullable=False, server_default="", info=PERSONAL)
    body: Mapped[str] = mapped_column(Text, nullable=False, server_default="", info=PERSONAL)

    __table_args__ = (
        CheckConstraint(one_of("type", ActivityType), name="type"),
        CheckConstraint(f"direction IS NULL OR {one_of('direction', Direction)}", name="direction"),
        CheckConstraint(f"outcome IS NULL OR {one_of('outcome', Outcome)}", name="outcome"),
        # Serves the customer's page, newest first, and the probe for the activity before the latest.
        Index("ix_crm_activities_customer_id_at", "customer_id", text("at DESC"), text("id DESC")),
        Index("ix_crm_activities_at", "at", "id"),
        Index("ix_crm_activities_user_id", "user_id", "at"),
        Index("ix_crm_activities_store_id", "store_id", "at"),
    )


class ActivitySummary(db.Model):
    """Per customer what the activity metric needs; kept by insights, read by lists (see docs/decisions)."""

    __tablename__ = "crm_activity_summaries"

    customer_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("crm_customers.id", ondelete="CASCADE"), primary_key=True, info=INTERNAL
    )
    activities: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    last_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    previous_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    # The same value as `rules.gap_index`. The twelve zeros carry the quotient far enough beyond the
    # microsecond that rounding it to six digits is rounding the exact quotient.
    gap_index: Mapped[Decimal | None] = mapped_column(
        Numeric(20, 6),
        Computed(
            "CASE WHEN activities >= 2 THEN"
            " round(EXTRACT(epoch FROM (last_at - previous_at)) * 1.000000000000 / activities, 6) END",
            persisted=True,
        ),
        info=INTERNAL,
    )

    __table_args__ = (
        CheckConstraint("activities >= 0", name="activities"),
        # Room in every page and no index but the key: an update then stays in its page and touches no index, which
        # halves an incremental update. Conditions on these columns read the narrow table instead.
        {"postgresql_with": {"fillfactor": "80"}},
    )


# Phones and e-mails are fields of a customer to whoever looks; the table beside it is how they are stored.
declare_record("customer", Customer, phone=CONTACT, email=CONTACT, contact_kind=CONTACT, contact=CONTACT)
declare_record("customer", contact_point_id=INTERNAL, id_number=IDENTITY)
declare_record("activity", Activity)
declare_kind(
    RecordKind("cus", "customer", Customer.id, Customer.name, owner=Customer.owner_id, store=Customer.store_id)
)
declare_kind(
    RecordKind(
        "act", "activity", Activity.id, Activity.subject, owner=Activity.user_id, store=Activity.store_id,
        within=Activity.customer_id, of="cus",
    )
)  # fmt: skip
