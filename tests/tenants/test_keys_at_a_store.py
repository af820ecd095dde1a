"""A key at one store: whatever its role reaches, it sees that store's records, and those that have no store."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.core.db import Tenant, db, transaction
from app.core.db.ids import from_public
from app.core.errors import NotFound, PermissionDenied
from app.core.guard import audit
from app.core.guard.permissions import Actor, allows, check, declared, system_actor
from app.core.jobs import jobs
from app.core.jobs.imports import operations as imports
from app.core.lists import search
from app.core.lists.exports import operations as exports
from app.core.lists.spec import REGISTRY
from app.crm import queries as crm
from app.insights import queries as insights
from app.inventory import queries as inventory
from app.sales import queries as sales
from app.tenants import queries as tenants
from app.tenants.models import Role, Store
from app.tenants.operations import api_keys
from app.tenants.operations import stores as store_operations
from app.tenants.queries import people
from app.tenants.queries.api_keys import read_key
from app.tenants.rules.api_keys import may_hold
from tests.factories import sales_floor
from tests.fixtures.records import make_records

SYSTEM = system_actor("test")
Records = dict[str, str]


def actor_at(store_id: uuid.UUID | None) -> Actor:
    """Whom a key acts as that has every right a key may have, through the role that reaches everything."""
    admin = db.session.scalars(select(Role.id).where(Role.key == "tenant_admin")).one()
    everything = [name for name in declared() if may_hold(name) and not name.partition(".")[0].endswith("_test")]
    with transaction():
        _, text = api_keys.create_key(
            SYSTEM, name="Everything", role_id=admin, store_id=store_id, permissions=everything, days=30
        )
    found = read_key(text, "198.51.100.7")
    assert found is not None
    return found.actor


@pytest.fixture
def here(in_alpha: Tenant) -> Store:
    return db.session.scalars(select(Store).order_by(Store.code)).all()[0]


@pytest.fixture
def elsewhere(in_alpha: Tenant) -> Store:
    return db.session.scalars(select(Store).order_by(Store.code)).all()[1]


@pytest.fixture
def ours(here: Store) -> Records:
    return make_records(here)


@pytest.fixture
def theirs(elsewhere: Store) -> Records:
    return make_records(elsewhere)


@pytest.fixture
def key(here: Store, ours: Records, theirs: Records) -> Actor:
    return actor_at(here.id)


def key_of(records: Records, prefix: str, argument: str) -> uuid.UUID:
    return from_public(prefix, records[argument])


OPENED: list[tuple[str, str, Callable[[Actor, uuid.UUID], Any]]] = [
    ("cus", "customer_id", crm.get_customer),
    ("act", "activity_id", crm.get_activity),
    ("unit", "unit_id", inventory.get_unit),
    ("deal", "deal_id", sales.get_deal),
    ("store", "store_id", lambda actor, key: people.get_store_for(actor, "store.see", key)),
    ("usr", "user_id", lambda actor, key: people.get_user(actor, "user.see", key)),
    ("team", "team_id", lambda actor, key: people.get_team(actor, "user.edit", key)),
]
# These name neither a store nor the key itself, and may tell of any store.
CLOSED: list[tuple[str, str, Callable[[Actor, uuid.UUID], Any]]] = [
    ("aud", "entry_id", audit.get_entry),
    ("exp", "export_id", exports.get_export),
    ("imp", "import_id", imports.get_import),
    ("job", "job_id", jobs.get_job),
]


def opens(get: Callable[[Actor, uuid.UUID], Any], actor: Actor, record_id: uuid.UUID) -> bool:
    try:
        return get(actor, record_id) is not None
    except NotFound:
        return False


def test_records_of_its_store_open_and_others_are_missing(key: Actor, ours: Records, theirs: Records) -> None:
    for prefix, argument, get in OPENED:
        mine, other = key_of(ours, prefix, argument), key_of(theirs, prefix, argument)
        assert (opens(get, key, mine), opens(get, key, other)) == (True, False), argument


def test_what_tells_of_every_store_is_missing(key: Actor, theirs: Records) -> None:
    everywhere = actor_at(None)
    for prefix, argument, get in CLOSED:
        wanted = key_of(theirs, prefix, argument)
        assert (opens(get, everywhere, wanted), opens(get, key, wanted)) == (True, False), argument


LISTS = [
    ("customers", "cus", "customer_id"), ("activities", "act", "activity_id"), ("stock_units", "unit", "unit_id"),
    ("deals", "deal", "deal_id"), ("stores", "store", "store_id"), ("users", "usr", "user_id"),
    ("teams", "team", "team_id"), ("jobs", "job", "job_id"), ("imports", "imp", "import_id"),
    ("exports", "exp", "export_id"), ("audit", "aud", "entry_id"),
]  # fmt: skip


def listed(actor: Actor, name: str) -> set[Any]:
    spec = REGISTRY[name]
    source = spec.source(actor).order_by(None).subquery()
    return set(db.session.scalars(select(source.c[spec.key])))


def test_lists_hold_nothing_of_another_store(key: Actor, theirs: Records) -> None:
    everywhere = actor_at(None)
    for name, prefix, argument in LISTS:
        wanted = key_of(theirs, prefix, argument)
        assert (wanted in listed(everywhere, name), wanted in listed(key, name)) == (True, False), name


def test_search_finds_its_store_and_what_has_none(key: Actor, ours: Records, theirs: Records) -> None:
    def found(actor: Actor, text: str) -> set[uuid.UUID]:
        return {hit.record_id for group in search.find(actor, text) for hit in group.hits}

    mine, other = (key_of(records, "cus", "customer_id") for records in (ours, theirs))
    names = [crm.get_customer(SYSTEM, customer).name for customer in (mine, other)]
    assert [mine in found(key, names[0]), other in found(key, names[1])] == [True, False]
    assert other in found(actor_at(None), names[1])
    car = inventory.get_vehicle(SYSTEM, key_of(theirs, "veh", "vehicle_id"))
    assert car.vin
    assert car.id in found(key, car.vin)


def test_figures_count_its_store(key: Actor, here: Store, elsewhere: Store) -> None:
    for place in (0, 1, 1):
        sales_floor.sell(0, Decimal(10000), date(2026, 3, 5), store=place)
    sales_floor.refresh()
    ids = sales_floor.store_ids()
    assert ids[:2] == [here.id, elsewhere.id]
    question = insights.SalesQuestion(deal_type="retail")
    narrow, wide = insights.get_price(key, question), insights.get_price(actor_at(None), question)
    only_here = insights.get_price(SYSTEM, insights.SalesQuestion(deal_type="retail", store_id=here.id))
    assert narrow.sales == only_here.sales
    assert wide.sales >= narrow.sales + 2
    assert not insights.rows_are_open(key, elsewhere.id)


def test_what_has_no_store_stays_as_the_role_has_it(key: Actor, theirs: Records) -> None:
    assert inventory.get_vehicle(key, key_of(theirs, "veh", "vehicle_id"))
    check(key, "vehicle.edit", owner_id=None, store_id=None)
    check(key, "role.see", owner_id=None, store_id=None)
    with pytest.raises(PermissionDenied):
        check(key, "customer.see", owner_id=None, store_id=None)
    assert [store.id for store in tenants.list_open_stores(key, "store.see")] == sorted(key.store_ids)


def test_a_key_of_a_closed_store_may_nothing_at_all(in_alpha: Tenant) -> None:
    with transaction():
        store = store_operations.open_store(SYSTEM, code="KC", name="Closing", timezone="UTC")
    admin = db.session.scalars(select(Role.id).where(Role.key == "tenant_admin")).one()
    with transaction():
        _, text = api_keys.create_key(
            SYSTEM, name="k", role_id=admin, store_id=store.id, permissions=["vehicle.see"], days=30
        )
        store_operations.close_store(SYSTEM, store.id, version=store.version)
    found = read_key(text, "")
    assert found is not None
    assert not allows(found.actor, "vehicle.see")
