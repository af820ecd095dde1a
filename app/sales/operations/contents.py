"""What a worksheet is saved with, and what must be right about it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from decimal import Decimal

from app.core.errors import FieldError
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.sales import errors
from app.sales.queries.sheets import Desk, TradedCar
from app.sales.rules.payments import HIGHEST_RATE
from app.sales.rules.scenarios import Scenario
from app.sales.rules.sheet import Line
from app.sales.rules.status import amounts_are_possible
from app.sales.rules.taxes import TaxRule

MOST = 60
_ENDLESS = Decimal(10) ** 13


@dataclass(frozen=True)
class LineInput:
    """A line as it is to be; without an id it is a new one. `keep_cost`: the cost is not this person's to say.

    `at` is where it stands in what was sent, for naming the fields of a refusal.
    """

    line: Line
    id: uuid.UUID | None = None
    keep_cost: bool = False
    at: str = ""


@dataclass(frozen=True)
class WayInput:
    """A way to pay as it is to be."""

    scenario: Scenario
    id: uuid.UUID | None = None
    buy_rate: Decimal | None = None
    keep_buy_rate: bool = False
    chosen: bool = False
    at: str = ""


@dataclass(frozen=True)
class TradeInput:
    """What is agreed about a car that is a trade-in of the deal already."""

    id: uuid.UUID
    allowance: Decimal
    payoff: Decimal
    acv: Decimal | None = None
    keep_acv: bool = False
    lienholder: str | None = None
    at: str = ""
    # Where the worth came from; a form never says it, so that a worth it changes is a worth of its own.
    appraisal_id: uuid.UUID | None = None


@dataclass(frozen=True)
class SheetInput:
    """A whole worksheet as it is to be. Trade-ins that are not named stay as they are."""

    price: Decimal
    discount: Decimal = Decimal(0)
    tax: TaxRule | None = None
    note: str | None = None
    lines: tuple[LineInput, ...] = ()
    ways: tuple[WayInput, ...] = ()
    trades: tuple[TradeInput, ...] = ()


def content_of(desk: Desk) -> SheetInput:
    """A worksheet as what would be saved to make it so again."""
    return SheetInput(
        desk.price,
        desk.discount,
        desk.tax,
        desk.note,
        tuple(LineInput(item.line, item.id) for item in desk.lines),
        tuple(WayInput(item.scenario, item.id, item.buy_rate, chosen=item.chosen) for item in desk.ways),
        tuple(_trade_of(car) for car in desk.trades),
    )


def is_same(content: SheetInput, desk: Desk) -> bool:
    """Whether saving it would change nothing."""
    costs = {item.id: item.line.cost for item in desk.lines}
    rates = {way.id: way.buy_rate for way in desk.ways}
    worths = {car.id: car.trade.acv for car in desk.trades}
    sources = {car.id: car.appraisal_id for car in desk.trades}
    plain = replace(
        content,
        lines=tuple(
            LineInput(replace(item.line, cost=costs.get(item.id)) if item.keep_cost and item.id else item.line, item.id)
            for item in content.lines
        ),
        ways=tuple(
            replace(
                way, at="", keep_buy_rate=False,
                buy_rate=rates.get(way.id) if way.keep_buy_rate and way.id else way.buy_rate,
            )
            for way in content.ways
        ),
        trades=tuple(
            replace(
                car, at="", keep_acv=False, acv=worths.get(car.id) if car.keep_acv else car.acv,
                appraisal_id=sources.get(car.id),
            )
            for car in content.trades
        ),
    )  # fmt: skip
    return plain == content_of(desk)


def _trade_of(car: TradedCar) -> TradeInput:
    agreed = car.trade
    return TradeInput(
        car.id, agreed.allowance, agreed.payoff, agreed.acv, lienholder=car.lienholder, appraisal_id=car.appraisal_id
    )


def problems_of(content: SheetInput) -> list[FieldError]:
    """What is wrong with it, by the fields of its form."""
    problems = []
    if not amounts_are_possible(content.price, content.discount):
        field = "discount" if amounts_are_possible(content.price, Decimal(0)) else "price"
        problems.append(FieldError(field, "price_not_possible", errors.PRICE_NOT_POSSIBLE))
    for item in content.lines:
        if not item.line.label.strip():
            problems.append(FieldError(f"{item.at}label", "required", errors.LABEL_MISSING))
    problems += [
        FieldError(field, "not_possible", errors.AMOUNT_NOT_POSSIBLE)
        for field, amount in _amounts(content)
        if amount is not None and not (amount.is_finite() and 0 <= amount < _ENDLESS)
    ]
    problems += [
        FieldError(f"{way.at}{name}", "rate_not_possible", errors.RATE_NOT_POSSIBLE)
        for way in content.ways
        for name, rate in (("apr", way.scenario.apr), ("buy_rate", way.buy_rate))
        if rate is not None and not (rate.is_finite() and 0 <= rate <= HIGHEST_RATE)
    ]
    if max(len(content.lines), len(content.ways), len(content.trades)) > MOST:
        problems.append(FieldError("price", "too_many", errors.TOO_MANY_LINES, {"most": MOST}))
    return problems


def _amounts(content: SheetInput) -> Iterator[tuple[str, Decimal | None]]:
    for item in content.lines:
        yield f"{item.at}amount", item.line.amount
        yield f"{item.at}cost", item.line.cost
    for way in content.ways:
        for field in fields(way.scenario):
            value = getattr(way.scenario, field.name)
            # A band of low mileage is worth points less.
            if isinstance(value, Decimal) and field.name not in ("apr", "mileage_adjustment"):
                yield f"{way.at}{field.name}", value
    for car in content.trades:
        yield f"{car.at}allowance", car.allowance
        yield f"{car.at}payoff", car.payoff
        yield f"{car.at}acv", car.acv


def check_costs(actor: Actor, content: SheetInput) -> None:
    """Raise FieldClosed where it says or empties a cost that the actor does not see."""
    policy = policy_for(actor)
    said = (
        ("deal_line", "cost", ((item.at, item.keep_cost) for item in content.lines)),
        ("scenario", "buy_rate", ((way.at, way.keep_buy_rate) for way in content.ways)),
        ("trade_in", "acv", ((car.at, car.keep_acv) for car in content.trades)),
    )
    for record, name, items in said:
        for at, kept in items:
            if not kept:
                policy.check_write(record, name, field=f"{at}{name}")
