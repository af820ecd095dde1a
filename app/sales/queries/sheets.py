"""Worksheets as everybody reads them: the stored one, or what a deal without any comes to.

Costs are among the values; whoever shows them asks the field policy.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from sqlalchemy import func, select

from app.core.db import db
from app.core.db.reads import kept
from app.core.errors import NotFound
from app.core.guard.permissions import Actor
from app.inventory.queries.trading import cost_of
from app.sales.models import Deal, DealLine, Scenario, TradeIn, Worksheet
from app.sales.queries.payments import deposits_of
from app.sales.rules import scenarios
from app.sales.rules.bodies import from_body
from app.sales.rules.sheet import Line, LineKind, Sheet, Trade
from app.sales.rules.status import AGREED, ENDED
from app.sales.rules.taxes import TaxMethod, TaxRule


@dataclass(frozen=True)
class SheetLine:
    """A line with its id, by which a form means it."""

    id: uuid.UUID
    line: Line


@dataclass(frozen=True)
class Way:
    """A way to pay with its id; `buy_rate` is what the bank asks of the store."""

    id: uuid.UUID
    scenario: scenarios.Scenario
    buy_rate: Decimal | None = None
    chosen: bool = False


@dataclass(frozen=True)
class TradedCar:
    """A car taken in trade."""

    id: uuid.UUID
    vehicle_id: uuid.UUID
    trade: Trade
    lienholder: str | None = None
    stock_unit_id: uuid.UUID | None = None
    version: int = 1
    appraisal_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Desk:
    """One worksheet of a deal whole. `id` is None for the default one, which nobody has stored yet.

    `version` is what a save must say it has read; of a default one it is the deal's, below zero.
    """

    deal_id: uuid.UUID
    currency: str
    id: uuid.UUID | None
    number: int
    chosen: bool
    version: int
    price: Decimal
    discount: Decimal
    tax: TaxRule | None
    note: str | None
    lines: tuple[SheetLine, ...]
    ways: tuple[Way, ...]
    trades: tuple[TradedCar, ...]
    deposit: Decimal
    # Of the car that is sold; read where the tax rule looks at it.
    purchase_cost: Decimal | None = None

    @cached_property
    def sheet(self) -> Sheet:
        """The values the rules calculate with."""
        return Sheet(
            currency=self.currency,
            price=self.price,
            discount=self.discount,
            lines=tuple(line.line for line in self.lines),
            trades=tuple(car.trade for car in self.trades),
            tax=self.tax,
            deposit=self.deposit,
            purchase_cost=self.purchase_cost,
        )

    @property
    def way(self) -> Way | None:
        """The chosen way to pay."""
        return next((way for way in self.ways if way.chosen), None)


def sheet_of(actor: Actor, deal: Deal) -> Sheet:
    """The chosen worksheet of a deal as the rules calculate with it, the deposit paid so far in it.

    The caller has checked that the actor may see the deal.
    """
    return desk_of(actor, deal).sheet


def desk_of(_actor: Actor, deal: Deal, number: int | None = None, *, parts: bool = True) -> Desk:
    """The deal's worksheet of this number, the chosen one without; raises NotFound where there is no such number.

    Without `parts` it has neither lines nor ways to pay: for whoever brings them.
    """
    return _desk(deal, number, parts)


@kept
def _desk(deal: Deal, number: int | None, parts: bool) -> Desk:
    asked = select(Worksheet).where(Worksheet.deal_id == deal.id)
    asked = asked.where(Worksheet.chosen if number is None else Worksheet.number == number)
    row = db.session.scalar(asked.execution_options(populate_existing=True))
    if row is None and number is not None:
        raise NotFound
    return read_desk(deal, row, parts=parts)


@kept
def find_chosen(deal_id: uuid.UUID) -> Worksheet | None:
    """The deal's chosen worksheet, read anew."""
    asked = select(Worksheet).where(Worksheet.deal_id == deal_id, Worksheet.chosen)
    return db.session.scalar(asked.execution_options(populate_existing=True))


