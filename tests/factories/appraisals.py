"""Appraisals and pictures for tests, made in the tenant's context and outside a transaction."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

from PIL import Image

from app.core.db import transaction
from app.inventory.models import Appraisal, Vehicle
from app.inventory.operations.appraisals import create_appraisal
from app.inventory.operations.photos import Sent
from app.tenants.models import Store
from tests.factories.inventory import SYSTEM, make_vehicle


def make_appraisal(store: Store, vehicle: Vehicle | None = None, actor: Any = SYSTEM, **found: Any) -> Appraisal:
    """A draft with a value."""
    vehicle = vehicle or make_vehicle()
    with transaction():
        return create_appraisal(
            actor=actor, vehicle_id=vehicle.id, store_id=store.id, **{"acv": Decimal(11000), **found}
        )


def picture(name: str = "front.jpg", size: tuple[int, int] = (640, 480), form: str = "JPEG", **how: Any) -> Sent:
    """A picture as a phone sends it; `exif` and others as Pillow takes them."""
    target = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(target, form, **how)
    return Sent(name, target.getvalue())
