"""What a new worksheet begins with: the store's tax rule, and the fees it asks of everybody."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields

from app.core.db import current_tenant
from app.core.errors import N_
from app.core.guard.permissions import Actor
from app.core.http.forms import Amount, FormSchema, Text
from app.core.money import plain_amount
from app.sales.queries import catalogue, policies
from app.sales.rules.policies import PolicyKind
from app.sales.views.settings.parts import Body, Setting

ROWS = 6


def _schema() -> type[Schema]:
    made: dict[str, fields.Field[Any]] = {"tax_key": Text(longest=40, load_default=None)}
    for at in range(ROWS):
        made |= {
            f"fees.{at}.label": Text(longest=120, load_default=None),
            f"fees.{at}.amount": Amount(load_default=None),
            f"fees.{at}.taxed": fields.Boolean(load_default=False),
        }
    return FormSchema.from_dict(made, name="FeesForm")


def _to_body(data: Mapping[str, Any]) -> Body:
    rows = [part for _, part in sorted(data["fees"].items()) if part["label"] and part["amount"] is not None]
    return {
        "tax_key": data["tax_key"],
        "fees": [{"label": row["label"], "amount": row["amount"], "taxed": row["taxed"]} for row in rows],
    }


def _to_values(body: Body | None) -> Mapping[str, Any]:
    values: dict[str, Any] = {"tax_key": (body or {}).get("tax_key") or ""}
    for at, fee in enumerate((body or {}).get("fees", ())):
        amount = plain_amount(Decimal(fee["amount"]), current_tenant().currency)
        values |= {f"fees.{at}.label": fee["label"], f"fees.{at}.amount": amount, f"fees.{at}.taxed": fee["taxed"]}
    return values


def _context(_actor: Actor) -> Mapping[str, Any]:
    rules = [(row.key, row.name) for row in catalogue.rules_on(policies.today_at(None))]
    return {"currency": current_tenant().currency, "tax_rules": rules, "rows": ROWS}


SETTING = Setting(
    kind=PolicyKind.FEES,
    label=N_("Taxes and fees of a new worksheet"),
    hint=N_("The tax rule of the store, and the fees that every deal begins with"),
    template="sales/settings/fees.html",
    schema=_schema,
    to_body=_to_body,
    to_values=_to_values,
    context=_context,
)
