"""What a deal stands on, as a snapshot keeps it and an approval is bound to: inputs read as they are stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.sales.models import Deal, DealLine, Scenario, TradeIn, Worksheet
from app.sales.queries.grossing import measure
from app.sales.rules.approvals import Figures

_LINE = ("kind", "label", "amount", "cost", "taxed", "capitalised", "commissionable")


def agreed_body(deal: Deal) -> dict[str, Any]:
    """What buyer and store agree on: price, discount, the chosen worksheet's lines and way to pay, and the trade-ins.

    Money paid meanwhile is not part of it: a deposit asks nobody again.
    """
    sheet = db.session.scalar(
        select(Worksheet)
        .where(Worksheet.deal_id == deal.id, Worksheet.chosen)
        .execution_options(populate_existing=True)
    )
    body: dict[str, Any] = {
        "price": deal.price,
        "discount": deal.discount,
        "currency": deal.currency,
        "deal_type": deal.deal_type,
        "trades": [_of(trade, ("vehicle_id", "allowance", "acv", "payoff")) for trade in _trades(deal)],
        "lines": [],
        "scenario": None,
        "tax": None,
    }
    if sheet is not None:
        lines = select(DealLine).where(DealLine.worksheet_id == sheet.id).order_by(DealLine.position, DealLine.id)
        ways = select(Scenario).where(Scenario.worksheet_id == sheet.id, Scenario.chosen)
        way = db.session.scalar(ways)
        body["lines"] = [_of(line, _LINE) for line in db.session.scalars(lines)]
        body["scenario"] = _of(way, ("kind", "terms", "buy_rate")) if way else None
        body["tax"] = sheet.tax_rule
    plain: dict[str, Any] = _plain(body)
    return plain


def digest_of(body: Mapping[str, Any]) -> bytes:
    """The mark of a body: the same for the same figures, whatever the order in which they were read."""
    return hashlib.sha256(canonical(body).encode()).digest()


def canonical(body: Any) -> str:
    """A body as one text: sorted, without spaces, amounts as exact texts."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def measured_figures(deal: Deal) -> Figures:
    """What limits are compared with: the front gross is that of the store's policy; costs leave only as a gross."""
    totals, earned = measure(deal)
    return Figures(deal.price, deal.discount, earned.front, totals.over_allowance)


def _trades(deal: Deal) -> list[TradeIn]:
    asked = select(TradeIn).where(TradeIn.deal_id == deal.id).order_by(TradeIn.vehicle_id)
    return list(db.session.scalars(asked.execution_options(populate_existing=True)))


def _of(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _plain(value: Any) -> Any:
    """As JSON holds it; an amount is the same however many zeros its column added."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def as_body(value: Any) -> Any:
    """Any values of a record as a body holds them."""
    return _plain(value)
