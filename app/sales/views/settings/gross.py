"""How a store counts gross: what is part of it, of what commission is paid on, of both or of nothing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields, validate

from app.core.db import current_tenant
from app.core.errors import N_
from app.core.guard.permissions import Actor
from app.core.http.forms import Amount, FormSchema, one_of
from app.core.money import plain_amount
from app.sales.rules.bodies import to_body
from app.sales.rules.gross import Counts, GrossPolicy
from app.sales.rules.gross_terms import GrossTerms, gross_terms
from app.sales.rules.policies import PolicyKind
from app.sales.views.settings.parts import Body, Setting

# What a policy says of each part, in the order of the form.
PARTS = {
    "holdback": N_("Holdback"),
    "fees": N_("Fees with a cost of their own, such as the doc fee"),
    "accessories": N_("Accessories"),
    "over_allowance": N_("Over-allowance on trade-ins"),
    "extras": N_("Extras the store pays for"),
    "included_tax": N_("Tax inside the prices"),
    "reserve": N_("Finance reserve"),
    "products": N_("Finance products"),
    "chargebacks": N_("Chargebacks of lenders and insurers"),
    "pack_counts": N_("Pack"),
}
COUNTS = {
    Counts.BOTH.value: N_("In the gross and in commission"),
    Counts.GROSS.value: N_("In the gross only"),
    Counts.COMMISSION.value: N_("In commission only"),
    Counts.NEVER.value: N_("Not counted"),
}


def _schema() -> type[Schema]:
    made: dict[str, fields.Field[Any]] = {
        name: fields.String(required=True, validate=one_of(*COUNTS)) for name in PARTS
    }
    percent = validate.Range(min=0, max=100)
    made["pack"] = Amount(load_default=Decimal(0), validate=validate.Range(min=0))
    made["reserve_share"] = Amount(load_default=Decimal(0), validate=percent)
    made["highest_spread"] = Amount(load_default=None, validate=percent)
    return FormSchema.from_dict(made, name="GrossForm")


def _to_body(data: Mapping[str, Any]) -> Body:
    counted: dict[str, Any] = {name: Counts(data[name]) for name in PARTS}
    terms = GrossTerms(
        GrossPolicy(pack=data["pack"] or Decimal(0), **counted),
        data["reserve_share"] or Decimal(0),
        data["highest_spread"],
    )
    found: Body = to_body(terms)
    return found


def _to_values(body: Body | None) -> Mapping[str, Any]:
    terms = gross_terms(body)
    chosen = {name: getattr(terms.policy, name).value for name in PARTS}
    spread = terms.highest_spread
    return {
        **chosen,
        "pack": plain_amount(terms.policy.pack, current_tenant().currency),
        "reserve_share": f"{terms.reserve_share:f}",
        "highest_spread": "" if spread is None else f"{spread:f}",
    }


def _context(_actor: Actor) -> Mapping[str, Any]:
    return {
        "currency": current_tenant().currency,
        "parts": [(name, gettext(label)) for name, label in PARTS.items()],
        "counts": [(key, gettext(label)) for key, label in COUNTS.items()],
    }


SETTING = Setting(
    kind=PolicyKind.GROSS,
    label=N_("Gross"),
    hint=N_("What counts in gross and in commission: pack, holdback, fees, reserve"),
    template="sales/settings/gross.html",
    schema=_schema,
    to_body=_to_body,
    to_values=_to_values,
    context=_context,
)
