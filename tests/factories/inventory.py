"""Vehicles and stock for tests, made through the operations, in the tenant's context and outside a transaction."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.db import transaction
from app.core.guard.permissions import system_actor
from app.inventory.models import StockUnit, Vehicle
from app.inventory.operations.units import stock_in_unit
from app.inventory.operations.vehicles import add_vehicle
from app.inventory.rules import vin as vins
from app.tenants.models import Store

SYSTEM = system_actor("test")
_numbers = itertools.count(1)


def new_vin(wmi: str = "1FA") -> str:
    """A fresh VIN with a right check digit."""
    bare = f"{wmi}P8CF00R5{next(_numbers):06d}"
    return f"{bare[:8]}{vins.check_digit(bare)}{bare[9:]}"


def make_vehicle(**values: Any) -> Vehicle:
    """A vehicle with a VIN."""
    with transaction():
        return add_vehicle(actor=SYSTEM, **{"vin": new_vin(), "make": "Ford", "model": "Focus", **values})


def make_unit(store: Store, vehicle: Vehicle | None = None, **values: Any) -> StockUnit:
    """An available used unit."""
    vehicle = vehicle or make_vehicle()
    defaults = {"cost": Decimal(9000), "asking_price": Decimal(12000), "acquired_on": date(2026, 1, 10)}
    with transaction():
        return stock_in_unit(actor=SYSTEM, vehicle_id=vehicle.id, store_id=store.id, **{**defaults, **values})
