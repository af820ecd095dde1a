"""What the inventory stores: vehicles, their stock episodes, price changes and odometer readings."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import db
from app.core.db.columns import FINANCIAL, INTERNAL, PERSONAL, Identified, Instant, Money, Record
from app.core.db.sealing import of_subject
from app.core.guard.classes import COST
from app.core.guard.policy import declare_record
from app.core.guard.whereabouts import RecordKind, declare_kind
from app.inventory.rules import plates
from app.inventory.rules.odometer import OdometerStatus, OdometerUnit
from app.inventory.rules.stock import CLOSED, Condition, StockStatus
from app.inventory.rules.vin import VinStatus

# Names by which a violation is recognised and put into words.
FULL_VIN = "uq_inventory_vehicles_vin"
OPEN_EPISODE = "uq_inventory_stock_units_open"
STOCK_NUMBER = "uq_inventory_stock_units_stock_number"


def _one_of(column: str, values: type[StrEnum] | frozenset[StockStatus]) -> str:
    return f"{column} IN ({', '.join(sorted(repr(str(value)) for value in values))})"


class Vehicle(Record, db.Model):
    """The car as built. VIN and plate may be missing and are never keys; the plate is sealed under a key of its own."""

    __tablename__ = "inventory_vehicles"

    vin_raw: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    vin: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    # People ask by the last six or eight characters: backwards, any tail is a prefix an index can find.
    vin_reversed: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    vin_status: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    vin_override_reason: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    make: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    model: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    make_key: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    model_key: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    trim: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    model_year: Mapped[int | None] = mapped_column(Integer, info=INTERNAL)
    body: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    colour: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    interior_colour: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    transmission: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    fuel: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    plate_enc: Mapped[bytes | None] = mapped_column(
        LargeBinary,
        info=of_subject(
            PERSONAL,
            "id",
            masked="plate_masked",
            index="plate_index",
            indexed=lambda _row, plate: ("plate", plates.normalise(plate)),
        ),
    )
    plate_index: Mapped[bytes | None] = mapped_column(LargeBinary, info=PERSONAL)
    plate_masked: Mapped[str | None] = mapped_column(Text, info=PERSONAL)
    odometer: Mapped[int | None] = mapped_column(Integer, info=INTERNAL)
    odometer_unit: Mapped[str | None] = mapped_column(Text, info=INTERNAL)

    __table_args__ = (
        CheckConstraint(_one_of("vin_status", VinStatus), name="vin_status"),
        CheckConstraint("(vin IS NULL) = (vin_status IS NULL) AND (vin IS NULL) = (vin_reversed IS NULL)", name="vin"),
        CheckConstraint("make <> '' AND model <> ''", name="described"),
        CheckConstraint("model_year BETWEEN 1886 AND 2100", name="model_year"),
        CheckConstraint("num_nulls(plate_enc, plate_index, plate_masked) IN (0, 3)", name="plate"),
        CheckConstraint(_one_of("odometer_unit", OdometerUnit), name="odometer_unit"),
        CheckConstraint("odometer >= 0 AND odometer_unit IS NOT NULL OR odometer IS NULL", name="odometer"),
        # Only a full VIN names one car; short frame numbers of different makers may be the same.
        Index(
            FULL_VIN,
            "vin",
            unique=True,
            postgresql_where="vin_status IN ('valid', 'structure_only')",
        ),
        Index(
            "ix_inventory_vehicles_vin_reversed",
            "vin_reversed",
            postgresql_ops={"vin_reversed": "text_pattern_ops"},
        ),
        Index("ix_inventory_vehicles_plate_index", "plate_index"),
        Index(
            "ix_inventory_vehicles_keys_trgm",
            "make_key",
            "model_key",
            postgresql_using="gin",
            postgresql_ops={"make_key": "gin_trgm_ops", "model_key": "gin_trgm_ops"},
        ),
        Index("ix_inventory_vehicles_make_key_model_key", "make_key", "model_key", "id"),
        Index("ix_inventory_vehicles_model_year", "model_year", "id"),
        Index("ix_inventory_vehicles_created_at", "created_at", "id"),
    )


class StockUnit(Record, db.Model):
    """One episode in which a store owns or controls a vehicle; open until it is delivered, wholesaled or traded out."""

    __tablename__ = "inventory_stock_units"

    vehicle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inventory_vehicles.id"), nullable=False, info=INTERNAL)
    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants_stores.id"), nullable=False, info=INTERNAL)
    stock_number: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    status: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    condition: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    cost: Mapped[Decimal | None] = mapped_column(Money, info=COST)
    asking_price: Mapped[Decimal | None] = mapped_column(Money, info=FINANCIAL)
    currency: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    acquired_on: Mapped[date] = mapped_column(Date, nullable=False, info=INTERNAL)
    closed_on: Mapped[date | None] = mapped_column(Date, info=INTERNAL)

    __table_args__ = (
        CheckConstraint(_one_of("status", StockStatus), name="status"),
        CheckConstraint(_one_of("condition", Condition), name="condition"),
        CheckConstraint(f"(closed_on IS NOT NULL) = ({_one_of('status', CLOSED)})", name="closed"),
        CheckConstraint("closed_on >= acquired_on", name="closed_on"),
        CheckConstraint("cost >= 0 AND asking_price >= 0", name="amounts"),
        CheckConstraint("stock_number <> ''", name="stock_number"),
        Index(STOCK_NUMBER, "store_id", "stock_number", unique=True),
        # The rule of the trade held by the database itself: at most one open episode per vehicle.
        Index(OPEN_EPISODE, "vehicle_id", unique=True, postgresql_where="closed_on IS NULL"),
        Index("ix_inventory_stock_units_vehicle_id", "vehicle_id", "acquired_on"),
        Index("ix_inventory_stock_units_status", "status", "acquired_on", "id"),
        Index("ix_inventory_stock_units_acquired_on", "acquired_on", "id"),
        Index("ix_inventory_stock_units_asking_price", "asking_price", "id"),
    )


class PriceChange(Identified, db.Model):
    """One change of a unit's asking price; only ever added to."""

    __tablename__ = "inventory_price_changes"

    stock_unit_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("inventory_stock_units.id", ondelete="CASCADE"), nullable=False, info=INTERNAL
    )
    changed_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    changed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)
    price_before: Mapped[Decimal | None] = mapped_column(Money, info=FINANCIAL)
    price_after: Mapped[Decimal | None] = mapped_column(Money, info=FINANCIAL)
    currency: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    reason: Mapped[str | None] = mapped_column(Text, info=INTERNAL)

    __table_args__ = (
        Index("ix_inventory_price_changes_stock_unit_id", "stock_unit_id", "changed_at"),
        Index("ix_inventory_price_changes_changed_by", "changed_by"),
        {"info": {"append_only": True}},
    )


