"""Cars taken in trade: several a deal, each a vehicle of the inventory; taken into stock when the deal is delivered."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError

from app.core.db import db
from app.core.db.violations import violated
from app.core.errors import FieldError, Invalid, NotFound, Stale
from app.core.guard import audit, undo
from app.core.guard.permissions import Actor
from app.core.jobs.events import publish
from app.core.money import round_amount
from app.inventory import queries as inventory
from app.sales import errors
from app.sales.errors import CarIsTraded, TradeIsInStock
from app.sales.events import WorksheetChanged
from app.sales.models import TRADED_VEHICLE, Deal, TradeIn
from app.sales.operations import parts
from app.sales.operations.telling import changes_between
from app.sales.operations.worksheets import open_deal
from app.sales.operations.worths import Worth, worth_of
from app.sales.queries import sheets
from app.sales.queries.sheets import Desk

_FIELDS = ("allowance", "payoff", "acv", "appraisal_id", "lienholder")
_ENDLESS = Decimal(10) ** 13


def add_trade(
    *,
    actor: Actor,
    deal_id: uuid.UUID,
    vehicle_id: uuid.UUID,
    allowance: Decimal,
    payoff: Decimal = Decimal(0),
    acv: Decimal | None = None,
    appraisal_id: uuid.UUID | None = None,
    lienholder: str | None = None,
    trade_id: uuid.UUID | None = None,
) -> TradeIn:
    """Take a vehicle in trade; `acv`, what it is worth to the store, is said by whoever sees costs, or taken from an
    approved appraisal: the one that is named, or the latest of the deal's store where neither is said.

    Raises Invalid, CarIsTraded, SheetIsFrozen, FieldClosed and WorthNeedsAppraisal; publishes WorksheetChanged.
    `trade_id` is for bringing one back with the id and the worth it had.
    """
    deal = open_deal(actor, deal_id)
    problems = _problems(allowance, payoff, acv)
    try:
        inventory.get_vehicle(actor, vehicle_id)
    except NotFound:
        problems.append(FieldError("vehicle_id", "unknown_choice", errors.UNKNOWN_CHOICE))
    if inventory.unit_info(actor, deal.stock_unit_id).vehicle_id == vehicle_id:
        problems.append(FieldError("vehicle_id", "same_vehicle", errors.SAME_VEHICLE))
    if problems:
        raise Invalid(problems)
    said = {name: value for name, value in (("acv", acv), ("appraisal_id", appraisal_id)) if value is not None}
    if trade_id is None:
        worth = worth_of(actor, deal, vehicle_id, said, None)
    else:
        worth = Worth(parts.rounded(acv, deal.currency), parts.known_appraisal(appraisal_id))
    before, currency = sheets.desk_of(actor, deal), deal.currency
    row = TradeIn(
        deal_id=deal.id,
        vehicle_id=vehicle_id,
        allowance=round_amount(allowance, currency),
        payoff=round_amount(payoff, currency),
        acv=worth.acv,
        appraisal_id=worth.appraisal_id,
        lienholder=(lienholder or "").strip() or None,
    )
    if trade_id is not None:
        row.id = trade_id
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError as error:
        if violated(error) == TRADED_VEHICLE:
            raise CarIsTraded(field="vehicle_id") from error
        raise
    _tell(actor, deal, before, "deal.add_trade_in")
    undo.offer(actor, "trade_in.add", {"name": deal.deal_number, "deal": deal.id, "id": row.id, "version": row.version})
    return row


def edit_trade(
    *,
    actor: Actor,
    deal_id: uuid.UUID,
    trade_id: uuid.UUID,
    version: int | None,
    allowance: Decimal,
    payoff: Decimal,
    lienholder: str | None = None,
    as_it_was: bool = False,
    **worth: Any,
) -> TradeIn:
    """Say anew what is agreed about a trade-in; `acv` and `appraisal_id` may be given too, by whoever sees costs.

    Raises Invalid, NotFound, Stale, SheetIsFrozen, TradeIsInStock, FieldClosed and WorthNeedsAppraisal; publishes
    WorksheetChanged. `as_it_was` brings back a worth that had been agreed to.
    """
    if worth.keys() - {"acv", "appraisal_id"}:
        raise TypeError(f"not to be edited here: {sorted(worth)}")
    deal = open_deal(actor, deal_id)
    row = _loose(deal, trade_id, version)
    problems = _problems(allowance, payoff, worth.get("acv"))
    if problems:
        raise Invalid(problems)
    before, currency = sheets.desk_of(actor, deal), deal.currency
    kept = {name: getattr(row, name) for name in _FIELDS}
    if as_it_was:
        found = Worth(worth.get("acv", row.acv), parts.known_appraisal(worth.get("appraisal_id", row.appraisal_id)))
    else:
        found = worth_of(actor, deal, row.vehicle_id, worth, row)
    row.acv, row.appraisal_id = found.acv, found.appraisal_id
    row.allowance, row.payoff = round_amount(allowance, currency), round_amount(payoff, currency)
    row.lienholder = (lienholder or "").strip() or None
    db.session.flush()
    _tell(actor, deal, before, "deal.edit_trade_in")
    undo.offer(
        actor, "trade_in.edit",
        {"name": deal.deal_number, "deal": deal.id, "id": row.id, "version": row.version, "before": kept},
    )  # fmt: skip
    return row


def remove_trade(*, actor: Actor, deal_id: uuid.UUID, trade_id: uuid.UUID, version: int | None = None) -> None:
    """Take a trade-in out of the deal; the vehicle stays known. Raises NotFound, Stale and TradeIsInStock.

    Publishes WorksheetChanged.
    """
    deal = open_deal(actor, deal_id)
    row = _loose(deal, trade_id, version)
    before = sheets.desk_of(actor, deal)
    kept = {name: getattr(row, name) for name in (*_FIELDS, "vehicle_id")}
    db.session.delete(row)
    db.session.flush()
    _tell(actor, deal, before, "deal.remove_trade_in")
    undo.offer(actor, "trade_in.remove", {"name": deal.deal_number, "deal": deal.id, "id": trade_id, "row": kept})


def _loose(deal: Deal, trade_id: uuid.UUID, version: int | None) -> TradeIn:
    """The trade-in, as long as it is not in stock."""
    row = sheets.get_trade(deal, trade_id)
    if version is not None and row.version != version:
        raise Stale
    if row.stock_unit_id is not None:
        raise TradeIsInStock
    return row


def _problems(allowance: Decimal, payoff: Decimal, acv: Decimal | None) -> list[FieldError]:
    named = (("allowance", allowance), ("payoff", payoff), ("acv", acv))
    return [
        FieldError(name, "not_possible", errors.AMOUNT_NOT_POSSIBLE)
        for name, amount in named
        if amount is not None and not (amount.is_finite() and 0 <= amount < _ENDLESS)
    ]


def _tell(actor: Actor, deal: Deal, before: Desk, action: str) -> None:
    """Write down what became of the trade-ins; whoever is editing a worksheet of the deal is told that they changed."""
    for sheet in sheets.list_worksheets(deal.id):
        sheet.updated_at = func.now()
    if before.id is None:
        # A default worksheet has the deal's own version.
        deal.updated_at = func.now()
    db.session.flush()
    after = sheets.desk_of(actor, deal)
    changes, personal = changes_between(before, after, parts.car_names(actor, before, after))
    audit.record(actor, action, "deal", deal.id, changes, personal, subject_id=deal.customer_id)
    publish(WorksheetChanged(deal.id))
