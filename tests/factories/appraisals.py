"""Appraisals and pictures for tests, made in the tenant's context and outside a transaction."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

from PIL import Image

from app.core.db import transaction
from app.core.guard.permissions import Actor
from app.inventory.models import Appraisal, Vehicle
from app.inventory.operations.appraisals import approve_appraisal, create_appraisal, submit_appraisal
from app.inventory.operations.photos import Sent
from app.tenants.models import Store
from tests.factories.inventory import SYSTEM, make_vehicle
from tests.fixtures.people import find_user


def make_appraisal(store: Store, vehicle: Vehicle | None = None, actor: Any = SYSTEM, **found: Any) -> Appraisal:
    """A draft with a value."""
    vehicle = vehicle or make_vehicle()
    with transaction():
        return create_appraisal(
            actor=actor, vehicle_id=vehicle.id, store_id=store.id, **{"acv": Decimal(11000), **found}
        )


def make_approved(store: Store, vehicle: Vehicle | None = None, **found: Any) -> Appraisal:
    """One that somebody other than its appraiser has agreed to."""
    made = make_appraisal(store, vehicle, **found)
    grants = dict.fromkeys(("appraisal.see", "appraisal.approve", "vehicle.see"), "all")
    manager = find_user("tenant_admin")
    second = Actor(user_id=manager.id, name=manager.name, grants=grants, sights={"cost": "visible"})
    with transaction():
        submit_appraisal(actor=SYSTEM, appraisal_id=made.id, version=made.version)
    with transaction():
        approve_appraisal(actor=second, appraisal_id=made.id, version=made.version)
    return made


def picture(name: str = "front.jpg", size: tuple[int, int] = (640, 480), form: str = "JPEG", **how: Any) -> Sent:
    """A picture as a phone sends it; `exif` and others as Pillow takes them."""
    target = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(target, form, **how)
    return Sent(name, target.getvalue())
