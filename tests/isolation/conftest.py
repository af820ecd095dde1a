"""Twins: two dealerships whose records have the same ids and addresses and differ in a marker alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import to_public
from app.crm.operations.activities import log_activity
from app.tenants.models import Role, Store
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle
from tests.factories.sales import make_customer, make_deal
from tests.fixtures import people
from tests.fixtures.browsing import cookie
from tests.fixtures.dealerships import same_ids


@dataclass(frozen=True)
class Twin:
    """One dealership of the two: what only it may show, and a browser in which its administrator has signed in."""

    tenant: Tenant
    marker: str
    ids: dict[str, str]
    client: FlaskClient

    @property
    def host(self) -> str:
        """Where it is served."""
        return self.tenant.hosts[0]

    @property
    def cookie(self) -> str:
        """The session as a Cookie header."""
        return f"session={cookie(self.client, self.tenant)}"


@pytest.fixture(scope="module")
def twins(app: Flask, alpha: Tenant, beta: Tenant, browsers: Callable[..., FlaskClient]) -> tuple[Twin, Twin]:
    """Alpha and beta, each with one record of every kind under the same ids."""
    made = []
    for of in (alpha, beta):
        marker = f"Marker {of.slug}"
        with app.app_context(), tenant(of.id), same_ids(4711):
            ids = _make_records(marker)
        made.append(Twin(of, marker, ids, browsers(of)))
    first, second = made
    assert first.ids == second.ids
    return first, second


def _make_records(marker: str) -> dict[str, str]:
    """Argument of a route -> the id of a record that shows `marker`."""
    store = db.session.scalars(select(Store).order_by(Store.code)).first()
    user = people.find_user("tenant_admin")
    assert store is not None
    assert user is not None
    customer = make_customer(store, marker)
    with transaction():
        activity = log_activity(
            actor=SYSTEM, customer_id=customer.id, type="note", body=marker, store_id=store.id, user_id=user.id
        )
    vehicle = make_vehicle(make=marker)
    unit = make_unit(store, vehicle)
    deal = make_deal(store, unit, customer_id=customer.id, price=Decimal(10_000), sold_on=date(2026, 2, 1))
    role_id = db.session.scalars(select(Role.id).where(Role.key == "lot_staff")).one()
    kinds = {
        "customer_id": ("cus", customer.id), "activity_id": ("act", activity.id), "vehicle_id": ("veh", vehicle.id),
        "unit_id": ("unit", unit.id), "deal_id": ("deal", deal.id), "store_id": ("store", store.id),
        "user_id": ("usr", user.id), "role_id": ("role", role_id),
    }  # fmt: skip
    return {name: to_public(prefix, record) for name, (prefix, record) in kinds.items()}
