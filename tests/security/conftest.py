"""A dealership in which every text that people can write is hostile, and a browser of its administrator."""

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
from app.tenants.operations import roles, stores, users
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle
from tests.factories.sales import make_customer, make_deal
from tests.fixtures.dealerships import make_dealership

# Ends an attribute of either kind, an element, a comment and a script; opens an element that acts by itself.
WORDS = "'\"--></script></title><img src=x onerror=alert(7)><script>alert(7)</script>{{7*7}}${7*7}"


@dataclass(frozen=True)
class Infested:
    """The dealership, the records that carry the words, and a browser."""

    tenant: Tenant
    ids: dict[str, str]
    client: FlaskClient


@pytest.fixture(scope="module")
def infested(app: Flask, browsers: Callable[..., FlaskClient]) -> Infested:
    """A dealership of its own whose names, notes and words are all `WORDS`."""
    of = make_dealership(app, "infested")
    with app.app_context(), tenant(of.id):
        ids = _make_records()
    return Infested(of, ids, browsers(of))


def _make_records() -> dict[str, str]:
    store = db.session.scalars(select(Store).order_by(Store.code)).first()
    assert store is not None
    customer = make_customer(store, WORDS)
    role_id = db.session.scalars(select(Role.id).where(Role.key == "lot_staff")).one()
    with transaction():
        activity = log_activity(actor=SYSTEM, customer_id=customer.id, type="note", body=WORDS, store_id=store.id)
        role = roles.create_role(SYSTEM, name=WORDS, grants={})
        user = users.invite_user(SYSTEM, name=WORDS, email="words@example.com", places=[(store.id, role_id)])
        team = stores.create_team(SYSTEM, store_id=store.id, name=WORDS, lead_id=user.id, member_ids=[user.id])
        second = stores.open_store(SYSTEM, code="W", name=WORDS, timezone="America/Chicago")
    vehicle = make_vehicle(make=WORDS[:60], model=WORDS[:80], trim=WORDS[:60], colour=WORDS[:40])
    unit = make_unit(store, vehicle)
    deal = make_deal(store, unit, customer_id=customer.id, price=Decimal(10_000), sold_on=date(2026, 2, 1))
    kinds = {
        "customer_id": ("cus", customer.id), "activity_id": ("act", activity.id), "vehicle_id": ("veh", vehicle.id),
        "unit_id": ("unit", unit.id), "deal_id": ("deal", deal.id), "store_id": ("store", second.id),
        "user_id": ("usr", user.id), "role_id": ("role", role.id), "team_id": ("team", team.id),
    }  # fmt: skip
    return {name: to_public(prefix, record) for name, (prefix, record) in kinds.items()}
