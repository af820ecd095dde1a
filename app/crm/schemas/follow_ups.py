"""What comes in from the forms of follow-ups."""

from __future__ import annotations

from marshmallow import fields

from app.core.http.forms import FormSchema, Text, one_of
from app.crm.rules.follow_ups import FollowUpKind
from app.crm.schemas.customers import LOCAL_TIME


class FollowUpForm(FormSchema):
    """What is to be done and when, on the wall of the customer's store."""

    kind = fields.String(required=True, validate=one_of(*FollowUpKind))
    due_at = fields.NaiveDateTime(format=LOCAL_TIME, required=True)
    note = Text(longest=1000, load_default="")
    lead_id = fields.UUID(load_default=None)


class EditedFollowUpForm(FormSchema):
    """A correction of the version that was read."""

    version = fields.Integer(required=True)
    kind = fields.String(required=True, validate=one_of(*FollowUpKind))
    due_at = fields.NaiveDateTime(format=LOCAL_TIME, required=True)
    note = Text(longest=1000, load_default="")
    assignee_id = fields.UUID(load_default=None)


class DoneForm(FormSchema):
    """The version that was on the page when its button was pressed, and perhaps what came of it."""

    version = fields.Integer(load_default=None)
    outcome = Text(longest=1000, load_default="")