def get_worksheet(deal: Deal, worksheet_id: uuid.UUID) -> Worksheet:
    """The worksheet of this deal; raises NotFound."""
    asked = select(Worksheet).where(Worksheet.deal_id == deal.id, Worksheet.id == worksheet_id)
    row = db.session.scalar(asked.execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    return row


def list_worksheets(deal_id: uuid.UUID) -> Sequence[Worksheet]:
    """The worksheets of a deal in the order of their numbers."""
    statement = select(Worksheet).where(Worksheet.deal_id == deal_id).order_by(Worksheet.number)
    return db.session.scalars(statement).all()


def next_number(deal_id: uuid.UUID) -> int:
    """The number of the deal's next worksheet."""
    return (db.session.scalar(select(func.max(Worksheet.number)).where(Worksheet.deal_id == deal_id)) or 0) + 1


def read_desk(deal: Deal, row: Worksheet | None, *, parts: bool = True) -> Desk:
    """A stored worksheet with all that hangs on it, or the default one of a deal that has none."""
    cars = tuple(map(read_car, list_trades(deal.id)))
    deposit = deposits_of(deal.id)
    if row is None:
        return Desk(
            deal.id, deal.currency, None, 1, True, -deal.version, deal.price, deal.discount, None, None, (), (), cars,
            deposit,
        )  # fmt: skip
    tax = None if row.tax_rule is None else TaxRule.from_body(row.tax_rule)
    return Desk(
        deal_id=deal.id,
        currency=deal.currency,
        id=row.id,
        number=row.number,
        chosen=row.chosen,
        version=row.version,
        price=row.price,
        discount=row.discount,
        tax=tax,
        note=row.note,
        lines=tuple(map(read_line, lines_of(row.id))) if parts else (),
        ways=tuple(map(read_way, scenarios_of(row.id))) if parts else (),
        trades=cars,
        deposit=deposit,
        purchase_cost=cost_of(deal.stock_unit_id) if tax is not None and tax.method is TaxMethod.MARGIN else None,
    )


def lines_of(worksheet_id: uuid.UUID) -> Sequence[DealLine]:
    """The lines of a worksheet in their order."""
    asked = select(DealLine).where(DealLine.worksheet_id == worksheet_id)
    asked = asked.order_by(DealLine.position, DealLine.id)
    return db.session.scalars(asked.execution_options(populate_existing=True)).all()


def scenarios_of(worksheet_id: uuid.UUID) -> Sequence[Scenario]:
    """The ways to pay of a worksheet in their order."""
    asked = select(Scenario).where(Scenario.worksheet_id == worksheet_id)
    asked = asked.order_by(Scenario.position, Scenario.id)
    return db.session.scalars(asked.execution_options(populate_existing=True)).all()


def list_trades(deal_id: uuid.UUID) -> Sequence[TradeIn]:
    """The cars taken in trade, in the order in which they came."""
    asked = select(TradeIn).where(TradeIn.deal_id == deal_id).order_by(TradeIn.id)
    return db.session.scalars(asked.execution_options(populate_existing=True)).all()


def get_trade(deal: Deal, trade_id: uuid.UUID) -> TradeIn:
    """One car of a deal taken in trade; raises NotFound."""
    row = db.session.scalar(select(TradeIn).where(TradeIn.deal_id == deal.id, TradeIn.id == trade_id))
    if row is None:
        raise NotFound
    return row


def read_line(row: DealLine) -> SheetLine:
    """A stored line as the rules have it."""
    line = Line(
        LineKind(row.kind), row.label, row.amount, row.cost, row.taxed, row.capitalised, row.commissionable
    )  # fmt: skip
    return SheetLine(row.id, line)


def read_way(row: Scenario) -> Way:
    """A stored way to pay as the rules have it."""
    return Way(row.id, from_body(scenarios.Scenario, row.terms), row.buy_rate, row.chosen)


def read_car(row: TradeIn) -> TradedCar:
    """A stored trade-in as the rules have it."""
    trade = Trade(row.allowance, row.payoff, row.acv)
    return TradedCar(
        row.id, row.vehicle_id, trade, row.lienholder, row.stock_unit_id, row.version, row.appraisal_id
    )  # fmt: skip


def is_frozen(deal: Deal) -> bool:
    """Whether the deal's worksheets stay as they are: it is agreed, or it has ended."""
    return deal.status in AGREED or deal.status in ENDED
