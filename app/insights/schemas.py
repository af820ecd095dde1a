"""What comes in from the addresses of the metrics' pages."""

from __future__ import annotations

from marshmallow import fields

from app.core.http.forms import FormSchema, Text


class StoreArguments(FormSchema):
    """The store a page is about; all of them when left out."""

    store = Text(longest=40, load_default=None)


class PriceArguments(StoreArguments):
    """Which sales a page is about; everything may be left out."""

    deal_type = Text(longest=20, load_default="retail")
    make = Text(longest=100, load_default=None)
    model = Text(longest=100, load_default=None)
    until = fields.Date(format="%Y-%m", load_default=None)
