"""Undo: what a change leaves behind takes it back, for its maker, once, in time, and never over a newer change."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import NotFound
from app.core.guard import undo
from app.core.guard.models import Undo
from app.core.guard.permissions import system_actor
from app.crm.models import Activity, ContactPoint, Customer
from app.crm.operations import activities, contacts, customers
from app.inventory.models import PriceChange, StockUnit
from app.inventory.operations import units
from app.tenants.models import Store
from tests.factories.inventory import make_unit
from tests.factories.pages import post

SYSTEM = system_actor("test")


@pytest.fixture
def inside(app, alpha):
    with app.app_context(), tenant(alpha.id):
        yield


@pytest.fixture
def store(inside):
    return db.session.scalars(select(Store).order_by(Store.code)).first()


def make_customer(store, name="Kim Undo", **fields):
    with transaction():
        return customers.create_customer(
            actor=SYSTEM, kind="individual", store_id=store.id, name=name,
            contact_points=[contacts.ContactInput("phone", "202 555 0177", "work")], **fields,
        )  # fmt: skip


def offered(client, path):
    """The address behind the button of the page's newest message."""
    found = re.search(r'action="(/undo/undo_\w+)"', client.get(path).text)
    return found.group(1) if found else None


def press(client, address, page="/customers"):
    post(client, address, next=page)
    return client.get(page).text


def test_a_deleted_customer_comes_back_whole(client_for, alpha, store):
    client, customer = client_for(alpha), make_customer(store, notes="Likes blue")
    key, version = customer.id, customer.version
    sealed = db.session.scalars(select(ContactPoint.value_enc).where(ContactPoint.customer_id == key)).one()
    post(client, f"/customers/{to_public('cus', key)}/delete", version=version)
    assert db.session.scalar(select(Customer.id).where(Customer.id == key)) is None
    assert "Taken back." in press(client, offered(client, "/customers"))
    db.session.expire_all()
    back = db.session.get(Customer, key)
    assert (back.name, back.notes) == ("Kim Undo", "Likes blue")
    assert db.session.scalars(select(ContactPoint.value_enc).where(ContactPoint.customer_id == key)).one() == sealed
    assert "0177" in client.get(f"/customers/{to_public('cus', key)}").text


def test_an_edit_is_taken_back_unless_somebody_changed_it_since(client_for, alpha, store, actor):
    client, customer = client_for(alpha), make_customer(store)
    path = f"/customers/{to_public('cus', customer.id)}"
    fields = {"kind": "individual", "store_id": str(store.id), "name": "Kim New"}
    post(client, f"{path}/edit", version="1", **fields)
    assert db.session.scalar(select(Customer.name).where(Customer.id == customer.id)) == "Kim New"
    button = offered(client, path)
    press(client, button, path)
    assert db.session.scalar(select(Customer.name).where(Customer.id == customer.id)) == "Kim Undo"
    assert "it has been taken back already" in press(client, button, path)
    post(client, f"{path}/edit", version="3", **fields)
    button = offered(client, path)
    db.session.expire_all()
    with transaction():
        customers.edit_customer(
            actor=SYSTEM, customer_id=customer.id, version=4, kind="individual", store_id=store.id, name="Kim Newer"
        )
    assert "Kim New was changed since" in press(client, button, path)
    assert db.session.scalar(select(Customer.name).where(Customer.id == customer.id)) == "Kim Newer"


def test_contacts_and_activities_come_back(client_for, alpha, store):
    client, customer = client_for(alpha), make_customer(store)
    with transaction():
        activity = activities.log_activity(actor=SYSTEM, customer_id=customer.id, type="call", body="Wants red")
    path, key = f"/customers/{to_public('cus', customer.id)}", activity.id
    at = activity.at
    post(client, f"/activities/{to_public('act', key)}/delete", version="1")
    assert db.session.scalar(select(Activity.id).where(Activity.id == key)) is None
    press(client, offered(client, path), path)
    assert db.session.execute(select(Activity.body, Activity.at).where(Activity.id == key)).one() == ("Wants red", at)
    point = db.session.scalars(select(ContactPoint.id).where(ContactPoint.customer_id == customer.id)).one()
    post(client, f"{path}/contacts/{point}/delete")
    assert db.session.scalar(select(ContactPoint.id).where(ContactPoint.id == point)) is None
    press(client, offered(client, path), path)
    assert db.session.scalar(select(ContactPoint.customer_id).where(ContactPoint.id == point)) == customer.id


