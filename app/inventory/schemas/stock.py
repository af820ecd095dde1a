"""What comes in from the inventory's forms."""

from __future__ import annotations

from marshmallow import fields

from app.core.http.forms import Amount, FormSchema, Text, Whole, one_of
from app.inventory.rules.odometer import OdometerStatus, OdometerUnit
from app.inventory.rules.stock import Condition, StockStatus


class VinForm(FormSchema):
    """The first step: the number, or nothing where there is none."""

    vin = Text(longest=40, load_default=None)


class VehicleForm(VinForm):
    """What is known of a vehicle; whether it is possible is the operation's to say."""

    vin_override_reason = Text(longest=200, load_default=None)
    make = Text(longest=60, required=True)
    model = Text(longest=80, required=True)
    trim = Text(longest=120, load_default=None)
    model_year = fields.Integer(load_default=None)
    body = Text(longest=120, load_default=None)
    colour = Text(longest=120, load_default=None)
    interior_colour = Text(longest=120, load_default=None)
    transmission = Text(longest=120, load_default=None)
    fuel = Text(longest=120, load_default=None)
    plate = Text(longest=40, load_default=None)


class NewVehicleForm(VehicleForm):
    """A new vehicle, with the reading of its odometer where somebody looked."""

    odometer = Whole(load_default=None)
    odometer_unit = fields.String(load_default=None, validate=one_of(*OdometerUnit))
    odometer_status = fields.String(load_default=OdometerStatus.UNKNOWN.value, validate=one_of(*OdometerStatus))


class EditedVehicleForm(VehicleForm):
    """A correction of the version that was read."""

    version = fields.Integer(required=True)


class OdometerForm(FormSchema):
    """One more reading."""

    reading = Whole(required=True)
    unit = fields.String(required=True, validate=one_of(*OdometerUnit))
    status = fields.String(load_default=OdometerStatus.UNKNOWN.value, validate=one_of(*OdometerStatus))
    read_on = fields.Date(load_default=None)
    reason = Text(longest=200, load_default=None)


class StockInForm(FormSchema):
    """A new episode; without a number the store's next one is given out."""

    store_id = fields.UUID(required=True)
    stock_number = Text(longest=32, load_default=None)
    status = fields.String(load_default=StockStatus.AVAILABLE.value, validate=one_of(*StockStatus))
    condition = fields.String(load_default=Condition.USED.value, validate=one_of(*Condition))
    cost = Amount(load_default=None)
    asking_price = Amount(load_default=None)
    acquired_on = fields.Date(load_default=None)


class EditedUnitForm(FormSchema):
    """A correction of the version that was read; the cost comes only from whoever may see it."""

    version = fields.Integer(required=True)
    stock_number = Text(longest=32, required=True)
    condition = fields.String(required=True, validate=one_of(*Condition))
    acquired_on = fields.Date(required=True)


class EditedUnitWithCostForm(EditedUnitForm):
    """The same with the cost; an empty field means that it is not known."""

    cost = Amount(load_default=None)


class PriceForm(FormSchema):
    """Another asking price; an empty field takes it away."""

    version = fields.Integer(required=True)
    asking_price = Amount(load_default=None)
    reason = Text(longest=200, load_default=None)


class MoveForm(FormSchema):
    """Another status, and the day where it ends the episode."""

    version = fields.Integer(required=True)
    status = fields.String(required=True, validate=one_of(*StockStatus))
    on = fields.Date(load_default=None)


class VersionForm(FormSchema):
    """The version that was on the page when its button was pressed."""

    version = fields.Integer(load_default=None)
