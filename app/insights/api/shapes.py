"""What the metrics say to programs."""

from __future__ import annotations

from marshmallow import Schema, fields

from app.core.http.api import BodySchema
from app.core.http.api.fields import Instant, MoneyParts, PublicId, Text


class FreshSchema(Schema):
    """How fresh the figures are: as of when they are right, and how many changes they have not taken in."""

    as_of = Instant(required=True, allow_none=True)
    recomputed_at = Instant(required=True, allow_none=True)
    waiting = fields.Integer(required=True)


class MetricSchema(Schema):
    """What a figure means. `version` rises when definition, population or null rule change."""

    name = fields.String(required=True)
    label = fields.String(required=True)
    definition = fields.String(required=True)
    unit = fields.String(required=True)
    null_rule = fields.String(required=True)
    time_zone = fields.String(required=True)
    population = fields.String(required=True)
    version = fields.Integer(required=True)
    fresh = fields.Nested(FreshSchema, required=True)


class MetricListSchema(Schema):
    """Every metric there is."""

    data = fields.List(fields.Nested(MetricSchema), required=True)


class BandSchema(Schema):
    """How many customers are in one band of the activity index."""

    band = fields.String(required=True)
    customers = fields.Integer(required=True)


class ActivityMetricSchema(Schema):
    """Customers by their activity: the bands are values of `filter[activity_band]` of the customers."""

    metric = fields.String(required=True)
    version = fields.Integer(required=True)
    store_id = PublicId("store", required=True, allow_none=True)
    bands = fields.List(fields.Nested(BandSchema), required=True)
    fresh = fields.Nested(FreshSchema, required=True)


class FigureSchema(Schema):
    """Sales, their total and its average; the average is null without sales."""

    sales = fields.Integer(required=True)
    total = fields.Nested(MoneyParts, required=True)
    average = fields.Nested(MoneyParts, required=True, allow_none=True)


class MonthFigureSchema(FigureSchema):
    """The figure of one month."""

    month = fields.String(required=True, metadata={"pattern": "^[0-9]{4}-[0-9]{2}$"})


class ModelFigureSchema(FigureSchema):
    """The figure of one model; make and model are what `make` and `model` take."""

    make = fields.String(required=True)
    model = fields.String(required=True)
    name = fields.String(required=True)


class PriceMetricSchema(Schema):
    """Average selling prices; months without sales are not among `by_month`."""

    metric = fields.String(required=True)
    version = fields.Integer(required=True)
    deal_type = fields.String(required=True)
    store_id = PublicId("store", required=True, allow_none=True)
    total = fields.Nested(FigureSchema, required=True)
    by_month = fields.List(fields.Nested(MonthFigureSchema), required=True)
    by_model = fields.List(fields.Nested(ModelFigureSchema), required=True)
    fresh = fields.Nested(FreshSchema, required=True)


class StoreQuestion(BodySchema):
    """Which store; all the caller may see when left out."""

    store_id = PublicId("store", load_default=None)


class PriceQuestion(StoreQuestion):
    """Which sales; months are ends included."""

    deal_type = Text(longest=20, load_default="retail")
    make = Text(longest=100, load_default=None)
    model = Text(longest=100, load_default=None)
    since = fields.Date(format="%Y-%m", load_default=None)
    until = fields.Date(format="%Y-%m", load_default=None)
