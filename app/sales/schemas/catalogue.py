"""What comes in from the forms of the catalogue and of the table of tax rules.

A name with dots, such as `terms.0.months`, is a field of one of several parts; loading gives the parts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marshmallow import fields, validate

from app.core.http.forms import Amount, FormSchema, Text, Whole, one_of
from app.inventory.rules.stock import Condition
from app.sales.rules.catalogue import ProductKind
from app.sales.rules.taxes import TaxMethod

# As many as stand on a form; the API takes more.
TERM_ROWS, LAYER_ROWS = 6, 4
TAXED = {"": None, "yes": True, "no": False}


class ProductForm(
    FormSchema.from_dict(  # type: ignore[misc]
        {
            f"terms.{at}.{name}": made(load_default=None)
            for at in range(TERM_ROWS)
            for name, made in (("months", Whole), ("rate", Amount), ("rest", Amount), ("buy", Amount))
        },
        name="TermRows",
    )
):
    """A product; what its kind has no use for is not on its form."""

    version = fields.Integer(load_default=None)
    kind = fields.String(load_default=None, validate=one_of(*ProductKind))
    name = Text(longest=120, required=True)
    provider = Text(longest=120, load_default=None)
    valid_from = fields.Date(load_default=None)
    valid_until = fields.Date(load_default=None)
    price = Amount(load_default=None)
    cost = Amount(load_default=None)
    taxed = fields.String(load_default="", validate=one_of(*TAXED))
    capitalised = fields.Boolean(load_default=False)
    commissionable = fields.Boolean(load_default=False)
    conditions = fields.List(fields.String(validate=one_of(*Condition)), load_default=list)
    max_age_years = Whole(load_default=None, validate=validate.Range(0, 100))
    max_odometer = Whole(load_default=None, validate=validate.Range(0, 10_000_000))
    min_amount = Amount(load_default=None, validate=validate.Range(min=0))
    max_amount = Amount(load_default=None, validate=validate.Range(min=0))


class OfferForm(FormSchema):
    """A product put on the deal's worksheet; lending names its term."""

    product_id = fields.String(required=True)
    months = Whole(load_default=None)
    version = fields.Integer(load_default=None)


_LAYER: tuple[tuple[str, Any], ...] = (
    ("name", lambda: Text(longest=60, load_default=None)),
    ("rate", lambda: Amount(load_default=None)),
    ("cap", lambda: Amount(load_default=None)),
    ("base_from", lambda: Amount(load_default=None)),
    ("base_to", lambda: Amount(load_default=None)),
)


class TaxRuleForm(
    FormSchema.from_dict(  # type: ignore[misc]
        {f"layers.{at}.{name}": made() for at in range(LAYER_ROWS) for name, made in _LAYER}, name="LayerRows"
    )
):
    """A rule of the table; what its method has no use for says nothing."""

    version = fields.Integer(load_default=None)
    key = Text(longest=40, required=True)
    name = Text(longest=120, required=True)
    valid_from = fields.Date(required=True)
    valid_until = fields.Date(load_default=None)
    method = fields.String(required=True, validate=one_of(*TaxMethod))
    trade_credit = fields.Boolean(load_default=False)
    trade_credit_cap = Amount(load_default=None)
    rebate_reduces = fields.Boolean(load_default=False)
    discount_reduces = fields.Boolean(load_default=False)
    accessories_taxed = fields.Boolean(load_default=False)
    fees_taxed = fields.Boolean(load_default=False)
    products_taxed = fields.Boolean(load_default=False)
    included = fields.Boolean(load_default=False)
    purchase_rate = Amount(load_default=Decimal(0))
    relief_percent = Amount(load_default=Decimal(0))
    relief_cap = Amount(load_default=None)
    collected = fields.Boolean(load_default=False)


class RowForm(FormSchema):
    """The version of what a button was pressed for."""

    version = fields.Integer(load_default=None)
