"""What comes in from the forms of payments and applications."""

from __future__ import annotations

from marshmallow import fields

from app.core.http.forms import Amount, FormSchema, Text, Whole, one_of
from app.sales.ports import BANDS
from app.sales.rules.financing import StipulationState
from app.sales.rules.receivables import Method, PaymentKind

TAKEN = (PaymentKind.DEPOSIT, PaymentKind.PAYMENT, PaymentKind.PAYOFF)


class OnceForm(FormSchema):
    """A form that takes effect once: the key of the page it stood on."""

    once = Text(longest=64, required=True)


class PaymentForm(OnceForm):
    """Money that came, or a payoff that went out."""

    kind = fields.String(load_default=PaymentKind.PAYMENT.value, validate=one_of(*TAKEN))
    amount = Amount(required=True)
    method = fields.String(required=True, validate=one_of(*Method))
    received_on = fields.Date(load_default=None)
    reference = Text(longest=200, load_default=None)


class RefundForm(OnceForm):
    """Money that goes back; without an amount all that is left."""

    amount = Amount(load_default=None)
    method = fields.String(load_default=None, validate=one_of(*Method))
    received_on = fields.Date(load_default=None)
    reference = Text(longest=200, load_default=None)
    reason = Text(longest=500, required=True)


class ApplicationForm(OnceForm):
    """What a lender or an insurer is asked."""

    partner = fields.String(required=True)
    amount = Amount(required=True)
    band = fields.String(required=True, validate=one_of(*BANDS))
    term_months = Whole(load_default=None)


class StipulationForm(FormSchema):
    """What has become of something the partner wants to see."""

    version = fields.Integer(load_default=None)
    name = Text(longest=100, required=True)
    state = fields.String(required=True, validate=one_of(*StipulationState))


class FundingForm(OnceForm):
    """The lender's money came."""

    version = fields.Integer(load_default=None)
    amount = Amount(required=True)
    funded_on = fields.Date(load_default=None)
    reference = Text(longest=200, load_default=None)
