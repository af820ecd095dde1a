"""What comes in from the forms of leads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Range

from app.core.http.forms import FormSchema, Refused, Text, one_of
from app.crm.errors import NOT_A_SPAN
from app.crm.rules.leads import LeadChannel, LeadSource, LeadStatus, LostReason
from app.crm.rules.waiting import DAYS

_WEEK = 7 * 24 * 60
_TIME = r"([01]?[0-9]|2[0-3])(?::([0-5][0-9]))?"
_SPAN = re.compile(rf"{_TIME}\s*[-–—~]\s*{_TIME}")


class LeadForm(FormSchema):
    """Where an enquiry came from and what it is about; the search field belongs to the picker."""

    channel = fields.String(required=True, validate=one_of(*LeadChannel))
    source = fields.String(load_default=LeadSource.OTHER.value, validate=one_of(*LeadSource))
    source_detail = Text(longest=200, load_default="")
    unit_search = Text(longest=100, load_default=None)
    stock_unit_id = fields.UUID(load_default=None)
    wanted = Text(longest=1000, load_default="")


class NewLeadForm(LeadForm):
    """An enquiry of a customer who is known; whose it is, or whoever is in turn."""

    customer_id = fields.UUID(required=True)
    assignee_id = fields.UUID(load_default=None)


class QuickLeadForm(FormSchema):
    """Somebody new who asks for something: three fields and how he came."""

    name = Text(longest=200, required=True)
    phone = Text(longest=60, load_default="")
    wanted = Text(longest=1000, load_default="")
    channel = fields.String(load_default=LeadChannel.PHONE.value, validate=one_of(*LeadChannel))


class EditedLeadForm(LeadForm):
    """A correction of the version that was read."""

    version = fields.Integer(required=True)


class TakeForm(FormSchema):
    """The version that was on the page when its button was pressed."""

    version = fields.Integer(load_default=None)


class AssignForm(FormSchema):
    """Whose it is to be; empty for whoever is in turn."""

    version = fields.Integer(required=True)
    assignee_id = fields.UUID(load_default=None)


class MoveLeadForm(FormSchema):
    """Another status."""

    version = fields.Integer(required=True)
    status = fields.String(required=True, validate=one_of(*LeadStatus))


class LoseForm(FormSchema):
    """Why it came to nothing."""

    version = fields.Integer(required=True)
    reason = fields.String(required=True, validate=one_of(*LostReason))
    note = Text(longest=1000, load_default="")


class OpeningHours(fields.String):
    """Two times of a day as people write them, `09:00-18:00` or `9–18`; nothing for a day that is closed."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        found = _SPAN.fullmatch(text)
        if found is None:
            raise ValidationError([Refused("not_a_span", NOT_A_SPAN)])
        return [f"{int(hour):02}:{minute or '00'}" for hour, minute in (found.groups()[:2], found.groups()[2:])]


class RulesForm(FormSchema):
    """How a store answers its leads."""

    version = fields.Integer(required=True)
    target_minutes = fields.Integer(required=True, validate=Range(1, _WEEK))
    reassign_minutes = fields.Integer(load_default=None, allow_none=True, validate=Range(1, _WEEK))
    most_open = fields.Integer(load_default=None, allow_none=True, validate=Range(1, 10_000))
    member_ids = fields.List(fields.UUID(), load_default=list)
    away_ids = fields.List(fields.UUID(), load_default=list)

    mon, tue, wed, thu, fri, sat, sun = (OpeningHours(load_default=None) for _ in DAYS)
