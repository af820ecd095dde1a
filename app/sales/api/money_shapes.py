"""What goes in and out of the API of payments and applications."""

from __future__ import annotations

from marshmallow import Schema, fields

from app.core.http.api.expansions import named_field
from app.core.http.api.fields import Instant, Money, Number, PublicId, Text, Whole
from app.core.http.api.schemas import BodySchema, RecordSchema, VersionBody
from app.core.http.forms import one_of
from app.sales.ports import BANDS
from app.sales.rules.financing import ApplicationKind, ApplicationStatus, StipulationState
from app.sales.rules.receivables import Direction, Method, Party, PaymentKind
from app.sales.schemas.payments import TAKEN


class PaymentSchema(RecordSchema):
    """One movement of money of a deal. It is never changed: a refund names in `reverses_id` what it takes back."""

    record = "payment"

    id = PublicId("pay", required=True)
    receipt_number = fields.String()
    deal_id = PublicId("deal")
    store_id = PublicId("store")
    customer_id = PublicId("cus", allow_none=True)
    kind = fields.String(metadata={"enum": [*PaymentKind]})
    direction = fields.String(metadata={"enum": [*Direction]})
    party = fields.String(metadata={"enum": [*Party]})
    method = fields.String(metadata={"enum": [*Method]})
    amount = Money()
    signed_amount = Money()
    received_on = fields.Date()
    received_at = Instant()
    received_by = PublicId("usr", allow_none=True)
    reference = fields.String(allow_none=True)
    reverses_id = PublicId("pay", allow_none=True)
    application_id = PublicId("app", allow_none=True)
    reason = fields.String(allow_none=True)
    created_at = Instant()
    customer = named_field("cus", "PaymentCustomer")
    store = named_field("store", "PaymentStore")


class NewPayment(BodySchema):
    """Money that came, or a payoff that went out; today, where no day is said."""

    kind = fields.String(load_default=PaymentKind.PAYMENT.value, validate=one_of(*TAKEN))
    amount = Money(required=True)
    method = fields.String(required=True, validate=one_of(*Method))
    received_on = fields.Date(load_default=None, allow_none=True)
    reference = Text(longest=200, load_default=None, allow_none=True)


class NewRefund(BodySchema):
    """Money that goes back, the way it came where no other is said; without an amount all that is left."""

    amount = Money(load_default=None, allow_none=True)
    method = fields.String(load_default=None, allow_none=True, validate=one_of(*Method))
    received_on = fields.Date(load_default=None, allow_none=True)
    reference = Text(longest=200, load_default=None, allow_none=True)
    reason = Text(longest=500, required=True)


class StipulationSchema(Schema):
    """Something the partner wants to see."""

    name = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": [*StipulationState]})


class ApplicationSchema(RecordSchema):
    """A deal laid before a lender or an insurer. `owed` says what he has still to be told; `failure` why he was not."""

    record = "application"

    id = PublicId("app", required=True)
    version = Whole()
    deal_id = PublicId("deal")
    store_id = PublicId("store")
    kind = fields.String(metadata={"enum": [*ApplicationKind]})
    partner = fields.String()
    partner_name = fields.String()
    status = fields.String(metadata={"enum": [*ApplicationStatus]})
    amount = Money()
    decided_amount = Money(allow_none=True)
    buy_rate = Number(as_string=True, allow_none=True)
    stipulations = fields.List(fields.Nested(StipulationSchema))
    external_reference = fields.String(allow_none=True)
    asked_at = Instant()
    decided_at = Instant(allow_none=True)
    funded_on = fields.Date(allow_none=True)
    owed = fields.String(allow_none=True)
    tries = Whole()
    failure = fields.String(allow_none=True)
    created_at = Instant()
    updated_at = Instant()
    store = named_field("store", "ApplicationStore")


class NewApplication(BodySchema):
    """What a partner is asked; `band` is what is known of the buyer's credit, for no bureau is asked."""

    partner = Text(longest=50, required=True)
    amount = Money(required=True)
    band = fields.String(required=True, validate=one_of(*BANDS))
    term_months = Whole(load_default=None, allow_none=True)


class SettledStipulation(VersionBody):
    """What has become of something the partner wants to see."""

    name = Text(longest=100, required=True)
    state = fields.String(required=True, validate=one_of(*StipulationState))


class NewFunding(VersionBody):
    """The lender's money came; today, where no day is said."""

    amount = Money(required=True)
    funded_on = fields.Date(load_default=None, allow_none=True)
    reference = Text(longest=200, load_default=None, allow_none=True)


