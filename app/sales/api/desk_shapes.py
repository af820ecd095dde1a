"""What goes in and out of the API of worksheets and trade-ins."""

from __future__ import annotations

from decimal import Decimal

from marshmallow import Schema, fields
from marshmallow.validate import Length

from app.core.http.api.fields import Flag, Instant, Money, Number, PublicId, Text, Whole
from app.core.http.api.schemas import OPEN, BodySchema, RecordSchema
from app.core.http.forms import one_of
from app.sales.operations.contents import MOST
from app.sales.rules.leases import LeaseTax
from app.sales.rules.scenarios import Problem, ScenarioKind
from app.sales.rules.sheet import LineKind
from app.sales.rules.taxes import TaxKind, TaxPlace


def _zero() -> Decimal:
    return Decimal(0)


class TaxLineSchema(Schema):
    """One line of tax; inside a price, `base` is the part without the tax."""

    kind = fields.String(metadata={"enum": [*TaxKind]})
    name = fields.String()
    rate = Number(as_string=True)
    base = Money()
    amount = Money()
    place = fields.String(metadata={"enum": [*TaxPlace]})


class TotalsSchema(Schema):
    """What a worksheet comes to.

    Whoever sees no costs is told neither the over-allowance nor a tax on the margin; `_hidden` names what is left out.
    """

    selling_price = Money()
    accessories = Money()
    fees = Money()
    products = Money()
    rebates = Money()
    taxable = Money()
    taxes = fields.List(fields.Nested(TaxLineSchema))
    tax = Money()
    tax_included = Money()
    tax_aside = Money()
    total = Money()
    net_trade = Money()
    negative_equity = Money()
    over_allowance = Money(allow_none=True)
    deposit = Money()
    due = Money()
    hidden = fields.List(fields.String(), data_key="_hidden")


class QuoteSchema(Schema):
    """What a way to pay comes to; null where a figure has no meaning for its kind, and with a `problem`."""

    problem = fields.String(allow_none=True, metadata={"enum": [*Problem, None]})
    due_at_signing = Money()
    principal = Money(allow_none=True)
    amount_financed = Money(allow_none=True)
    interest = Money(allow_none=True)
    finance_charge = Money(allow_none=True)
    apr = Number(allow_none=True, as_string=True)
    payment = Money(allow_none=True)
    payments = Whole()
    last_payment = Money(allow_none=True)
    total_of_payments = Money(allow_none=True)
    adjusted_cap = Money(allow_none=True)
    residual = Money(allow_none=True)
    depreciation = Money(allow_none=True)
    rent_charge = Money(allow_none=True)
    base_payment = Money(allow_none=True)
    equivalent_rate = Number(allow_none=True, as_string=True)


class DealLineSchema(RecordSchema):
    """A line of a worksheet; `taxed` is null where the tax rule says it."""

    record = "deal_line"

    id = PublicId("line", required=True)
    kind = fields.String(metadata={"enum": [*LineKind]})
    label = fields.String()
    amount = Money()
    cost = Money(allow_none=True)
    taxed = fields.Boolean(allow_none=True)
    capitalised = fields.Boolean()
    commissionable = fields.Boolean()


class ScenarioTermsSchema(Schema):
    """The terms of a way to pay; its kind says which of them count."""

    down = Money()
    term_months = Whole(allow_none=True)
    apr = Number(allow_none=True, as_string=True)
    balloon = Money(allow_none=True)
    finance_charge = Money()
    charge_financed = fields.Boolean()
    first_payment_days = Whole()
    msrp = Money(allow_none=True)
    residual_percent = Number(allow_none=True, as_string=True)
    mileage_adjustment = Number(as_string=True)
    money_factor = Number(allow_none=True, as_string=True)
    tax_on = fields.String(metadata={"enum": [*LeaseTax]})
    acquisition_fee = Money()
    acquisition_capitalised = fields.Boolean()
    security_deposit = Money()


class ScenarioSchema(RecordSchema):
    """A way to pay; `buy_rate` is what the lender asks of the store."""

    record = "scenario"

    id = PublicId("way", required=True)
    kind = fields.String(metadata={"enum": [*ScenarioKind]})
    chosen = fields.Boolean()
    terms = fields.Nested(ScenarioTermsSchema)
    buy_rate = Number(allow_none=True, as_string=True)
    quote = fields.Nested(QuoteSchema, metadata={"guard": OPEN})


class WorksheetRowSchema(RecordSchema):
    """A worksheet by itself."""

    record = "worksheet"

    id = PublicId("wks", required=True)
    version = Whole()
    deal_id = PublicId("deal")
    number = Whole()
    chosen = fields.Boolean()
    price = Money()
    discount = Money()
    tax_key = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    created_at = Instant()
    updated_at = Instant()


