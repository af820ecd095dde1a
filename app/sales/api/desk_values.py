"""Worksheets and trade-ins as JSON values, each part by the field policy of its own kind of record."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from marshmallow import Schema

from app.core.guard.permissions import Actor
from app.core.guard.policy import Sight, policy_for
from app.core.http.api import RecordSchema
from app.core.http.api.dumping import plan_for
from app.sales.api.desk_shapes import (
    DealLineSchema,
    QuoteSchema,
    ScenarioSchema,
    ScenarioTermsSchema,
    TotalsSchema,
    TradeInSchema,
    WorksheetRowSchema,
    WorksheetSchema,
)
from app.sales.models import Deal, TradeIn, Worksheet
from app.sales.queries.sheets import Desk, read_desk
from app.sales.rules.scenarios import quote
from app.sales.rules.sheet import Totals, total

_TOTALS, _QUOTE, _TERMS = TotalsSchema(exclude=("hidden",)), QuoteSchema(), ScenarioTermsSchema()


def show_row(actor: Actor, deal: Deal, row: Worksheet) -> dict[str, Any]:
    """A worksheet by itself."""
    return _dumped(actor, WorksheetRowSchema, _columns(row, deal.currency))


def show_worksheet(actor: Actor, deal: Deal, row: Worksheet) -> dict[str, Any]:
    """A worksheet whole, with its totals and a quote of each way to pay."""
    desk = read_desk(deal, row)
    totals = total(desk.sheet)
    parts = {
        "lines": _lines(actor, desk), "scenarios": _scenarios(actor, desk, totals),
        "totals": _totals(actor, totals),
    }  # fmt: skip
    own = {**_columns(row, deal.currency), "lines": None, "scenarios": None, "totals": None}
    return {**_dumped(actor, WorksheetSchema, own), **parts}


def show_trade(actor: Actor, deal: Deal, row: TradeIn) -> dict[str, Any]:
    """A trade-in."""
    return _dumped(actor, TradeInSchema, _columns(row, deal.currency))


def sees_costs(actor: Actor) -> bool:
    """Whether the actor sees what things cost the store."""
    return policy_for(actor).group("cost") is Sight.VISIBLE


def _lines(actor: Actor, desk: Desk) -> list[dict[str, Any]]:
    return [
        _dumped(actor, DealLineSchema, {"id": item.id, **vars(item.line), "currency": desk.currency})
        for item in desk.lines
    ]


def _scenarios(actor: Actor, desk: Desk, totals: Totals) -> list[dict[str, Any]]:
    found = []
    for way in desk.ways:
        own = {
            "id": way.id, "kind": way.scenario.kind, "chosen": way.chosen, "buy_rate": way.buy_rate,
            "terms": None, "quote": None,
        }  # fmt: skip
        found.append(
            {
                **_dumped(actor, ScenarioSchema, own),
                "terms": _with_currency(_TERMS, vars(way.scenario), desk.currency),
                "quote": _QUOTE.dump(quote(desk.sheet, way.scenario, totals)),
            }
        )
    return found


def _totals(actor: Actor, totals: Totals) -> dict[str, Any]:
    """The totals, without what a cost could be worked out of where the actor sees none."""
    sees = sees_costs(actor)
    shown = [line for line in totals.taxes if sees or not line.confidential]
    lines = [SimpleNamespace(**vars(line), currency=totals.currency) for line in shown]
    body = _with_currency(_TOTALS, {**vars(totals), "taxes": lines}, totals.currency)
    closed = [] if sees else ["over_allowance"]
    if len(shown) < len(totals.taxes):
        closed.append("tax_included")
    for name in closed:
        del body[name]
    return {**body, "_hidden": closed} if closed else body


def _with_currency(schema: Schema, values: Mapping[str, Any], currency: str) -> dict[str, Any]:
    found: dict[str, Any] = schema.dump(SimpleNamespace(**{**values, "currency": currency}))
    return found


def _columns(row: Any, currency: str) -> dict[str, Any]:
    names = row.__table__.columns.keys()
    return {**{name: getattr(row, name) for name in names}, "currency": currency}


def _dumped(actor: Actor, schema: type[RecordSchema], values: Mapping[str, Any]) -> dict[str, Any]:
    return plan_for(schema, list(values), policy_for(actor)).dump(list(values.values()))
