"""What the CRM stores of test drives."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import INTERNAL, PERSONAL, Instant, Record
from app.core.db.sealing import of_subject
from app.core.guard.classes import IDENTITY
from app.core.guard.policy import declare_record
from app.core.guard.whereabouts import RecordKind, declare_kind


class TestDrive(Record, db.Model):
    """A customer's drive in a stock unit: planned, out once the licence was seen, and back."""

    __tablename__ = "crm_test_drives"
    # Not a class of tests, whatever its name looks like.
    __test__ = False

    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("crm_customers.id"), nullable=False, info=INTERNAL)
    lead_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("crm_leads.id"), info=INTERNAL)
    stock_unit_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("inventory_stock_units.id"), nullable=False, info=INTERNAL
    )
    salesperson_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_stores.id"), nullable=False, info=INTERNAL)
    planned_at: Mapped[datetime] = mapped_column(Instant, nullable=False, info=INTERNAL)
    licence_checked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    licence_checked_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    licence_valid_until: Mapped[date | None] = mapped_column(Date, info=PERSONAL)
    # Sealed under the customer's key and shown masked, as his ID number is; nobody is looked for by it.
    licence_number_enc: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=of_subject(IDENTITY, "customer_id", masked="licence_number_masked")
    )
    licence_number_masked: Mapped[str | None] = mapped_column(Text, info=IDENTITY)
    out_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    back_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    odometer_out: Mapped[int | None] = mapped_column(Integer, info=INTERNAL)
    odometer_back: Mapped[int | None] = mapped_column(Integer, info=INTERNAL)
    odometer_unit: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    note: Mapped[str] = mapped_column(Text, nullable=False, server_default="", info=PERSONAL)
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)

    __table_args__ = (
        CheckConstraint("out_at IS NULL OR licence_checked_at IS NOT NULL", name="licence"),
        CheckConstraint("back_at IS NULL OR out_at <= back_at", name="back"),
        CheckConstraint("cancelled_at IS NULL OR out_at IS NULL", name="cancelled"),
        CheckConstraint("num_nulls(licence_number_enc, licence_number_masked) IN (0, 2)", name="licence_number"),
        CheckConstraint(
            "num_nonnulls(odometer_out, odometer_back) = 0 OR odometer_unit IS NOT NULL", name="odometer"
        ),
        Index("ix_crm_test_drives_customer_id", "customer_id", "planned_at"),
        Index("ix_crm_test_drives_lead_id", "lead_id"),
        Index("ix_crm_test_drives_stock_unit_id", "stock_unit_id", "planned_at"),
        Index("ix_crm_test_drives_planned_at", "planned_at", "id"),
        Index("ix_crm_test_drives_store_id", "store_id", "planned_at"),
        Index("ix_crm_test_drives_salesperson_id", "salesperson_id", "planned_at"),
        # A car is with one customer at a time.
        Index(
            "uq_crm_test_drives_out", "stock_unit_id", unique=True,
            postgresql_where="out_at IS NOT NULL AND back_at IS NULL",
        ),
    )  # fmt: skip


declare_record("test_drive", TestDrive, licence_number=IDENTITY)
declare_kind(
    RecordKind(
        "tdr", "test_drive", TestDrive.id, TestDrive.note, owner=TestDrive.salesperson_id, store=TestDrive.store_id
    )
)
