"""What goes in and out of the CRM's API."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length

from app.core.http.api.expansions import named_field
from app.core.http.api.fields import Instant, Number, PublicId, Text, Whole
from app.core.http.api.schemas import OPEN, BodySchema, RecordSchema
from app.core.http.forms import one_of
from app.core.languages import LANGUAGES
from app.crm.rules.customers import ActivityType, ContactKind, CustomerKind, Direction, Outcome

MOST_CONTACTS = 20


class ContactSchema(RecordSchema):
    """A phone number or an e-mail address, as its mask; the value itself is asked for by `reveal`."""

    record = "customer"

    id = PublicId("con", required=True, metadata={"guard": OPEN})
    kind = fields.String(metadata={"guard": ("customer", "contact_kind")})
    value_masked = fields.String(metadata={"guard": ("customer", "contact"), "mask": True})
    label = fields.String(metadata={"guard": ("customer", "contact")})


class ContactListSchema(Schema):
    """All contacts of one customer; there are never many."""

    data = fields.List(fields.Nested(ContactSchema), required=True)


class CustomerSchema(RecordSchema):
    """A person or company the dealership deals with. `contact` is the mask of the first way to reach them."""

    record = "customer"

    id = PublicId("cus", required=True)
    version = Whole()
    kind = fields.String(metadata={"enum": [*CustomerKind]})
    name = fields.String()
    given_name = fields.String(allow_none=True)
    family_name = fields.String(allow_none=True)
    contact = fields.String(allow_none=True, metadata={"mask": True})
    id_number_masked = fields.String(
        attribute="id_number", allow_none=True, metadata={"guard": ("customer", "id_number"), "mask": True}
    )
    store_id = PublicId("store")
    owner_id = PublicId("usr", allow_none=True)
    language = fields.String()
    notes = fields.String()
    activities = Whole(metadata={"guard": OPEN})
    last_activity_at = Instant(attribute="last_at", allow_none=True, metadata={"guard": OPEN})
    activity_index = Number(
        attribute="gap_index",
        allow_none=True,
        metadata={"guard": OPEN, "description": "Seconds between the last two activities / number of activities"},
    )
    created_at = Instant()
    updated_at = Instant()
    store = named_field("store", "Store")
    owner = named_field("usr", "User")
    contacts = fields.List(fields.Nested(ContactSchema), metadata={"expand": True})


class NewContact(BodySchema):
    """One more way to reach a customer."""

    kind = fields.String(required=True, validate=one_of(*ContactKind))
    value = Text(longest=254, required=True)
    label = Text(longest=40, load_default="")


class CustomerFields(BodySchema):
    """A customer's own fields; `name` is for companies and for people whose name is known as a whole."""

    kind = fields.String(required=True, validate=one_of(*CustomerKind))
    name = Text(longest=200, load_default="", allow_none=True)
    given_name = Text(longest=100, load_default="", allow_none=True)
    family_name = Text(longest=100, load_default="", allow_none=True)
    store_id = PublicId("store", required=True)
    owner_id = PublicId("usr", load_default=None, allow_none=True)
    language = fields.String(load_default="", allow_none=True, validate=one_of("", *LANGUAGES))
    notes = Text(longest=4000, load_default="", allow_none=True)
    id_number = Text(longest=60, load_default="", allow_none=True)


class NewCustomer(CustomerFields):
    """A customer with the first ways to reach them."""

    contacts = fields.List(fields.Nested(NewContact), load_default=list, validate=Length(max=MOST_CONTACTS))


class RevealedSchema(Schema):
    """A value in full."""

    value = fields.String(required=True, allow_none=True)


class ActivitySchema(RecordSchema):
    """A call, message, visit, test drive or note, at the time it happened."""

    record = "activity"

    id = PublicId("act", required=True)
    version = Whole()
    customer_id = PublicId("cus")
    type = fields.String(metadata={"enum": [*ActivityType]})
    direction = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    at = Instant()
    user_id = PublicId("usr", allow_none=True)
    store_id = PublicId("store")
    subject = fields.String()
    body = fields.String()
    created_at = Instant()
    updated_at = Instant()
    customer = named_field("cus", "Customer")
    user = named_field("usr", "ActivityUser")
    store = named_field("store", "ActivityStore")


class ActivityFields(BodySchema):
    """What happened; without a time it happened now."""

    type = fields.String(required=True, validate=one_of(*ActivityType))
    direction = fields.String(load_default=None, allow_none=True, validate=one_of(*Direction))
    outcome = fields.String(load_default=None, allow_none=True, validate=one_of(*Outcome))
    at = Instant(load_default=None)
    subject = Text(longest=200, load_default="", allow_none=True)
    body = Text(longest=8000, load_default="", allow_none=True)


class NewActivity(ActivityFields):
    """What happened with which customer."""

    customer_id = PublicId("cus", required=True)


