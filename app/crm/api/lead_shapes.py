"""What goes in and out of the API of leads."""

from __future__ import annotations

from marshmallow import fields

from app.core.http.api.expansions import named_field
from app.core.http.api.fields import Instant, PublicId, Text, Whole
from app.core.http.api.schemas import OPEN, BodySchema, RecordSchema, VersionBody
from app.core.http.forms import one_of
from app.crm.rules.leads import PIPELINE, LeadChannel, LeadSource, LeadStatus, LostReason


class WantedVehicleSchema(RecordSchema):
    """The vehicle a lead asks for."""

    record = "vehicle"

    id = PublicId("veh", attribute="vehicle_id", required=True, metadata={"guard": OPEN})
    make = fields.String()
    model = fields.String()
    model_year = Whole(allow_none=True)


class LeadSchema(RecordSchema):
    """An enquiry. It waits until `first_attempt_at`: an automatic reply has a clock of its own and stops nothing."""

    record = "lead"

    id = PublicId("lead", required=True)
    version = Whole()
    customer_id = PublicId("cus")
    store_id = PublicId("store")
    assignee_id = PublicId("usr", allow_none=True)
    assigned_at = Instant(allow_none=True)
    channel = fields.String(metadata={"enum": [*LeadChannel]})
    source = fields.String(metadata={"enum": [*LeadSource]})
    source_detail = fields.String()
    stock_unit_id = PublicId("unit", allow_none=True)
    vehicle_id = PublicId("veh", allow_none=True)
    wanted = fields.String()
    status = fields.String(metadata={"enum": [*LeadStatus]})
    lost_reason = fields.String(allow_none=True)
    lost_note = fields.String()
    received_at = Instant()
    first_auto_reply_at = Instant(allow_none=True)
    first_attempt_at = Instant(allow_none=True)
    first_contact_at = Instant(allow_none=True)
    first_appointment_at = Instant(allow_none=True)
    status_at = Instant()
    ended_at = Instant(allow_none=True)
    created_at = Instant()
    updated_at = Instant()
    customer = named_field("cus", "LeadCustomer")
    assignee = named_field("usr", "LeadAssignee")
    store = named_field("store", "LeadStore")
    vehicle = fields.Nested(WantedVehicleSchema, allow_none=True, metadata={"expand": True})


class EditedLead(BodySchema):
    """Where an enquiry came from and what it is about; a unit in stock says which vehicle it is."""

    channel = fields.String(required=True, validate=one_of(*LeadChannel))
    source = fields.String(load_default=LeadSource.OTHER.value, validate=one_of(*LeadSource))
    source_detail = Text(longest=200, load_default="", allow_none=True)
    stock_unit_id = PublicId("unit", load_default=None, allow_none=True)
    vehicle_id = PublicId("veh", load_default=None, allow_none=True)
    wanted = Text(longest=1000, load_default="", allow_none=True)


class NewLead(EditedLead):
    """An enquiry of a customer, at his store unless another is named, received now unless another moment is."""

    customer_id = PublicId("cus", required=True)
    store_id = PublicId("store", load_default=None, allow_none=True)
    assignee_id = PublicId("usr", load_default=None, allow_none=True)
    received_at = Instant(load_default=None, allow_none=True)
    first_auto_reply_at = Instant(load_default=None, allow_none=True)


class LeadAssignment(VersionBody):
    """Whose it is to be; whoever is in turn where nobody is named."""

    assignee_id = PublicId("usr", load_default=None, allow_none=True)


class LeadMove(VersionBody):
    """Another open status."""

    status = fields.String(required=True, validate=one_of(*PIPELINE))


class LeadLoss(VersionBody):
    """Why it came to nothing."""

    reason = fields.String(required=True, validate=one_of(*LostReason))
    note = Text(longest=1000, load_default="", allow_none=True)
