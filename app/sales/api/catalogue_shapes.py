"""What goes in and out of the API of the catalogue and of the tax rules."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load

from app.core.http.api.fields import Flag, Instant, Money, Number, PublicId, Text, Whole
from app.core.http.api.schemas import OPEN, BodySchema, RecordSchema
from app.core.http.forms import one_of
from app.inventory.rules.stock import Condition
from app.sales.rules.catalogue import BuyRate, Eligibility, ProductKind, Term


class TermParts(BodySchema):
    """A lender's term: months, percent a year (a lease's money factor), and what remains at its end, percent."""

    months = Whole(required=True)
    rate = Number(required=True, as_string=True)
    rest = Number(load_default=None, allow_none=True, as_string=True)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Term:
        return Term(**data)


class BuyRateParts(BodySchema):
    """What the lender asks of the store for a term."""

    months = Whole(required=True)
    rate = Number(required=True, as_string=True)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> BuyRate:
        return BuyRate(**data)


class EligibilityParts(BodySchema):
    """For which deals a product is; what is null asks nothing. Amounts are of the selling price."""

    conditions = fields.List(fields.String(validate=one_of(*Condition)), load_default=list)
    max_age_years = Whole(load_default=None, allow_none=True)
    max_odometer = Whole(load_default=None, allow_none=True)
    min_amount = Number(load_default=None, allow_none=True, as_string=True)
    max_amount = Number(load_default=None, allow_none=True, as_string=True)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Eligibility:
        return Eligibility(**{**data, "conditions": tuple(data["conditions"])})


class TermSchema(Schema):
    """A lender's term as it is stored."""

    months = Whole()
    rate = fields.String()
    rest = fields.String(allow_none=True)


class BuyRateSchema(Schema):
    """A buy rate as it is stored."""

    months = Whole()
    rate = fields.String()


class EligibilitySchema(Schema):
    """For which deals a product is."""

    conditions = fields.List(fields.String())
    max_age_years = Whole(allow_none=True)
    max_odometer = Whole(allow_none=True)
    min_amount = fields.String(allow_none=True)
    max_amount = fields.String(allow_none=True)


class FIProductSchema(RecordSchema):
    """Something the finance office offers: lending has terms, everything else a price."""

    record = "fi_product"

    id = PublicId("fip", required=True)
    version = Whole()
    kind = fields.String(metadata={"enum": [*ProductKind]})
    name = fields.String()
    provider = fields.String(allow_none=True)
    valid_from = fields.Date()
    valid_until = fields.Date(allow_none=True)
    price = Money(allow_none=True)
    cost = Money(allow_none=True)
    taxed = fields.Boolean(allow_none=True)
    capitalised = fields.Boolean()
    commissionable = fields.Boolean()
    terms = fields.List(fields.Nested(TermSchema))
    buy_rates = fields.List(fields.Nested(BuyRateSchema))
    eligibility = fields.Nested(EligibilitySchema)
    created_at = Instant()
    updated_at = Instant()


class FIProductFields(BodySchema):
    """What can be said of a product."""

    name = Text(longest=120, required=True)
    provider = Text(longest=120, load_default=None, allow_none=True)
    valid_from = fields.Date(load_default=None, allow_none=True)
    valid_until = fields.Date(load_default=None, allow_none=True)
    price = Money(load_default=None, allow_none=True)
    cost = Money(load_default=None, allow_none=True)
    taxed = Flag(load_default=None, allow_none=True)
    capitalised = Flag(load_default=True)
    commissionable = Flag(load_default=True)
    terms = fields.List(fields.Nested(TermParts), load_default=list)
    buy_rates = fields.List(fields.Nested(BuyRateParts), load_default=list)
    eligibility = fields.Nested(EligibilityParts, load_default=Eligibility)


class NewFIProduct(FIProductFields):
    """A product with its kind, which stays."""

    kind = fields.String(required=True, validate=one_of(*ProductKind))


class TaxRuleSchema(RecordSchema):
    """A rule of the dated table; `body` is the rule, its rates and amounts as exact text."""

    record = "tax_rule"

    id = PublicId("tax", required=True)
    version = Whole()
    key = fields.String()
    name = fields.String()
    valid_from = fields.Date()
    valid_until = fields.Date(allow_none=True)
    body = fields.Dict(metadata={"guard": OPEN})
    created_at = Instant()
    updated_at = Instant()


class TaxRuleFields(BodySchema):
    """A rule with the days it holds for; what is not said of its body is as the rule of that method begins."""

    body = fields.Dict(required=True, keys=fields.String())
    valid_from = fields.Date(required=True)
    valid_until = fields.Date(load_default=None, allow_none=True)
