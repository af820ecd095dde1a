"""What comes in from the forms of a deal's papers."""

from __future__ import annotations

from marshmallow import fields

from app.core.http.forms import FormSchema, Secret, Text, Whole, one_of
from app.core.languages import LANGUAGES
from app.sales.rules.documents import BROUGHT, MADE, DocumentKind

SIMPLE = tuple(kind.value for kind in MADE if kind is not DocumentKind.DELIVERY_CHECKLIST)


class MadeForm(FormSchema):
    """Which paper, and in which language (none: the customer's)."""

    kind = fields.String(required=True, validate=one_of(*SIMPLE))
    # "sign": off to its signature at once.
    then = fields.String(load_default="", validate=one_of("", "sign"))
    locale = fields.String(load_default=None, validate=one_of(*LANGUAGES))


class ChecklistForm(FormSchema):
    """What was done when the vehicle was handed over; `done` are the places of the ticked lines."""

    done = fields.List(fields.Integer(), load_default=list)
    odometer = Whole(load_default=None)
    next_service_on = fields.Date(load_default=None)
    note = Text(longest=500, load_default=None)


class BroughtForm(FormSchema):
    """What the files that come along are."""

    kind = fields.String(required=True, validate=one_of(*(kind.value for kind in BROUGHT)))


class SignForm(FormSchema):
    """The signature of the buyer: what was shown, who signs, and the lines of the pad where it was used."""

    shown = fields.String(required=True)
    signer = Text(longest=120, required=True)
    strokes = Secret(load_default="")
    agreed = fields.String(required=True)
    # "agree": the deal is sold by this signature, if nothing else is missing.
    then = fields.String(load_default="", validate=one_of("", "agree"))


class VoidForm(FormSchema):
    """Why a document is void."""

    reason = Text(longest=300, required=True)
