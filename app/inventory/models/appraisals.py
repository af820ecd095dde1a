"""What appraisals store: what a car was found to be worth, by whom and until when, and its photos."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, Text, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import FINANCIAL, INTERNAL, PERSONAL, Identified, Instant, Money, Record
from app.core.guard.classes import COST
from app.core.guard.policy import declare_record
from app.core.guard.whereabouts import RecordKind, declare_kind
from app.inventory.models.stock import Vehicle
from app.inventory.rules.appraisals import AppraisalStatus, Area
from app.inventory.rules.odometer import OdometerUnit


def _one_of(column: str, values: type[StrEnum]) -> str:
    return f"{column} IN ({', '.join(sorted(repr(str(value)) for value in values))})"


class Appraisal(Record, db.Model):
    """What a car was found to be worth to a store. `acv` is its actual cash value, which is what it would cost.

    `valued_by` named the present figures; whoever approves a large value is neither he nor the appraiser.
    """

    __tablename__ = "inventory_appraisals"

    vehicle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inventory_vehicles.id"), nullable=False, info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_stores.id"), nullable=False, info=INTERNAL)
    appraiser_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    status: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    odometer: Mapped[int | None] = mapped_column(Integer, info=INTERNAL)
    odometer_unit: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    # Area -> finding and note; an area that is not there was not checked.
    condition: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False, server_default="{}", info=INTERNAL)
    # What the market asks and what books say: source, amount (as text), day, note. Nothing the store has paid.
    comparables: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, nullable=False, server_default="[]", info=FINANCIAL
    )
    recon_estimate: Mapped[Decimal | None] = mapped_column(Money, info=COST)
    acv: Mapped[Decimal | None] = mapped_column(Money, info=COST)
    currency: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    valid_until: Mapped[date | None] = mapped_column(Date, info=INTERNAL)
    note: Mapped[str | None] = mapped_column(Text, info=PERSONAL)
    valued_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    submitted_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    decided_at: Mapped[datetime | None] = mapped_column(Instant, info=INTERNAL)
    decline_reason: Mapped[str | None] = mapped_column(Text, info=PERSONAL)

    __table_args__ = (
        CheckConstraint(_one_of("status", AppraisalStatus), name="status"),
        CheckConstraint(_one_of("odometer_unit", OdometerUnit), name="odometer_unit"),
        CheckConstraint("odometer >= 0 AND odometer_unit IS NOT NULL OR odometer IS NULL", name="odometer"),
        CheckConstraint("acv >= 0 AND recon_estimate >= 0", name="amounts"),
        # Nothing is approved without a value, its last day, and when that was decided.
        CheckConstraint("status <> 'approved' OR num_nulls(acv, valid_until, decided_at) = 0", name="approved"),
        CheckConstraint("jsonb_typeof(condition) = 'object'", name="condition"),
        CheckConstraint("jsonb_typeof(comparables) = 'array'", name="comparables"),
        Index("ix_inventory_appraisals_vehicle_id", "vehicle_id", "created_at"),
        Index("ix_inventory_appraisals_created_at", "created_at", "id"),
        Index("ix_inventory_appraisals_status", "status", "created_at", "id"),
        Index("ix_inventory_appraisals_appraiser_id", "appraiser_id"),
        Index("ix_inventory_appraisals_valued_by", "valued_by"),
        Index("ix_inventory_appraisals_decided_by", "decided_by"),
    )


class Photo(Identified, db.Model):
    """A picture of a car, sealed under a key of its own: plates and faces may be in it.

    `file_id` holds the picture, `thumb_id` the small one of lists; both were made anew from what was sent.
    """

    __tablename__ = "inventory_photos"

    vehicle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inventory_vehicles.id"), nullable=False, info=INTERNAL)
    appraisal_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inventory_appraisals.id"), info=INTERNAL)
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("core_files.id"), nullable=False, info=INTERNAL)
    thumb_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("core_files.id"), nullable=False, info=INTERNAL)
    position: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    area: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    # Written by people, and it may say whose car or face it is.
    caption: Mapped[str | None] = mapped_column(Text, info=PERSONAL)
    width: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    height: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    created_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)

    __table_args__ = (
        CheckConstraint(_one_of("area", Area), name="area"),
        CheckConstraint("width > 0 AND height > 0 AND position > 0", name="positive"),
        Index("ix_inventory_photos_vehicle_id", "vehicle_id", "created_at"),
        Index("ix_inventory_photos_appraisal_id", "appraisal_id", "position"),
        Index("ix_inventory_photos_file_id", "file_id"),
        Index("ix_inventory_photos_thumb_id", "thumb_id"),
        Index("ix_inventory_photos_created_by", "created_by"),
    )


declare_record("appraisal", Appraisal)
declare_record("photo", Photo)
_car = select(Vehicle.make + " " + Vehicle.model).where(Vehicle.id == Appraisal.vehicle_id).scalar_subquery()
declare_kind(
    RecordKind(
        "apr", "appraisal", Appraisal.id, _car, owner=Appraisal.appraiser_id, store=Appraisal.store_id,
        within=Appraisal.vehicle_id, of="veh",
    )
)  # fmt: skip