class OdometerReading(Identified, db.Model):
    """One reading of a vehicle's odometer; only ever added to, a lower one with its reason."""

    __tablename__ = "inventory_odometer_readings"

    vehicle_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("inventory_vehicles.id", ondelete="CASCADE"), nullable=False, info=INTERNAL
    )
    read_on: Mapped[date] = mapped_column(Date, nullable=False, info=INTERNAL)
    reading: Mapped[int] = mapped_column(Integer, nullable=False, info=INTERNAL)
    unit: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    status: Mapped[str] = mapped_column(Text, nullable=False, info=INTERNAL)
    reason: Mapped[str | None] = mapped_column(Text, info=INTERNAL)
    recorded_at: Mapped[datetime] = mapped_column(Instant, nullable=False, server_default=func.now(), info=INTERNAL)
    recorded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants_users.id"), info=INTERNAL)

    __table_args__ = (
        CheckConstraint(_one_of("unit", OdometerUnit), name="unit"),
        CheckConstraint(_one_of("status", OdometerStatus), name="status"),
        CheckConstraint("reading >= 0", name="reading"),
        Index("ix_inventory_odometer_readings_vehicle_id", "vehicle_id", "recorded_at"),
        Index("ix_inventory_odometer_readings_recorded_by", "recorded_by"),
        {"info": {"append_only": True}},
    )


declare_record("vehicle", Vehicle, OdometerReading, plate=PERSONAL)
declare_record("stock_unit", StockUnit, PriceChange)
declare_kind(RecordKind("veh", "vehicle", Vehicle.id, Vehicle.make + " " + Vehicle.model))
declare_kind(
    RecordKind(
        "unit", "stock", StockUnit.id, StockUnit.stock_number, store=StockUnit.store_id, within=StockUnit.vehicle_id,
        of="veh",
    )
)  # fmt: skip
