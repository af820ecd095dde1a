"""Writing what hangs on a worksheet: its lines, its ways to pay, and what is agreed about the trade-ins."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal

from app.core.db import db
from app.core.db.columns import new_id
from app.core.guard.permissions import Actor
from app.core.money import round_amount
from app.inventory.queries.appraisals import is_there
from app.inventory.queries.trading import name_vehicles
from app.sales.models import DealLine, Scenario
from app.sales.operations.contents import SheetInput
from app.sales.queries import sheets
from app.sales.queries.sheets import Desk
from app.sales.rules.bodies import to_body
from app.sales.rules.scenarios import ScenarioKind


def store_lines(worksheet_id: uuid.UUID, content: SheetInput, before: Desk, currency: str) -> None:
    """Make the worksheet's lines those of `content`, in that order."""
    rows = {row.id: row for row in sheets.lines_of(worksheet_id)}
    costs = {item.id: item.line.cost for item in before.lines}
    for position, item in enumerate(content.lines, 1):
        row = rows.pop(item.id, None) if item.id else None
        if row is None:
            row = DealLine(id=item.id or new_id(), worksheet_id=worksheet_id)
            db.session.add(row)
        line = item.line
        cost = (costs.get(item.id) if item.id else None) if item.keep_cost else line.cost
        row.position, row.kind, row.label = position, line.kind.value, line.label.strip()
        row.amount, row.cost = round_amount(line.amount, currency), rounded(cost, currency)
        row.taxed, row.capitalised, row.commissionable = line.taxed, line.capitalised, line.commissionable
    for row in rows.values():
        db.session.delete(row)


def store_ways(worksheet_id: uuid.UUID, content: SheetInput, before: Desk) -> None:
    """Make the worksheet's ways to pay those of `content`; at most one of them is chosen."""
    rows = {row.id: row for row in sheets.scenarios_of(worksheet_id)}
    rates = {way.id: way.buy_rate for way in before.ways}
    chosen = next((at for at, way in enumerate(content.ways) if way.chosen), None)
    for row in rows.values():
        row.chosen = False
    # One is chosen at any time, so the old one steps back first.
    db.session.flush()
    for at, way in enumerate(content.ways):
        found = rows.pop(way.id, None) if way.id else None
        row = found or Scenario(id=way.id or new_id(), worksheet_id=worksheet_id)
        if found is None:
            db.session.add(row)
        row.position, row.kind, row.chosen = at + 1, ScenarioKind(way.scenario.kind).value, at == chosen
        row.terms = to_body(way.scenario)
        row.buy_rate = (rates.get(way.id) if way.id else None) if way.keep_buy_rate else way.buy_rate
    for row in rows.values():
        db.session.delete(row)


def store_trades(deal_id: uuid.UUID, content: SheetInput, currency: str) -> None:
    """Write what is agreed about the deal's trade-ins; those it does not name stay."""
    rows = {row.id: row for row in sheets.list_trades(deal_id)} if content.trades else {}
    for car in content.trades:
        row = rows.get(car.id)
        if row is None:
            continue
        row.allowance, row.payoff = round_amount(car.allowance, currency), round_amount(car.payoff, currency)
        row.lienholder = (car.lienholder or "").strip() or None
        if not car.keep_acv and rounded(car.acv, currency) != row.acv:
            # Another value than the appraisal's is somebody's own, but where an older state comes back whole.
            row.acv, row.appraisal_id = rounded(car.acv, currency), known_appraisal(car.appraisal_id)


def known_appraisal(appraisal_id: uuid.UUID | None) -> uuid.UUID | None:
    """The appraisal a worth that comes back was taken from, unless it was deleted meanwhile."""
    return appraisal_id if appraisal_id is not None and is_there(appraisal_id) else None


def rounded(amount: Decimal | None, currency: str) -> Decimal | None:
    """The amount at the minor unit; nothing stays nothing."""
    return None if amount is None else round_amount(amount, currency)


def car_names(actor: Actor, *desks: Desk) -> Mapping[uuid.UUID, str]:
    """What the cars taken in trade are called, by vehicle: the year, the make and the model."""
    found = name_vehicles(actor, {car.vehicle_id for desk in desks for car in desk.trades})
    return {
        key: " ".join(str(part) for part in (one.model_year, one.make, one.model) if part) for key, one in found.items()
    }