def test_a_price_goes_back_by_another_entry_of_its_history(client_for, alpha, store):
    client, unit = client_for(alpha), make_unit(store, asking_price=Decimal(20000))
    path = f"/stock/{to_public('unit', unit.id)}"
    post(client, f"{path}/price", version="1", asking_price="18000")
    press(client, offered(client, "/vehicles"), "/vehicles")
    history = select(PriceChange.price_after).where(PriceChange.stock_unit_id == unit.id).order_by(PriceChange.id)
    assert sorted(db.session.scalars(history)) == [18000, 20000, 20000]
    assert db.session.scalar(select(StockUnit.asking_price).where(StockUnit.id == unit.id)) == 20000


@pytest.mark.parametrize("status", ["on_hold", "wholesaled"])
def test_a_move_goes_back_even_where_it_ended_the_episode(client_for, alpha, store, status):
    client, unit = client_for(alpha), make_unit(store)
    post(client, f"/stock/{to_public('unit', unit.id)}/move", version="1", status=status, on="")
    assert db.session.scalar(select(StockUnit.status).where(StockUnit.id == unit.id)) == status
    press(client, offered(client, "/vehicles"), "/vehicles")
    row = db.session.execute(select(StockUnit.status, StockUnit.closed_on).where(StockUnit.id == unit.id)).one()
    assert tuple(row) == ("available", None)


def test_a_vehicle_that_came_back_as_another_unit_stays_so(client_for, alpha, store):
    client, unit = client_for(alpha), make_unit(store)
    post(client, f"/stock/{to_public('unit', unit.id)}/move", version="1", status="wholesaled", on="")
    button = offered(client, "/vehicles")
    with transaction():
        again = units.stock_in_unit(actor=SYSTEM, vehicle_id=unit.vehicle_id, store_id=store.id)
    assert again.stock_number in press(client, button, "/vehicles")
    assert db.session.scalar(select(StockUnit.status).where(StockUnit.id == unit.id)) == "wholesaled"


def test_only_its_maker_may_and_only_in_time(client_for, alpha, beta, app, store, actor):
    client, customer = client_for(alpha), make_customer(store)
    post(client, f"/customers/{to_public('cus', customer.id)}/delete", version="1")
    button = offered(client, "/customers")
    key = from_public("undo", button.rpartition("/")[2])
    assert post(client_for(alpha, "sales_manager"), button).status_code == 404
    assert post(client_for(beta), button).status_code == 404
    with transaction():
        db.session.execute(update(Undo).where(Undo.id == key).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert "it was too long ago" in press(client, button)
    assert db.session.scalar(select(Customer.id).where(Customer.id == customer.id)) is None
    with transaction():
        undo.forget_expired()
    assert db.session.get(Undo, key) is None


def test_what_was_refused_or_rolled_back_is_not_offered(inside, store, actor, alpha):
    maker = actor(alpha, "sales_manager")
    customer = make_customer(store)
    with pytest.raises(ZeroDivisionError), transaction():
        customers.delete_customer(actor=maker, customer_id=customer.id)
        raise ZeroDivisionError
    assert undo.last_offer() is None
    with pytest.raises(NotFound), transaction():
        undo.take_back(SYSTEM, customer.id)


def test_many_go_back_together_and_the_changed_ones_are_named(inside, store, actor, alpha):
    maker = actor(alpha, "sales_manager")
    first, second = make_unit(store, asking_price=Decimal(1000)), make_unit(store, asking_price=Decimal(2000))
    with transaction(), undo.collected() as offers:
        for unit in (first, second):
            units.change_price(actor=maker, unit_id=unit.id, version=unit.version, asking_price=Decimal(5))
    with transaction():
        undo.offer_many(maker, offers)
    key = undo.last_offer()
    with transaction():
        units.change_price(actor=maker, unit_id=second.id, version=2, asking_price=Decimal(7))
    with transaction():
        taken = undo.take_back(maker, key)
    assert (taken.done, [error.params for error in taken.refusals]) == (1, [{"name": second.stock_number}])
    assert (first.asking_price, second.asking_price) == (1000, 7)