class WorksheetSchema(WorksheetRowSchema):
    """A worksheet whole, with what it comes to; `tax_rule` is the rule as it was chosen, its numbers as exact text."""

    tax_rule = fields.Dict(allow_none=True)
    lines = fields.List(fields.Nested(DealLineSchema), metadata={"guard": OPEN})
    scenarios = fields.List(fields.Nested(ScenarioSchema), metadata={"guard": OPEN})
    totals = fields.Nested(TotalsSchema, metadata={"guard": OPEN})


class WorksheetListSchema(Schema):
    """All worksheets of one deal; there are never many."""

    data = fields.List(fields.Nested(WorksheetRowSchema), required=True)


class WorksheetCopy(BodySchema):
    """Which worksheet it begins with; the chosen one where none is said."""

    worksheet_id = PublicId("wks", load_default=None, allow_none=True)


class LineParts(BodySchema):
    """A line as it is to be; without an id it is new, and a cost that is not sent stays as it is."""

    id = PublicId("line", load_default=None, allow_none=True)
    kind = fields.String(required=True, validate=one_of(*LineKind))
    label = Text(longest=120, required=True)
    amount = Money(required=True)
    cost = Money(allow_none=True)
    taxed = Flag(load_default=None, allow_none=True)
    capitalised = Flag(load_default=True)
    commissionable = Flag(load_default=True)


class TermsParts(BodySchema):
    """Terms as they are to be."""

    down = Money(load_default=_zero)
    term_months = Whole(load_default=None, allow_none=True)
    apr = Number(load_default=None, allow_none=True, as_string=True)
    balloon = Money(load_default=None, allow_none=True)
    finance_charge = Money(load_default=_zero)
    charge_financed = Flag(load_default=True)
    first_payment_days = Whole(load_default=30)
    msrp = Money(load_default=None, allow_none=True)
    residual_percent = Number(load_default=None, allow_none=True, as_string=True)
    mileage_adjustment = Number(load_default=_zero, as_string=True)
    money_factor = Number(load_default=None, allow_none=True, as_string=True)
    tax_on = fields.String(load_default=LeaseTax.PAYMENT.value, validate=one_of(*LeaseTax))
    acquisition_fee = Money(load_default=_zero)
    acquisition_capitalised = Flag(load_default=True)
    security_deposit = Money(load_default=_zero)


class ScenarioParts(BodySchema):
    """A way to pay as it is to be; without an id it is new, and a buy rate that is not sent stays as it is."""

    id = PublicId("way", load_default=None, allow_none=True)
    kind = fields.String(required=True, validate=one_of(*ScenarioKind))
    chosen = Flag(load_default=False)
    terms = fields.Nested(TermsParts, required=True)
    buy_rate = Number(allow_none=True, as_string=True)


class WorksheetBody(BodySchema):
    """A worksheet whole, in the place of what is there: what is not in it is removed."""

    price = Money(required=True)
    discount = Money(load_default=_zero, allow_none=True)
    tax_key = Text(longest=60, load_default=None, allow_none=True)
    note = Text(longest=2000, load_default=None, allow_none=True)
    lines = fields.List(fields.Nested(LineParts), load_default=list, validate=Length(max=MOST))
    scenarios = fields.List(fields.Nested(ScenarioParts), load_default=list, validate=Length(max=MOST))


class TradeInSchema(RecordSchema):
    """A car the buyer gives in payment; `acv` is what it is worth to the store, `appraisal_id` the appraisal that was
    taken from, and `stock_unit_id` what it became."""

    record = "trade_in"

    id = PublicId("ti", required=True)
    version = Whole()
    deal_id = PublicId("deal")
    vehicle_id = PublicId("veh")
    stock_unit_id = PublicId("unit", allow_none=True)
    appraisal_id = PublicId("apr", allow_none=True)
    allowance = Money()
    payoff = Money()
    acv = Money(allow_none=True)
    lienholder = fields.String(allow_none=True)
    created_at = Instant()
    updated_at = Instant()


class TradeInListSchema(Schema):
    """All trade-ins of one deal; there are never many."""

    data = fields.List(fields.Nested(TradeInSchema), required=True)


class TradeInFields(BodySchema):
    """What is agreed about a trade-in. `appraisal_id` takes the worth of an approved appraisal that holds; another
    `acv` is one's own, as far as one person may name it."""

    allowance = Money(required=True)
    payoff = Money(load_default=_zero, allow_none=True)
    acv = Money(load_default=None, allow_none=True)
    appraisal_id = PublicId("apr", load_default=None, allow_none=True)
    lienholder = Text(longest=120, load_default=None, allow_none=True)


class NewTradeIn(TradeInFields):
    """A vehicle to be taken in trade. Without a worth it takes the latest approved one of the deal's store."""

    vehicle_id = PublicId("veh", required=True)
