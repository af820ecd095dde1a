"""What comes in from the CRM's forms."""

from __future__ import annotations

from marshmallow import EXCLUDE, fields

from app.core.http.forms import FormSchema, Text, one_of
from app.core.languages import LANGUAGES
from app.crm.rules.customers import ActivityType, ContactKind, CustomerKind, Direction, Outcome

# What `<input type="datetime-local">` sends; browsers leave the seconds out where they are zero.
LOCAL_TIME = "%Y-%m-%dT%H:%M"


class CustomerForm(FormSchema):
    """A customer's own fields; `name` is for companies and for people whose name is known as a whole."""

    kind = fields.String(required=True, validate=one_of(*CustomerKind))
    name = Text(longest=200, load_default="")
    given_name = Text(longest=100, load_default="")
    family_name = Text(longest=100, load_default="")
    store_id = fields.UUID(required=True)
    owner_id = fields.UUID(load_default=None)
    language = fields.String(load_default="", validate=one_of("", *LANGUAGES))
    notes = Text(longest=4000, load_default="")


class NewCustomerForm(CustomerForm):
    """A customer with the first ways to reach them."""

    phone = Text(longest=60, load_default="")
    email = Text(longest=254, load_default="")
    id_number = Text(longest=60, load_default="")


class QuickCustomerForm(FormSchema):
    """A customer in a hurry, and what they look for."""

    kind = fields.String(required=True, validate=one_of(*CustomerKind))
    name = Text(longest=200, required=True)
    phone = Text(longest=60, load_default="")
    wanted = Text(longest=400, load_default="")


class DuplicatesForm(FormSchema):
    """What is being typed, for who that may be; the rest of the form does not matter."""

    class Meta:
        """The whole form comes along."""

        unknown = EXCLUDE

    name = Text(longest=200, load_default="")
    phone = Text(longest=60, load_default="")
    email = Text(longest=254, load_default="")


class EditedCustomerForm(CustomerForm):
    """A correction of the version that was read."""

    version = fields.Integer(required=True)


class EditedCustomerWithIdForm(EditedCustomerForm):
    """The same with the ID number, from whoever sees it in full; an empty field takes it away."""

    id_number = Text(longest=60, load_default="")


class ContactForm(FormSchema):
    """One more phone number or e-mail address."""

    contact_kind = fields.String(required=True, validate=one_of(*ContactKind))
    value = Text(longest=254, required=True)
    label = Text(longest=40, load_default="")


class RevealForm(FormSchema):
    """Which masked values are to be shown, and why."""

    group = fields.String(load_default="contact", validate=one_of("contact", "identity"))
    reason = Text(longest=300, load_default="")


class ActivityForm(FormSchema):
    """What happened; without a time it happened now."""

    type = fields.String(required=True, validate=one_of(*ActivityType))
    direction = fields.String(load_default=None, validate=one_of(*Direction))
    outcome = fields.String(load_default=None, validate=one_of(*Outcome))
    at = fields.NaiveDateTime(format=LOCAL_TIME, load_default=None)
    subject = Text(longest=200, load_default="")
    body = Text(longest=8000, load_default="")


class EditedActivityForm(ActivityForm):
    """A correction of the version that was read."""

    version = fields.Integer(required=True)
    at = fields.NaiveDateTime(format=LOCAL_TIME, required=True)


class VersionForm(FormSchema):
    """The version that was on the page when its button was pressed."""

    version = fields.Integer(load_default=None)
