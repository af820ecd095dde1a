"""What comes in from the inbox's pages."""

from __future__ import annotations

from marshmallow import ValidationError, fields

from app.core.errors import N_
from app.core.http.forms import FormSchema, Refused, Text
from app.core.jobs.topics import CHANNELS, declared_topics


def offered(value: str) -> None:
    """A validator: `topic:channel` of a topic there is."""
    topic, _, channel = value.partition(":")
    if topic not in declared_topics() or channel not in CHANNELS:
        raise ValidationError([Refused("not_offered", N_("Choose one of the offered values."))])


class WishesForm(FormSchema):
    """The ticked boxes of the matrix."""

    wanted = fields.List(fields.String(validate=offered), load_default=list)


class UntilForm(FormSchema):
    """How far "all of these" goes: what came later has not been seen."""

    until = fields.AwareDateTime(required=True, format="iso")
    next = Text(longest=500, load_default=None)


class AgainForm(FormSchema):
    """Which "all done" is to be taken back."""

    at = fields.AwareDateTime(required=True, format="iso")


class NextForm(FormSchema):
    """Where to go on after a change of one line."""

    next = Text(longest=500, load_default=None)
