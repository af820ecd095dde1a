"""Test drives for tests, made through the operations, in the tenant's context and outside a transaction."""

from __future__ import annotations

from typing import Any

from app.core import clock
from app.core.db import transaction
from app.crm.models import TestDrive
from app.crm.operations import test_drives
from app.tenants.models import Store
from tests.factories.inventory import SYSTEM, make_unit
from tests.factories.sales import make_customer


def make_test_drive(store: Store, *, seen: bool = False, **values: Any) -> TestDrive:
    """A drive that is planned for now; with the licence seen where that is asked."""
    customer_id = values.pop("customer_id", None) or make_customer(store, "Dee Drives").id
    unit_id = values.pop("stock_unit_id", None) or make_unit(store).id
    with transaction():
        drive = test_drives.plan_test_drive(
            customer_id=customer_id, stock_unit_id=unit_id, **{"actor": SYSTEM, "planned_at": clock.now(), **values}
        )
        return test_drives.check_licence(actor=SYSTEM, test_drive_id=drive.id) if seen else drive
