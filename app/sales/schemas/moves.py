"""What comes in from the forms that move, correct, reserve and approve deals."""

from __future__ import annotations

from decimal import Decimal

from marshmallow import fields

from app.core.http.forms import Amount, FormSchema, Text, Whole, one_of
from app.sales.rules.status import DealStatus


class MoveForm(FormSchema):
    """The next status."""

    version = fields.Integer(load_default=None)
    status = fields.String(required=True, validate=one_of(*(item for item in DealStatus if item != "unwound")))


class CorrectionForm(FormSchema):
    """What an agreed deal should have said, and why."""

    version = fields.Integer(required=True)
    price = Amount(required=True)
    discount = Amount(load_default=Decimal(0))
    customer_id = fields.UUID(load_default=None)
    reason = Text(longest=500, required=True)


class ReservationForm(FormSchema):
    """For how long, with what deposit; the store's own where nothing is typed."""

    days = Whole(load_default=None)
    deposit = Amount(load_default=None)


class AskForm(FormSchema):
    """A word to whoever decides."""

    version = fields.Integer(load_default=None)
    note = Text(longest=500, load_default=None)


class DecisionForm(FormSchema):
    """The figures that stood beside the button, and a word to whoever asked."""

    digest = fields.String(load_default=None)
    answer = Text(longest=500, load_default=None)
    back = fields.String(load_default=None)
