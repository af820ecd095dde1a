"""Taking vehicles into stock, moving and pricing the units, and ending their episodes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.numbering import next_number
from app.core.db.violations import violated
from app.core.errors import FieldError, Invalid, Stale
from app.core.guard import audit, undo
from app.core.guard.permissions import Actor, check
from app.core.guard.policy import policy_for
from app.core.jobs.events import publish
from app.core.lists import search
from app.core.money import round_amount
from app.inventory import errors, queries
from app.inventory.errors import MoveNotAllowed, StockNumberTaken, UnitIsClosed, VehicleAlreadyInStock
from app.inventory.events import UnitClosed, UnitCostChanged, UnitMoved, UnitPriceChanged, UnitStockedIn
from app.inventory.models import OPEN_EPISODE, STOCK_NUMBER, PriceChange, StockUnit
from app.inventory.rules import stock
from app.inventory.rules.stock import Condition, StockStatus
from app.tenants import queries as tenants

_FIELDS = ("stock_number", "status", "condition", "cost", "asking_price", "acquired_on", "closed_on")
_FOUND_BY = ("stock_number", "closed_on")


def stock_in_unit(
    *,
    actor: Actor,
    vehicle_id: uuid.UUID,
    store_id: uuid.UUID,
    stock_number: str | None = None,
    status: str = StockStatus.AVAILABLE.value,
    condition: str = Condition.USED.value,
    cost: Decimal | None = None,
    asking_price: Decimal | None = None,
    acquired_on: date | None = None,
) -> StockUnit:
    """Open a stock episode of the vehicle at the store; the number is given out where none is typed.

    Raises Invalid, VehicleAlreadyInStock naming the open unit, and StockNumberTaken; publishes UnitStockedIn.
    """
    check(actor, "stock.create", store_id=store_id)
    today = clock.today(tenants.get_store(store_id).timezone)
    problems = _problems(actor, store_id, today, cost, asking_price, acquired_on or today, condition)
    if status not in stock.ENTRY:
        problems.append(FieldError("status", "unknown_choice", errors.UNKNOWN_CHOICE))
    if problems:
        raise Invalid(problems)
    # The lock makes a second stock-in of the same vehicle wait, and then be told the first one's number.
    vehicle = queries.get_vehicle(actor, vehicle_id, lock=True)
    refuse_second_episode(vehicle.id)
    currency = current_tenant().currency
    unit = StockUnit(
        vehicle_id=vehicle.id,
        store_id=store_id,
        stock_number=free_number(store_id, stock_number),
        status=status,
        condition=condition,
        cost=_rounded(cost, currency),
        asking_price=_rounded(asking_price, currency),
        currency=currency,
        acquired_on=acquired_on or today,
    )
    insert_unit(unit)
    if unit.asking_price is not None:
        _note_price(actor, unit, None, None, None)
    note_change(actor, "stock.create", unit, {})
    publish(UnitStockedIn(unit.id, unit.vehicle_id, unit.store_id, unit.acquired_on))
    return unit


def edit_unit(
    *,
    actor: Actor,
    unit_id: uuid.UUID,
    version: int,
    stock_number: str,
    condition: str,
    acquired_on: date,
    **money: Decimal | None,
) -> StockUnit:
    """Correct an open unit; `cost` may be given too, by whoever sees it. Price and status have verbs of
    their own. Raises Invalid, StockNumberTaken, UnitIsClosed and Stale; publishes UnitCostChanged."""
    if money.keys() - {"cost"}:
        raise TypeError(f"not to be edited here: {sorted(money)}")
    unit = load_unit(actor, unit_id, version, "stock.edit")
    today = clock.today(tenants.get_store(unit.store_id).timezone)
    problems = _problems(actor, unit.store_id, today, money.get("cost"), None, acquired_on, condition)
    if not stock_number.strip():
        problems.append(FieldError("stock_number", "required", errors.REQUIRED))
    if problems:
        raise Invalid(problems)
    before = state_of(unit)
    if stock_number.strip() != unit.stock_number:
        unit.stock_number = free_number(unit.store_id, stock_number)
    unit.condition, unit.acquired_on = condition, acquired_on
    if "cost" in money:
        policy_for(actor).check_write("stock_unit", "cost", field="cost")
        unit.cost = _rounded(money["cost"], unit.currency)
    flush_unit(unit)
    note_change(actor, "stock.edit", unit, before)
    if unit.cost != before["cost"]:
        publish(UnitCostChanged(unit.id))
    _offer(actor, "stock.edit", unit, {n: before[n] for n in ("stock_number", "condition", "acquired_on", *money)})
    return unit


def change_price(
    *, actor: Actor, unit_id: uuid.UUID, version: int, asking_price: Decimal | None, reason: str | None = None,
    at: datetime | None = None,
) -> StockUnit:
    """Set, change or take away the asking price and keep the change; raises Invalid, UnitIsClosed and Stale.

    Publishes UnitPriceChanged; the same price again changes nothing. History that comes in late says `at`.
    """
    unit = load_unit(actor, unit_id, version, "stock.price")
    if not stock.amount_is_possible(asking_price):
        raise Invalid([FieldError("asking_price", "not_possible", errors.NOT_POSSIBLE)])
    before, price = state_of(unit), _rounded(asking_price, unit.currency)
    if price == unit.asking_price:
        return unit
    unit.asking_price = price
    _note_price(actor, unit, before["asking_price"], (reason or "").strip() or None, at)
    flush_unit(unit)
    note_change(actor, "stock.price", unit, before)
    _offer(actor, "stock.price", unit, {"asking_price": before["asking_price"]})
    publish(UnitPriceChanged(unit.id, before["asking_price"], price))
    return unit


def move_status(*, actor: Actor, unit_id: uuid.UUID, version: int, status: str, on: date | None = None) -> StockUnit:
    """Move a unit to another status; one that ends the episode closes it `on` that day (today where none is given).

    Raises MoveNotAllowed, Invalid and Stale; publishes UnitMoved or UnitClosed.
    """
    unit = load_unit(actor, unit_id, version, "stock.move")
    if status not in set(StockStatus):
        raise Invalid([FieldError("status", "unknown_choice", errors.UNKNOWN_CHOICE)])
    wanted, before = StockStatus(status), state_of(unit)
    if not stock.may_move(StockStatus(unit.status), wanted):
        raise MoveNotAllowed(field="status", before=unit.status, after=status)
    if not stock.is_open(wanted):
        today = clock.today(tenants.get_store(unit.store_id).timezone)
        _close(unit, wanted, on or today, today)
    else:
        unit.status = wanted.value
    flush_unit(unit)
    note_change(actor, "stock.move", unit, before)
    _offer(actor, "stock.move", unit, {"status": before["status"]})
    if unit.closed_on is not None:
        publish(UnitClosed(unit.id, unit.vehicle_id, unit.status, unit.closed_on))
    else:
        publish(UnitMoved(unit.id, before["status"], unit.status))
    return unit


def load_unit(actor: Actor, unit_id: uuid.UUID, version: int, permission: str) -> StockUnit:
    """The open unit, locked, for whoever holds `permission` over it; raises NotFound, UnitIsClosed and Stale."""
    unit = queries.get_unit(actor, unit_id, lock=True)
    check(actor, permission, store_id=unit.store_id)
    if unit.version != version:
        raise Stale
    if unit.closed_on is not None:
        raise UnitIsClosed(stock_number=unit.stock_number)
    return unit


def _close(unit: StockUnit, status: StockStatus, on: date, today: date) -> None:
    if on > today:
        raise Invalid([FieldError("on", "in_future", errors.IN_FUTURE)])
    if on < unit.acquired_on:
        params = {"acquired_on": unit.acquired_on.isoformat()}
        raise Invalid([FieldError("on", "before_acquired", errors.BEFORE_ACQUIRED, params)])
    unit.status, unit.closed_on = status.value, on


def _problems(
    actor: Actor,
    store_id: uuid.UUID,
    today: date,
    cost: Decimal | None,
    asking_price: Decimal | None,
    acquired_on: date,
    condition: str,
) -> list[FieldError]:
    if cost is not None:
        policy_for(actor).check_write("stock_unit", "cost", field="cost")
    named = (("cost", cost), ("asking_price", asking_price))
    wrong = [name for name, amount in named if not stock.amount_is_possible(amount)]
    problems = [FieldError(name, "not_possible", errors.NOT_POSSIBLE) for name in wrong]
    if condition not in set(Condition):
        problems.append(FieldError("condition", "unknown_choice", errors.UNKNOWN_CHOICE))
    if acquired_on > today:
        problems.append(FieldError("acquired_on", "in_future", errors.IN_FUTURE))
    return problems


def refuse_second_episode(vehicle_id: uuid.UUID) -> None:
    """Raise VehicleAlreadyInStock, naming the unit, where the vehicle has an open episode."""
    other = queries.open_unit_of(vehicle_id)
    if other is not None:
        raise VehicleAlreadyInStock(stock_number=other.stock_number)


def free_number(store_id: uuid.UUID, typed: str | None) -> str:
    """The typed stock number, or the next free one: people may have used numbers the counter has not reached."""
    number = (typed or "").strip()
    if number:
        if queries.stock_number_taken(store_id, number):
            raise StockNumberTaken(field="stock_number", stock_number=number)
        return number
    while True:
        number = f"S-{next_number('stock', store_id)}"
        if not queries.stock_number_taken(store_id, number):
            return number


def insert_unit(unit: StockUnit) -> None:
    """Store a new unit; the lock on the vehicle makes the conflict rare, and the index makes it impossible."""
    vehicle_id = unit.vehicle_id
    try:
        with db.session.begin_nested():
            db.session.add(unit)
            flush_unit(unit)
    except IntegrityError as error:
        if violated(error) != OPEN_EPISODE:
            raise
        # Whoever came first has committed by now, so the unit that stands in the way can be named.
        other = queries.open_unit_of(vehicle_id)
        raise VehicleAlreadyInStock(stock_number=other.stock_number if other else "?") from error


def flush_unit(unit: StockUnit) -> None:
    """Send the unit to the database; raises StockNumberTaken."""
    number = unit.stock_number
    try:
        db.session.flush()
    except IntegrityError as error:
        if violated(error) == STOCK_NUMBER:
            raise StockNumberTaken(field="stock_number", stock_number=number) from error
        raise


def _note_price(actor: Actor, unit: StockUnit, before: Decimal | None, reason: str | None, at: datetime | None) -> None:
    db.session.add(
        PriceChange(
            stock_unit_id=unit.id,
            changed_by=actor.user_id,
            price_before=before,
            price_after=unit.asking_price,
            currency=unit.currency,
            reason=reason,
            changed_at=at or clock.now(),
        )
    )


def _rounded(amount: Decimal | None, currency: str) -> Decimal | None:
    return None if amount is None else round_amount(amount, currency)


def _offer(actor: Actor, kind: str, unit: StockUnit, before: Mapping[str, Any]) -> None:
    undo.offer(actor, kind, {"id": unit.id, "version": unit.version, "name": unit.stock_number, "before": before})


def state_of(unit: StockUnit) -> dict[str, Any]:
    """The unit's fields as the audit tells of them."""
    return {name: getattr(unit, name) for name in _FIELDS}


def note_change(actor: Actor, action: str, unit: StockUnit, before: Mapping[str, Any]) -> None:
    """Write down what an operation has made of the unit, and have it found by its new words."""
    changes = {name: (before.get(name), getattr(unit, name)) for name in _FIELDS}
    audit.record(actor, action, "stock_unit", unit.id, changes=changes)
    if any(changes[name][0] != changes[name][1] for name in _FOUND_BY):
        search.refresh("stock_unit", [unit.id])
