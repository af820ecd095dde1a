"""What comes in from the forms of deals."""

from __future__ import annotations

from decimal import Decimal

from marshmallow import fields

from app.core.http.forms import Amount, FormSchema, Text, one_of
from app.sales.rules.status import DealStatus, DealType


class DealForm(FormSchema):
    """A deal's own fields; the two search fields belong to the pickers and are not kept."""

    customer_search = Text(longest=100, load_default=None)
    customer_id = fields.UUID(load_default=None)
    salesperson_id = fields.UUID(load_default=None)
    deal_type = fields.String(load_default=DealType.RETAIL.value, validate=one_of(*DealType))
    status = fields.String(load_default=DealStatus.WORKING.value, validate=one_of(*DealStatus))
    price = Amount(required=True)
    discount = Amount(load_default=Decimal(0))
    sold_on = fields.Date(load_default=None)
    note = Text(longest=2000, load_default=None)


class NewDealForm(DealForm):
    """A new deal over a stock unit; without a number the store's next one is given out."""

    unit_search = Text(longest=100, load_default=None)
    stock_unit_id = fields.UUID(required=True)
    lead_id = fields.UUID(load_default=None)
    store_id = fields.UUID(load_default=None)
    deal_number = Text(longest=32, load_default=None)


class EditedDealForm(DealForm):
    """A correction of the version that was read; the day of a delivery may be corrected, not set."""

    version = fields.Integer(required=True)
    delivered_on = fields.Date(load_default=None)


class DeliverForm(FormSchema):
    """The day the vehicle was handed over."""

    version = fields.Integer(required=True)
    delivered_on = fields.Date(load_default=None)


class UnwindForm(FormSchema):
    """The day a delivered deal was taken back, and why; whether cars taken in trade that went on stay in stock."""

    version = fields.Integer(required=True)
    unwound_on = fields.Date(load_default=None)
    reason = Text(longest=500, required=True)
    keep_trades = fields.Boolean(load_default=False)


class VersionForm(FormSchema):
    """The version that was on the page when its button was pressed."""

    version = fields.Integer(load_default=None)
