"""What comes in from the console's forms; each form has a schema of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields

from app.core.errors import N_
from app.core.http.forms import FormSchema, Refused, Secret, Text, at_most, one_of


class Moment(fields.String):
    """A date and time as `<input type=datetime-local>` sends it, in UTC; loads as an instant."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return datetime.strptime(text[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
        except ValueError as error:
            refused = Refused("instant", N_("Enter a date and a time such as 2026-08-01T18:00."))
            raise ValidationError([refused]) from error


class SignInForm(FormSchema):
    """E-mail, password and the code of the authenticator app, all at once."""

    email = Text(required=True, longest=254)
    password = Secret(required=True, validate=at_most(1000))
    code = Text(required=True, longest=20)
    next = Text(load_default="/platform", longest=1000)


class EnrolForm(FormSchema):
    """A first password, and a code that shows that the app knows the secret."""

    password = Secret(required=True, validate=at_most(1000))
    repeated = Secret(required=True, validate=at_most(1000))
    code = Text(required=True, longest=20)


class CodeForm(FormSchema):
    """The second factor again, before something that matters."""

    code = Text(required=True, longest=20)


class DeleteForm(CodeForm):
    """The dealership's name as proof, and the second factor."""

    name = Text(required=True, longest=120)


class EntryForm(CodeForm):
    """Why an operator comes in."""

    reason = Text(required=True, longest=200)


class DealershipForm(FormSchema):
    """What a new dealership says about itself."""

    slug = Text(required=True, longest=40)
    name = Text(required=True, longest=120)
    country = Text(required=True, longest=2)
    locale = Text(required=True, longest=10)
    currency = Text(required=True, longest=3)
    timezone = Text(required=True, longest=60)
    store_name = Text(load_default="", longest=120)
    admin_name = Text(required=True, longest=120)
    admin_email = Text(required=True, longest=254)


class HostForm(FormSchema):
    """A host at which a dealership answers."""

    host = Text(required=True, longest=253)


class ReplayForm(FormSchema):
    """A row that has died, of a dealership or of the platform."""

    outbox = fields.UUID(required=True)
    tenant = Text(load_default="", longest=12)


class AnnouncementForm(FormSchema):
    """What is said to everybody; the English text stands where another is missing."""

    text_en = Text(required=True, longest=300)
    text_zh = Text(load_default="", longest=300)
    tone = fields.String(required=True, validate=one_of("info", "warning"))
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)


class OperatorForm(CodeForm):
    """A new operator."""

    name = Text(required=True, longest=120)
    email = Text(required=True, longest=254)
