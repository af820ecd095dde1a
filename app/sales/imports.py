"""What can be imported into sales: delivered deals, each with its vehicle and the stock episode that it ended."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.core import clock
from app.core.db import current_tenant
from app.core.errors import N_, FieldError
from app.core.guard.permissions import Actor
from app.core.jobs.imports import parsing
from app.core.jobs.imports.kinds import (
    Choice,
    ImportField,
    ImportKind,
    ParsedRow,
    RowResult,
    Values,
    register,
    whole_row,
)
from app.core.jobs.imports.models import Outcome
from app.inventory import imports as inventory
from app.inventory.errors import BEFORE_ACQUIRED
from app.inventory.operations import bulk as stock_bulk
from app.inventory.operations.bulk import UnitInput
from app.inventory.rules.stock import Condition, closing_status
from app.sales import errors
from app.sales.operations import bulk
from app.sales.operations.bulk import DealInput
from app.sales.rules.status import amounts_are_possible
from app.tenants import queries as tenants


def _types(_actor: Actor) -> tuple[Choice, ...]:
    return (
        Choice("retail", N_("Retail"), ("r", "零售")),
        Choice("wholesale", N_("Wholesale"), ("w", "auction", "trade", "批发", "拍卖")),
        Choice("fleet", N_("Fleet"), ("大客户", "集团")),
        Choice("lease", N_("Lease"), ("leasing", "租赁", "融资租赁")),
    )


def _salespeople(_actor: Actor) -> list[Choice]:
    """Everybody by name; of two people with one name neither is meant by it."""
    users = tenants.list_active_users()
    counted = Counter(user.name for user in users)
    return [Choice(str(user.id), user.name) for user in users if counted[user.name] == 1]


def _identity(values: Values) -> tuple[Any, ...]:
    """The same car sold on the same day for the same price is the same sale, whoever wrote it down."""
    vin = inventory.full_vin(values)
    return (vin, values["sold_on"], values["price"]) if vin else whole_row(values)


def _problems(values: Values) -> list[FieldError]:
    today = clock.today(current_tenant().timezone)
    sold_on, delivered_on, acquired_on = values["sold_on"], values["delivered_on"], values["acquired_on"]
    days = (("sold_on", sold_on), ("delivered_on", delivered_on), ("acquired_on", acquired_on))
    found = [FieldError(name, "in_future", errors.IN_FUTURE) for name, day in days if day is not None and day > today]
    if delivered_on is not None and delivered_on < sold_on:
        found.append(FieldError("delivered_on", "before_sold", errors.BEFORE_SOLD, {"sold_on": sold_on.isoformat()}))
    if acquired_on is not None and acquired_on > (delivered_on or sold_on):
        params = {"acquired_on": acquired_on.isoformat()}
        found.append(FieldError("acquired_on", "before_acquired", BEFORE_ACQUIRED, params))
    if not amounts_are_possible(values["price"], values["discount"] or Decimal(0)):
        found.append(FieldError("discount", "price_not_possible", errors.PRICE_NOT_POSSIBLE))
    return found


def _apply(actor: Actor, rows: Sequence[ParsedRow]) -> Mapping[int, RowResult]:
    places = inventory.store_ids(actor, "deal.create")
    results: dict[int, RowResult] = {}
    for row in rows:
        problems = _problems(row.values)
        if problems:
            results[row.row_no] = inventory.refuse(problems)
    possible = [row for row in rows if row.row_no not in results]
    known = stock_bulk.find_vehicles([inventory.full_vin(row.values) for row in possible])
    for row in possible:
        vehicle = known.get(inventory.full_vin(row.values) or "")
        # A car that was in stock on that day is sold by its own unit; earlier sales are episodes of their own.
        if vehicle and vehicle.open_since and vehicle.open_since <= _ended(row.values):
            results[row.row_no] = inventory.in_stock(vehicle)
    taken = [row for row in possible if row.row_no not in results]
    cars = [inventory.vehicle_of(row.values, _ended(row.values)) for row in taken]
    vehicles = stock_bulk.find_or_add_vehicles(actor=actor, rows=cars)
    units = stock_bulk.stock_in_many(
        actor=actor,
        rows=[
            UnitInput(
                vehicle_id=vehicle.vehicle_id,
                store_id=places[row.values["store"]],
                acquired_on=row.values["acquired_on"] or _ended(row.values),
                status=closing_status(row.values["deal_type"]).value,
                condition=row.values["condition"] or Condition.USED.value,
                stock_number=row.values["stock_number"],
                cost=row.values.get("cost"),
                closed_on=_ended(row.values),
            )
            for row, vehicle in zip(taken, vehicles, strict=True)
        ],
    )
    deals = bulk.record_delivered_deals(
        actor=actor,
        rows=[_deal(row.values, unit_id, places) for row, unit_id in zip(taken, units, strict=True)],
    )
    for row, vehicle, unit_id, deal_id in zip(taken, vehicles, units, deals, strict=True):
        made = {"deal": deal_id, "stock_unit": unit_id, **({"vehicle": vehicle.vehicle_id} if vehicle.made else {})}
        results[row.row_no] = RowResult(Outcome.CREATED, made=made)
    return results


def _deal(values: Values, unit_id: uuid.UUID, places: Mapping[str, uuid.UUID]) -> DealInput:
    return DealInput(
        stock_unit_id=unit_id,
        store_id=places[values["store"]],
        deal_type=values["deal_type"],
        price=values["price"],
        discount=values["discount"] or Decimal(0),
        sold_on=values["sold_on"],
        delivered_on=_ended(values),
        deal_number=values["deal_number"],
        salesperson_id=uuid.UUID(values["salesperson"]) if values["salesperson"] else None,
        cost=values.get("cost"),
    )


def _ended(values: Values) -> Any:
    return values["delivered_on"] or values["sold_on"]


def _undo(actor: Actor, made: Sequence[Mapping[str, uuid.UUID]]) -> list[bool]:
    deals = bulk.unchanged_deals([row["deal"] for row in made])
    units = stock_bulk.unchanged_units([row["stock_unit"] for row in made])
    cars = stock_bulk.unchanged_vehicles([row["vehicle"] for row in made if "vehicle" in row])
    whole = [
        row["deal"] in deals and row["stock_unit"] in units and ("vehicle" not in row or row["vehicle"] in cars)
        for row in made
    ]
    gone = [row for row, unchanged in zip(made, whole, strict=True) if unchanged]
    bulk.take_back_deals(actor=actor, deal_ids=[row["deal"] for row in gone])
    vehicle_ids = [row["vehicle"] for row in gone if "vehicle" in row]
    stock_bulk.take_back_units(actor=actor, unit_ids=[row["stock_unit"] for row in gone], vehicle_ids=vehicle_ids)
    return whole


SALES = register(
    ImportKind(
        key="sales",
        label=N_("Sales"),
        permissions=("deal.create", "deal.deliver", "stock.create", "vehicle.create"),
        fields=(
            ImportField(
                "store",
                N_("Store"),
                aliases=inventory.STORE_ALIASES,
                required=True,
                choices=inventory.stores("deal.create"),
            ),
            ImportField(
                "deal_type",
                N_("Deal type"),
                aliases=("type", "sale type", "销售类型", "成交类型"),
                required=True,
                choices=_types,
            ),
            ImportField(
                "sold_on",
                N_("Sold on"),
                inventory.read_day,
                ("sale date", "sold date", "date of sale", "deal date", "date", "销售日期", "成交日期", "日期"),
                required=True,
            ),
            ImportField(
                "price",
                N_("Price"),
                parsing.money,
                ("selling price", "sale price", "sold price", "amount", "成交价", "售价", "价格", "销售价格"),
                required=True,
            ),
            ImportField("discount", N_("Discount"), parsing.money, ("优惠", "折扣金额")),
            ImportField(
                "delivered_on",
                N_("Delivered on"),
                inventory.read_day,
                ("delivery date", "delivered", "交车日期", "交付日期"),
            ),
            ImportField("deal_number", N_("Deal number"), parsing.up_to(32), ("deal", "deal no", "合同号", "订单号")),
            ImportField(
                "salesperson",
                N_("Salesperson"),
                aliases=("sales person", "sales rep", "sold by", "销售顾问", "销售员"),
                choices=_salespeople,
                nothing=parsing.NOT_A_WORD,
            ),
            *inventory.VEHICLE_FIELDS,
            *inventory.UNIT_FIELDS,
        ),
        identity=_identity,
        apply=_apply,
        undo=_undo,
    )
)
