"""Which days the figures of speed are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from app.core import clock
from app.core.db import current_tenant
from app.core.http.forms import FormSchema, Refused, Text
from app.crm.errors import SPAN_NOT_POSSIBLE
from app.crm.rules.speed import MOST_DAYS, USUAL_DAYS


class SpanArguments(FormSchema):
    """The days of the page, both counted, and the store; the last thirty days of all stores when left out."""

    since = fields.Date(load_default=None)
    until = fields.Date(load_default=None)
    store = Text(longest=40, load_default=None)

    @validates_schema
    def check_span(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse a span without days, and one longer than is counted at once."""
        check_span(data)


def check_span(data: Mapping[str, Any]) -> None:
    """Raise ValidationError where no figures are given for the days asked."""
    since, until = days_of(data)
    if not since <= until < since + timedelta(days=MOST_DAYS):
        raise ValidationError({"since": [Refused("span_not_possible", SPAN_NOT_POSSIBLE, most=MOST_DAYS)]})


def days_of(data: Mapping[str, Any]) -> tuple[date, date]:
    """The first and the last day asked for, as far as they were named."""
    until = data.get("until") or clock.today(current_tenant().timezone)
    # The first year has no day thirty days before it.
    usual = max(until.toordinal() - USUAL_DAYS + 1, 1)
    return data.get("since") or date.fromordinal(usual), until
