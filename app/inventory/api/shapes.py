"""What goes in and out of the inventory's API."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from app.core.http.api.expansions import named_field
from app.core.http.api.fields import Instant, Money, PublicId, Text, Whole
from app.core.http.api.schemas import OPEN, BodySchema, RecordSchema, VersionBody
from app.core.http.forms import one_of
from app.inventory import queries
from app.inventory.rules import plates
from app.inventory.rules.odometer import OdometerStatus, OdometerUnit
from app.inventory.rules.stock import Condition, StockStatus
from app.inventory.rules.vin import VinProblem, VinStatus


class PlateParts(BodySchema):
    """A number plate. `raw` is what was typed and the one part that is read; the region is not known so far."""

    raw = Text(longest=40, required=True)
    normalized = fields.String()
    region = fields.String(allow_none=True)


class Plate(fields.Nested):
    """A plate in its parts, unsealed with the key that the row brought along."""

    _CHECK_ATTRIBUTE = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(PlateParts, **kwargs)

    def _serialize(self, nested_obj: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        # Without its key there is nothing but a mask; the document asks about no row at all.
        raw = queries.listed_plate(obj) if obj is not None and obj.plate_key else None
        if raw is None:
            return None
        return {"raw": raw, "normalized": plates.normalise(raw), "region": None}

    def _deserialize(self, value: Any, attr: str | None, data: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, attr, data, *args, **kwargs)["raw"]


class UnitBesideSchema(RecordSchema):
    """The unit as which a vehicle stands in stock."""

    record = "stock_unit"

    id = PublicId("unit", attribute="stock_unit_id", required=True, metadata={"guard": OPEN})
    store_id = PublicId("store")
    stock_number = fields.String()
    status = fields.String(metadata={"enum": [*StockStatus]})
    condition = fields.String(metadata={"enum": [*Condition]})
    asking_price = Money(allow_none=True)
    acquired_on = fields.Date()
    days_in_stock = Whole(metadata={"guard": OPEN})


class VehicleBesideSchema(RecordSchema):
    """The vehicle that a unit is about."""

    record = "vehicle"

    id = PublicId("veh", attribute="vehicle_id", required=True, metadata={"guard": OPEN})
    vin = fields.String(allow_none=True)
    make = fields.String()
    model = fields.String()
    trim = fields.String(allow_none=True)
    model_year = Whole(allow_none=True)
    odometer = Whole(allow_none=True)
    odometer_unit = fields.String(allow_none=True)


class VehicleSchema(RecordSchema):
    """A car as built. `stock_unit_id` is the unit as which it stands in stock now, where the caller may see that."""

    record = "vehicle"

    id = PublicId("veh", required=True)
    version = Whole()
    vin = fields.String(allow_none=True)
    vin_status = fields.String(allow_none=True, metadata={"enum": [*VinStatus, None]})
    vin_override_reason = fields.String(allow_none=True)
    make = fields.String()
    model = fields.String()
    trim = fields.String(allow_none=True)
    model_year = Whole(allow_none=True)
    body = fields.String(allow_none=True)
    colour = fields.String(allow_none=True)
    interior_colour = fields.String(allow_none=True)
    transmission = fields.String(allow_none=True)
    fuel = fields.String(allow_none=True)
    plate = Plate(allow_none=True)
    odometer = Whole(allow_none=True)
    odometer_unit = fields.String(allow_none=True, metadata={"enum": [*OdometerUnit, None]})
    stock_unit_id = PublicId("unit", allow_none=True, metadata={"guard": OPEN})
    created_at = Instant()
    updated_at = Instant()
    stock_unit = fields.Nested(UnitBesideSchema, allow_none=True, metadata={"expand": True})


class VehicleFields(BodySchema):
    """A vehicle's own fields. A VIN that cannot be right is taken with a reason only."""

    vin = Text(longest=40, load_default=None, allow_none=True)
    vin_override_reason = Text(longest=200, load_default=None, allow_none=True)
    make = Text(longest=60, required=True)
    model = Text(longest=80, required=True)
    trim = Text(longest=120, load_default=None, allow_none=True)
    model_year = Whole(load_default=None, allow_none=True)
    body = Text(longest=120, load_default=None, allow_none=True)
    colour = Text(longest=120, load_default=None, allow_none=True)
    interior_colour = Text(longest=120, load_default=None, allow_none=True)
    transmission = Text(longest=120, load_default=None, allow_none=True)
    fuel = Text(longest=120, load_default=None, allow_none=True)
    plate = Plate(load_default=None, allow_none=True)


class NewVehicle(VehicleFields):
    """A new vehicle; make, model and year that are not said are those its VIN tells."""

    make = Text(longest=60, load_default=None)
    model = Text(longest=80, load_default=None)
    odometer = Whole(load_default=None)
    odometer_unit = fields.String(load_default=None, validate=one_of(*OdometerUnit))
    odometer_status = fields.String(load_default=OdometerStatus.UNKNOWN.value, validate=one_of(*OdometerStatus))


