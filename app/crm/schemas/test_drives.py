"""What comes in from the forms of test drives."""

from __future__ import annotations

from marshmallow import fields

from app.core.http.forms import FormSchema, Text, Whole
from app.crm.schemas.customers import LOCAL_TIME


class NewTestDriveForm(FormSchema):
    """Who drives which unit and when, on the wall of the unit's store."""

    customer_id = fields.UUID(required=True)
    stock_unit_id = fields.UUID(required=True)
    lead_id = fields.UUID(load_default=None)
    planned_at = fields.NaiveDateTime(format=LOCAL_TIME, required=True)


class EditedTestDriveForm(FormSchema):
    """A correction of the version that was read."""

    version = fields.Integer(required=True)
    planned_at = fields.NaiveDateTime(format=LOCAL_TIME, required=True)
    salesperson_id = fields.UUID(load_default=None)
    note = Text(longest=1000, load_default="")


class LicenceForm(FormSchema):
    """What was seen of the driver's licence; its number only from whoever sees such numbers."""

    version = fields.Integer(load_default=None)
    valid_until = fields.Date(load_default=None)
    number = Text(longest=60, load_default=None)


class OutForm(FormSchema):
    """What the odometer shows, and why where it shows less than before."""

    version = fields.Integer(load_default=None)
    odometer = Whole(load_default=None)
    reason = Text(longest=200, load_default="")


class BackForm(OutForm):
    """The same at the end, and what came of it."""

    note = Text(longest=1000, load_default="")
