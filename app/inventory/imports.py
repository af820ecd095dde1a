"""What can be imported into the inventory: vehicles with the open stock unit each of them is."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

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
from app.core.jobs.imports.parsing import Unparsable
from app.inventory import errors
from app.inventory.errors import VehicleAlreadyInStock
from app.inventory.operations import bulk
from app.inventory.operations.bulk import FoundVehicle, UnitInput, VehicleInput
from app.inventory.rules import odometer as odometers
from app.inventory.rules import plates
from app.inventory.rules import vin as vins
from app.inventory.rules.stock import Condition
from app.inventory.rules.vin import VinProblem, VinStatus
from app.tenants import queries as tenants

CHECK_DIGIT = N_("The check digit of this VIN is wrong.")
NOT_A_VIN = N_("This is not a vehicle number.")
LISTED_TWICE = N_("An earlier row of this file lists the same vehicle.")
# Where the odometer of a car that says nothing counts miles.
_MILES = frozenset({"US", "GB", "LR", "MM"})


class Vin(NamedTuple):
    """A vehicle number as it stands in the file, and in its one form."""

    raw: str
    number: str
    status: VinStatus

    def __str__(self) -> str:
        return self.number


def read_vin(text: str) -> Vin:
    """A vehicle number that may be taken without anybody's reason; a short one must have a digit, as every one has."""
    raw = text.strip()
    number = raw.upper() if raw.isascii() and raw.isalnum() else vins.normalise(raw)
    status = vins.status_of(number)
    problem = None if status is VinStatus.VALID else vins.problem_of(number)
    if problem is VinProblem.CHECK_DIGIT:
        raise Unparsable("vin_check_digit", CHECK_DIGIT)
    if problem is VinProblem.LETTERS:
        raise Unparsable("vin_letters", N_("A VIN never has the letters I, O or Q."))
    short_without_digit = len(number) < vins.LENGTH and not any(char.isdigit() for char in number)
    if problem is not None or len(number) > vins.LONGEST_ID or short_without_digit:
        raise Unparsable("vin_unreadable", NOT_A_VIN)
    return Vin(raw, number, status)


def read_plate(text: str) -> str:
    """A number plate."""
    if not plates.is_possible(text):
        raise Unparsable("plate_unreadable", errors.PLATE_UNREADABLE)
    return parsing.text(text)


def read_odometer(text: str) -> int:
    """A reading of the odometer."""
    found = parsing.whole(text)
    if not 0 <= found <= odometers.HIGHEST:
        raise Unparsable("not_possible", errors.NOT_POSSIBLE)
    return found


def read_day(text: str) -> date:
    """A business date; where day and month could be either, the month comes first in the United States alone."""
    return parsing.day(text, month_first=current_tenant().country == "US")


def stores(permission: str) -> Any:
    """The open stores in which whoever imports holds `permission`, known by code, name and region."""

    def choices(actor: Actor) -> list[Choice]:
        return [
            Choice(store.code, store.name, (store.region,) if store.region else ())
            for store in tenants.list_open_stores(actor, permission)
        ]

    return choices


def store_ids(actor: Actor, permission: str) -> Mapping[str, uuid.UUID]:
    """The ids behind the choices of `stores`."""
    return {store.code: store.id for store in tenants.list_open_stores(actor, permission)}


def conditions(_actor: Actor) -> tuple[Choice, ...]:
    """New, used or certified."""
    return (
        Choice("new", N_("New"), ("n", "brand new", "新车", "新")),
        Choice("used", N_("Used"), ("u", "pre-owned", "preowned", "二手", "二手车", "旧车")),
        Choice("certified", N_("Certified"), ("cpo", "certified pre-owned", "认证二手车", "官方认证")),
    )


def _units(_actor: Actor) -> tuple[Choice, ...]:
    return (
        Choice("mi", N_("Miles"), ("mile", "miles", "m", "英里")),
        Choice("km", N_("Kilometres"), ("kms", "kilometers", "kilometres", "公里", "千米")),
    )


def _words(key: str, label: str, longest: int, *aliases: str, required: bool = False) -> ImportField:
    return ImportField(key, label, parsing.up_to(longest), aliases, required=required)


# What a row says of the car itself; the sales of a dealership are read with the same fields.
VEHICLE_FIELDS = (
    ImportField("vin", N_("VIN"), read_vin, ("vin number", "vin no", "chassis", "车架号", "车辆识别代号", "VIN码")),
    _words("make", N_("Make"), 60, "brand", "manufacturer", "品牌", "厂牌", required=True),
    _words("model", N_("Model"), 80, "series", "model name", "车系", "车型", "型号", required=True),
    _words("trim", N_("Trim"), 120, "trim level", "version", "配置", "款式"),
    ImportField("model_year", N_("Model year"), parsing.year, ("year", "my", "年款", "年份", "车型年份")),
    _words("body", N_("Body"), 120, "body type", "body style", "车身", "车身形式"),
    _words("colour", N_("Colour"), 120, "color", "exterior color", "exterior colour", "颜色", "车身颜色", "外观颜色"),
    _words("interior_colour", N_("Interior colour"), 120, "interior", "interior color", "内饰", "内饰颜色"),
    _words("transmission", N_("Transmission"), 120, "gearbox", "变速箱", "变速器"),
    _words("fuel", N_("Fuel"), 120, "fuel type", "燃料", "燃油类型", "能源类型"),
    ImportField("plate", N_("Plate"), read_plate, ("licence plate", "license plate", "registration", "车牌", "车牌号")),
    ImportField("odometer", N_("Odometer"), read_odometer, ("mileage", "miles", "km", "里程", "行驶里程", "表显里程")),
    ImportField("odometer_unit", N_("Odometer unit"), aliases=("mileage unit", "里程单位"), choices=_units),
)
UNIT_FIELDS = (
    _words("stock_number", N_("Stock number"), 32, "stock", "stock #", "stock no", "stocknumber", "库存号", "库存编号"),
    ImportField(
        "condition", N_("Condition"), aliases=("used/new", "new/used", "新旧", "新车/二手", "车况"), choices=conditions
    ),
    ImportField(
        "cost", N_("Cost"), parsing.money, ("purchase price", "进价", "成本", "采购价"), guarded=("stock_unit", "cost")
    ),
    ImportField(
        "acquired_on", N_("Acquired on"), read_day, ("acquired", "stock date", "in stock since", "入库日期", "采购日期")
    ),
)
STORE_ALIASES = (
    "location", "branch", "store code", "store name", "state", "region", "门店", "店铺", "分店", "省", "省份", "地区",
)  # fmt: skip