class VinBody(BodySchema):
    """A vehicle identification number, however it is typed."""

    vin = Text(longest=40, required=True)


class DecodedSchema(Schema):
    """What a VIN tells, and the known vehicle that has it. Make and model are a proposal."""

    vin = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": [*VinStatus]})
    problem = fields.String(required=True, allow_none=True, metadata={"enum": [*VinProblem, None]})
    check_digit = fields.String(required=True, allow_none=True)
    suggestions = fields.List(fields.String(), required=True)
    make = fields.String(required=True, allow_none=True)
    model = fields.String(required=True, allow_none=True)
    country = fields.String(required=True, allow_none=True)
    model_year = Whole(required=True, allow_none=True)
    model_years = fields.List(Whole(), required=True)
    vehicle_id = PublicId("veh", required=True, allow_none=True)


class NewReading(BodySchema):
    """A reading of the odometer; one lower than the last needs a reason."""

    reading = Whole(required=True)
    unit = fields.String(required=True, validate=one_of(*OdometerUnit))
    status = fields.String(load_default=OdometerStatus.UNKNOWN.value, validate=one_of(*OdometerStatus))
    read_on = fields.Date(load_default=None)
    reason = Text(longest=200, load_default=None)


class ReadingSchema(Schema):
    """One reading of the odometer."""

    read_on = fields.Date(required=True)
    reading = Whole(required=True)
    unit = fields.String(required=True, metadata={"enum": [*OdometerUnit]})
    status = fields.String(required=True, metadata={"enum": [*OdometerStatus]})
    reason = fields.String(required=True, allow_none=True)
    recorded_at = Instant(required=True)


class ReadingListSchema(Schema):
    """The last hundred readings of a vehicle, newest first."""

    data = fields.List(fields.Nested(ReadingSchema), required=True)


class StockUnitSchema(RecordSchema):
    """One episode in which a store has a vehicle; open until `closed_on`."""

    record = "stock_unit"

    id = PublicId("unit", required=True)
    version = Whole()
    vehicle_id = PublicId("veh")
    store_id = PublicId("store")
    stock_number = fields.String()
    status = fields.String(metadata={"enum": [*StockStatus]})
    condition = fields.String(metadata={"enum": [*Condition]})
    cost = Money(allow_none=True)
    asking_price = Money(allow_none=True)
    acquired_on = fields.Date()
    closed_on = fields.Date(allow_none=True)
    days_in_stock = Whole(metadata={"guard": OPEN})
    created_at = Instant()
    updated_at = Instant()
    vehicle = fields.Nested(VehicleBesideSchema, metadata={"expand": True})
    store = named_field("store", "StockStore")


class UnitFields(BodySchema):
    """What can be corrected of an open unit; the cost by whoever sees it, the price by whoever may set it."""

    stock_number = Text(longest=32, required=True)
    condition = fields.String(required=True, validate=one_of(*Condition))
    acquired_on = fields.Date(required=True)
    cost = Money(load_default=None, allow_none=True)
    asking_price = Money(load_default=None, allow_none=True)


class NewUnit(BodySchema):
    """A vehicle taken into stock; without a number it gets the store's next one, without a day today's."""

    vehicle_id = PublicId("veh", required=True)
    store_id = PublicId("store", required=True)
    stock_number = Text(longest=32, load_default=None, allow_none=True)
    status = fields.String(load_default=StockStatus.AVAILABLE.value, validate=one_of(*StockStatus))
    condition = fields.String(load_default=Condition.USED.value, validate=one_of(*Condition))
    cost = Money(load_default=None, allow_none=True)
    asking_price = Money(load_default=None, allow_none=True)
    acquired_on = fields.Date(load_default=None, allow_none=True)


class UnitMove(VersionBody):
    """Another status, and the day where it ends the episode (today where none is said)."""

    status = fields.String(required=True, validate=one_of(*StockStatus))
    on = fields.Date(load_default=None)


class UnitTransfer(VersionBody):
    """Another store; the unit keeps its number or takes this one, unless that store has used it."""

    store_id = PublicId("store", required=True)
    stock_number = Text(longest=32, load_default=None)


class UnitPrice(VersionBody):
    """Another asking price, or null for none."""

    asking_price = Money(required=True, allow_none=True)
    reason = Text(longest=200, load_default=None)


class PriceChangeSchema(RecordSchema):
    """One change of a unit's asking price."""

    record = "stock_unit"

    changed_at = Instant()
    price_before = Money(allow_none=True)
    price_after = Money(allow_none=True)
    reason = fields.String(allow_none=True)
    by = fields.String(attribute="user_name", allow_none=True, metadata={"guard": OPEN})


class PriceListSchema(Schema):
    """The last hundred prices of a unit, newest first."""

    data = fields.List(fields.Nested(PriceChangeSchema), required=True)
