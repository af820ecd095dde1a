"""What goes in and out of the API of sales."""

from __future__ import annotations

from decimal import Decimal

from marshmallow import fields

from app.core.http.api.expansions import named_field
from app.core.http.api.fields import Instant, Money, PublicId, Text, Whole
from app.core.http.api.schemas import OPEN, BodySchema, RecordSchema, VersionBody
from app.core.http.forms import one_of
from app.sales.rules.status import DealStatus, DealType

# Unwinding takes a day and a reason, so it has a verb of its own.
_MOVES = tuple(status for status in DealStatus if status is not DealStatus.UNWOUND)


class SoldUnitSchema(RecordSchema):
    """The unit a deal is about."""

    record = "stock_unit"

    id = PublicId("unit", attribute="stock_unit_id", required=True, metadata={"guard": OPEN})
    stock_number = fields.String()
    condition = fields.String()


class SoldVehicleSchema(RecordSchema):
    """The vehicle a deal is about."""

    record = "vehicle"

    id = PublicId("veh", attribute="vehicle_id", required=True, metadata={"guard": OPEN})
    make = fields.String()
    model = fields.String()
    model_year = Whole(allow_none=True)


class DealSchema(RecordSchema):
    """The sale or lease of one stock unit. It counts as a sale from `delivered_on` until `unwound_on`."""

    record = "deal"

    id = PublicId("deal", required=True)
    version = Whole()
    deal_number = fields.String()
    store_id = PublicId("store")
    stock_unit_id = PublicId("unit")
    vehicle_id = PublicId("veh", metadata={"guard": ("stock_unit", "vehicle_id")})
    customer_id = PublicId("cus", allow_none=True)
    salesperson_id = PublicId("usr", allow_none=True)
    lead_id = PublicId("lead", allow_none=True)
    deal_type = fields.String(metadata={"enum": [*DealType]})
    status = fields.String(metadata={"enum": [*DealStatus]})
    price = Money()
    discount = Money()
    net_amount = Money()
    front_gross = Money(allow_none=True)
    back_gross = Money(allow_none=True)
    total_gross = Money(allow_none=True)
    late_cost = Money(allow_none=True)
    sold_on = fields.Date(allow_none=True)
    delivered_on = fields.Date(allow_none=True)
    unwound_on = fields.Date(allow_none=True)
    unwind_reason = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    created_at = Instant()
    updated_at = Instant()
    customer = named_field("cus", "DealCustomer")
    salesperson = named_field("usr", "DealSalesperson")
    store = named_field("store", "DealStore")
    stock_unit = fields.Nested(SoldUnitSchema, metadata={"expand": True})
    vehicle = fields.Nested(SoldVehicleSchema, metadata={"expand": True})


class DealFields(BodySchema):
    """What can be corrected of a deal; of a delivered one also the day, which is set by delivering."""

    customer_id = PublicId("cus", load_default=None, allow_none=True)
    salesperson_id = PublicId("usr", load_default=None, allow_none=True)
    deal_type = fields.String(load_default=DealType.RETAIL.value, validate=one_of(*DealType))
    price = Money(required=True)
    discount = Money(load_default=lambda: Decimal(0), allow_none=True)
    sold_on = fields.Date(load_default=None, allow_none=True)
    note = Text(longest=2000, load_default=None, allow_none=True)


class EditedDeal(DealFields):
    """A correction."""

    delivered_on = fields.Date(load_default=None, allow_none=True)


class NewDraft(DealFields):
    """A deal that is being worked on, at the unit's store unless another is named; a number is given out."""

    stock_unit_id = PublicId("unit", required=True)
    lead_id = PublicId("lead", load_default=None, allow_none=True)
    store_id = PublicId("store", load_default=None, allow_none=True)
    deal_number = Text(longest=32, load_default=None, allow_none=True)


class NewDeal(NewDraft):
    """A deal in any status but an ended one."""

    status = fields.String(load_default=DealStatus.WORKING.value, validate=one_of(*DealStatus))


class DealMove(VersionBody):
    """Another status."""

    status = fields.String(required=True, validate=one_of(*_MOVES))


class DealDelivery(VersionBody):
    """The day the vehicle was handed over; today where none is said."""

    delivered_on = fields.Date(load_default=None)


class DealUnwinding(VersionBody):
    """The day a delivered deal was taken back (today where none is said), and why. Where a car taken in trade was sold,
    priced or moved meanwhile this is refused unless `keep_trades` says that such cars stay in stock."""

    unwound_on = fields.Date(load_default=None)
    reason = Text(longest=500, required=True)
    keep_trades = fields.Boolean(load_default=False)


class DealCorrection(VersionBody):
    """What an agreed deal should have said, and why: the agreed state is reversed and stays on record."""

    price = Money(required=True)
    discount = Money(load_default=lambda: Decimal(0))
    customer_id = PublicId("cus", load_default=None, allow_none=True)
    reason = Text(longest=500, required=True)


class ApprovalRequest(VersionBody):
    """A word to whoever decides. Approving is for a person, on the page."""

    note = Text(longest=500, load_default=None, allow_none=True)


class DealReservation(VersionBody):
    """For how many days the unit is kept, and the deposit agreed on; the store's own where nothing is said."""

    days = Whole(load_default=None, allow_none=True)
    deposit = Money(load_default=None, allow_none=True)


class DealRelease(VersionBody):
    """The unit is kept no longer."""
