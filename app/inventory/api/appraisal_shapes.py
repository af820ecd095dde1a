"""What goes in and out of the API of appraisals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app.core.http.api.expansions import named_field
from app.core.http.api.fields import Instant, Money, PublicId, Text, Whole
from app.core.http.api.schemas import OPEN, BodySchema, RecordSchema, VersionBody
from app.core.http.forms import one_of
from app.inventory.api.shapes import VehicleBesideSchema
from app.inventory.rules.appraisals import EXPIRED, LONGEST_NOTE, AppraisalStatus, Area, Finding, whole_grid
from app.inventory.rules.odometer import OdometerUnit


class Cell(BodySchema):
    """What was found at one place of the car; a place that nobody looked at is not checked, never OK."""

    area = fields.String(required=True, validate=one_of(*Area))
    finding = fields.String(required=True, validate=one_of(*Finding))
    note = Text(longest=LONGEST_NOTE, load_default=None, allow_none=True)


class Condition(fields.List):
    """The walk-round: every place as it goes out; those that are not sent were not checked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.Nested(Cell), **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        cells = whole_grid(value if isinstance(value, Mapping) else None).items()
        return [{"area": area, "finding": cell["finding"], "note": cell["note"] or None} for area, cell in cells]

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        cells: Any = super()._deserialize(value, attr, data, **kwargs) or []
        return {cell["area"]: {"finding": cell["finding"], "note": cell["note"] or ""} for cell in cells}


class Comparable(BodySchema):
    """What the market asks or a book says, in the dealership's currency."""

    source = Text(longest=80, required=True)
    amount = Text(longest=20, required=True)
    on = Text(longest=10, load_default=None, allow_none=True)
    link = Text(longest=500, load_default=None, allow_none=True)
    note = Text(longest=200, load_default=None, allow_none=True)


class AppraisalSchema(RecordSchema):
    """What a car was found to be worth to a store. `acv` is its actual cash value; `expired` is an approval that has
    run out."""

    record = "appraisal"

    id = PublicId("apr", required=True)
    version = Whole()
    vehicle_id = PublicId("veh")
    store_id = PublicId("store")
    appraiser_id = PublicId("usr", allow_none=True)
    status = fields.String(metadata={"enum": [*AppraisalStatus, EXPIRED]})
    odometer = Whole(allow_none=True)
    odometer_unit = fields.String(allow_none=True, metadata={"enum": [*OdometerUnit, None]})
    condition = Condition()
    comparables = fields.List(fields.Nested(Comparable))
    recon_estimate = Money(allow_none=True)
    acv = Money(allow_none=True)
    valid_until = fields.Date(allow_none=True)
    note = fields.String(allow_none=True)
    submitted_at = Instant(allow_none=True)
    decided_by = PublicId("usr", allow_none=True)
    decided_at = Instant(allow_none=True)
    decline_reason = fields.String(allow_none=True)
    photos = Whole(metadata={"guard": OPEN})
    created_at = Instant()
    updated_at = Instant()
    vehicle = fields.Nested(VehicleBesideSchema, metadata={"expand": True})
    store = named_field("store", "AppraisalStore")


class AppraisalFields(BodySchema):
    """What can be said of a car; other figures make an appraisal a draft again. Amounts by whoever sees costs."""

    odometer = Whole(load_default=None, allow_none=True)
    odometer_unit = fields.String(load_default=None, allow_none=True, validate=one_of(*OdometerUnit))
    odometer_reason = Text(longest=200, load_default=None, allow_none=True)
    condition = Condition(load_default=None)
    comparables = fields.List(fields.Nested(Comparable), load_default=None)
    recon_estimate = Money(load_default=None, allow_none=True)
    acv = Money(load_default=None, allow_none=True)
    valid_until = fields.Date(load_default=None, allow_none=True)
    note = Text(longest=2000, load_default=None, allow_none=True)


class NewAppraisal(AppraisalFields):
    """A car that is known, and the store that wants to know what it is worth."""

    vehicle_id = PublicId("veh", required=True)
    store_id = PublicId("store", required=True)


class Declining(VersionBody):
    """Why the figures are refused."""

    reason = Text(longest=300, required=True)