def vehicle_of(values: Values, read_on: date | None) -> VehicleInput:
    """The car a row describes."""
    vin: Vin | None = values["vin"]
    miles = current_tenant().country in _MILES
    return VehicleInput(
        make=values["make"],
        model=values["model"],
        vin=vin.number if vin else None,
        vin_raw=vin.raw if vin else None,
        vin_status=vin.status.value if vin else None,
        plate=values["plate"],
        odometer=values["odometer"],
        odometer_unit=values["odometer_unit"] or ("mi" if miles else "km"),
        read_on=read_on,
        described={name: values[name] for name in bulk.DESCRIPTION},
    )


def full_vin(values: Values) -> str | None:
    """The row's VIN where it names one car."""
    vin: Vin | None = values["vin"]
    return vin.number if vin and vin.status in (VinStatus.VALID, VinStatus.STRUCTURE_ONLY) else None


def in_stock(vehicle: FoundVehicle) -> RowResult:
    """The refusal of a row whose vehicle has an open episode."""
    params = {"stock_number": vehicle.open_number or "?"}
    error = FieldError("vin", VehicleAlreadyInStock.code, VehicleAlreadyInStock.message, params)
    return RowResult(Outcome.CONFLICT, errors=[error])


def refuse(problems: Iterable[FieldError]) -> RowResult:
    """The result of a row that cannot be right."""
    return RowResult(Outcome.FAILED, errors=tuple(problems))


def _claim(values: Values) -> tuple[Any, ...] | None:
    vin = full_vin(values)
    return (vin,) if vin else None


def _apply(actor: Actor, rows: Sequence[ParsedRow]) -> Mapping[int, RowResult]:
    places, today = store_ids(actor, "stock.create"), clock.today(current_tenant().timezone)
    results: dict[int, RowResult] = {}
    possible = []
    for row in rows:
        acquired_on = row.values["acquired_on"]
        if acquired_on is not None and acquired_on > today:
            results[row.row_no] = refuse([FieldError("acquired_on", "in_future", errors.IN_FUTURE)])
        else:
            possible.append(row)
    known = bulk.find_vehicles([full_vin(row.values) for row in possible])
    for row in possible:
        vehicle = known.get(full_vin(row.values) or "")
        if vehicle is not None and vehicle.open_number is not None:
            results[row.row_no] = in_stock(vehicle)
    taken = [row for row in possible if row.row_no not in results]
    cars = [vehicle_of(row.values, row.values["acquired_on"] or today) for row in taken]
    vehicles = bulk.find_or_add_vehicles(actor=actor, rows=cars)
    units = bulk.stock_in_many(
        actor=actor,
        rows=[
            UnitInput(
                vehicle_id=vehicle.vehicle_id,
                store_id=places[row.values["store"]],
                acquired_on=row.values["acquired_on"] or today,
                condition=row.values["condition"] or Condition.USED.value,
                stock_number=row.values["stock_number"],
                cost=row.values.get("cost"),
                asking_price=row.values["asking_price"],
            )
            for row, vehicle in zip(taken, vehicles, strict=True)
        ],
    )
    for row, vehicle, unit_id in zip(taken, vehicles, units, strict=True):
        made = {"stock_unit": unit_id, **({"vehicle": vehicle.vehicle_id} if vehicle.made else {})}
        results[row.row_no] = RowResult(Outcome.CREATED, made=made)
    return results


def _undo(actor: Actor, made: Sequence[Mapping[str, uuid.UUID]]) -> list[bool]:
    units = bulk.unchanged_units([row["stock_unit"] for row in made])
    cars = bulk.unchanged_vehicles([row["vehicle"] for row in made if "vehicle" in row])
    whole = [row["stock_unit"] in units and ("vehicle" not in row or row["vehicle"] in cars) for row in made]
    gone = [row for row, unchanged in zip(made, whole, strict=True) if unchanged]
    vehicle_ids = [row["vehicle"] for row in gone if "vehicle" in row]
    bulk.take_back_units(actor=actor, unit_ids=[row["stock_unit"] for row in gone], vehicle_ids=vehicle_ids)
    return whole


VEHICLES = register(
    ImportKind(
        key="vehicles",
        label=N_("Vehicles in stock"),
        permissions=("vehicle.create", "stock.create"),
        fields=(
            ImportField("store", N_("Store"), aliases=STORE_ALIASES, required=True, choices=stores("stock.create")),
            *VEHICLE_FIELDS,
            *UNIT_FIELDS,
            ImportField(
                "asking_price",
                N_("Asking price"),
                parsing.money,
                ("price", "list price", "retail price", "标价", "售价", "价格", "报价"),
            ),
        ),
        identity=whole_row,
        apply=_apply,
        undo=_undo,
        claim=_claim,
        claim_error=FieldError("vin", "listed_twice", LISTED_TWICE),
    )
)
