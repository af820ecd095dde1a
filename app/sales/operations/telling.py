"""What the audit tells of a worksheet: what changed, a line or a car each, in the words people gave them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from app.core.money import plain_amount, round_amount
from app.sales.queries.sheets import Desk, SheetLine, TradedCar, Way
from app.sales.rules.scenarios import ScenarioKind

Changes = dict[str, tuple[Any, Any]]
Thing = TypeVar("Thing", SheetLine, Way, TradedCar)


def changes_between(before: Desk, after: Desk, names: Mapping[UUID, str]) -> tuple[Changes, Changes]:
    """The fields that tell the two apart, and those that tell of a person; `names` are the cars' by vehicle."""
    currency = after.currency

    def amount(value: Decimal) -> str:
        return plain_amount(value, currency)

    def line(item: SheetLine) -> str:
        flags = [] if item.line.taxed is None else ["taxed" if item.line.taxed else "not taxed"]
        flags += [] if item.line.capitalised else ["paid at signing"]
        flags += [] if item.line.commissionable else ["without commission"]
        return ", ".join((f"{item.line.label} {amount(item.line.amount)}", str(item.line.kind), *flags))

    def car(item: TradedCar) -> str:
        payoff = f" − {amount(item.trade.payoff)}" if item.trade.payoff else ""
        return f"{_car_name(item, names)} {amount(item.trade.allowance)}{payoff}"

    def worth(item: TradedCar) -> str | None:
        said = _cost(_car_name(item, names), item.trade.acv, currency)
        return f"{said}, appraised" if said and item.appraisal_id else said

    told: Changes = {
        "price": (round_amount(before.price, currency), round_amount(after.price, currency)),
        "discount": (round_amount(before.discount, currency), round_amount(after.discount, currency)),
        "tax": (_rule(before), _rule(after)),
        "lines": _apart(before.lines, after.lines, line),
        "line_costs": _apart(before.lines, after.lines, lambda item: _cost(item.line.label, item.line.cost, currency)),
        "ways_to_pay": _apart(before.ways, after.ways, lambda item: _way(item, currency)),
        "buy_rates": _apart(before.ways, after.ways, _buy_rate),
        "trade_ins": _apart(before.trades, after.trades, car),
        "trade_values": _apart(before.trades, after.trades, worth),
    }
    personal: Changes = {
        "sheet_note": (before.note, after.note),
        "lienholders": _apart(before.trades, after.trades, lambda item: item.lienholder),
    }
    return told, personal


def _apart(
    before: Iterable[Thing], after: Iterable[Thing], tell: Callable[[Thing], str | None]
) -> tuple[list[str] | None, list[str] | None]:
    """What is told of the things that are not told alike before and after; None where there is nothing to tell."""
    old, new = ({item.id: tell(item) for item in items} for items in (before, after))
    changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    left, right = ([text for key in changed if (text := found.get(key))] for found in (old, new))
    return left or None, right or None


def _car_name(item: TradedCar, names: Mapping[UUID, str]) -> str:
    return names.get(item.vehicle_id, "…")


def _cost(label: str, cost: Decimal | None, currency: str) -> str | None:
    return None if cost is None else f"{label} {plain_amount(cost, currency)}"


def _rule(desk: Desk) -> str | None:
    if desk.tax is None:
        return None
    rates = ", ".join(f"{layer.name} {layer.rate.normalize():f} %".strip() for layer in desk.tax.layers)
    return f"{desk.tax.name} ({rates})" if rates else desk.tax.name


def _way(way: Way, currency: str) -> str:
    terms = way.scenario
    parts = [str(terms.kind)]
    if terms.term_months and terms.kind is not ScenarioKind.CASH:
        parts.append(f"× {terms.term_months}")
    if terms.apr is not None and terms.kind in (ScenarioKind.LOAN, ScenarioKind.BALLOON):
        parts.append(f"{terms.apr.normalize():f} %")
    if terms.down:
        parts.append(f"down {plain_amount(terms.down, currency)}")
    if terms.balloon is not None and terms.kind is ScenarioKind.BALLOON:
        parts.append(f"balloon {plain_amount(terms.balloon, currency)}")
    if terms.money_factor is not None and terms.kind is ScenarioKind.LEASE:
        parts.append(f"factor {terms.money_factor.normalize():f}")
    return " ".join(parts) + (" ✓" if way.chosen else "")


def _buy_rate(way: Way) -> str | None:
    return None if way.buy_rate is None else f"{_way(way, 'USD').split(' ', 1)[0]} {way.buy_rate.normalize():f} %"
