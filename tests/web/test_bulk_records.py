"""Changes of many deals, users and units: by the right of each, with a reason where a row stays, and back again."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.permissions import system_actor
from app.inventory.models import StockUnit
from app.inventory.operations import units
from app.sales.models import Deal
from app.sales.operations import deals, delivery
from app.tenants.models import Membership, Role, Store, User
from app.tenants.operations import users
from tests.factories.inventory import make_unit
from tests.factories.pages import post
from tests.fixtures.factors import Clock, forget_all, set_up
from tests.web.test_bulk import change, public, undo_button

SYSTEM = system_actor("test")


@pytest.fixture
def stores(app, alpha):
    with app.app_context(), tenant(alpha.id):
        yield db.session.scalars(select(Store).order_by(Store.code)).all()


def make_deal(store, **fields):
    unit = make_unit(store)
    with transaction():
        return deals.record_deal(actor=SYSTEM, stock_unit_id=unit.id, price=Decimal(15000), note="Mats", **fields)


def now(attribute, rows):
    db.session.expire_all()
    found = dict(db.session.execute(select(attribute.class_.id, attribute)).all())
    return [found[row.id] for row in rows]


def user_of(key):
    role = select(Membership.user_id).join(Role, Role.id == Membership.role_id).where(Role.key == key)
    return db.session.scalars(select(User).where(User.id.in_(role)).order_by(User.id)).first()


def make_user(store, name, key="salesperson"):
    role = db.session.scalars(select(Role.id).where(Role.key == key)).one()
    with transaction():
        mail = f"{name.lower().replace(' ', '.')}@example.com"
        return users.invite_user(SYSTEM, name=name, email=mail, places=[(store.id, role)])


def test_deals_get_another_salesperson_and_go_back(client_for, alpha, stores):
    client, seller = client_for(alpha), user_of("salesperson")
    unwound = make_deal(stores[0], delivered_on=date(2026, 2, 1))
    with transaction():
        delivery.unwind_deal(
            actor=SYSTEM, deal_id=unwound.id, version=unwound.version, reason="Came back", unwound_on=None
        )
    rows = [make_deal(stores[0]), make_deal(stores[1], status="sold")]
    own = make_deal(stores[0], salesperson_id=seller.id)
    ids = public("deal", [deal.id for deal in (*rows, own, unwound)])
    answer = change(client, "deals", "assign", ids, salesperson_id=to_public("usr", seller.id))
    page = client.get(answer.location).text
    assert "2 changed, 2 skipped: see below why." in page
    assert "It is like that already." in page
    assert f"The deal {unwound.deal_number} has ended" in page
    assert now(Deal.salesperson_id, rows) == [seller.id, seller.id]
    assert now(Deal.note, rows) == ["Mats", "Mats"]
    post(client, undo_button(page))
    assert now(Deal.salesperson_id, rows) == [None, None]
    change(client, "deals", "assign", public("deal", [own.id]), salesperson_id="")
    assert now(Deal.salesperson_id, [own]) == [None]


def test_deals_move_by_their_rules_and_their_units_follow(client_for, alpha, stores):
    client = client_for(alpha)
    first, lost = make_deal(stores[0]), make_deal(stores[0])
    change(client, "deals", "move", public("deal", [lost.id]), to_status="lost")
    answer = change(client, "deals", "move", public("deal", [first.id, lost.id]), to_status="sold")
    page = client.get(answer.location).text
    assert "A deal that is Lost cannot become Sold." in page
    assert now(Deal.status, [first, lost]) == ["sold", "lost"]
    assert db.session.scalar(select(StockUnit.status).where(StockUnit.id == first.stock_unit_id)) == "sold"
    refused = change(client, "deals", "move", public("deal", [first.id]), to_status="unwound")
    assert "Choose one of the offered values." in client.get(refused.location).text


def test_a_salesperson_hands_over_no_deal_of_others(client_for, alpha, stores):
    deal, seller = make_deal(stores[0]), user_of("salesperson")
    client = client_for(alpha, "salesperson")
    change(client, "deals", "assign", public("deal", [deal.id]), salesperson_id=to_public("usr", seller.id))
    assert now(Deal.salesperson_id, [deal]) == [None]


def test_units_move_to_another_store_and_back_with_their_numbers(client_for, alpha, stores):
    client, (here, there) = client_for(alpha), stores[:2]
    free, taken = make_unit(here, stock_number="T-FREE"), make_unit(here, stock_number="T-TAKEN")
    make_unit(there, stock_number="T-TAKEN")
    gone, resident = make_unit(here), make_unit(there)
    with transaction():
        units.move_status(actor=SYSTEM, unit_id=gone.id, version=gone.version, status="wholesaled")
    ids = public("unit", [unit.id for unit in (free, taken, gone, resident)])
    answer = change(client, "stock_units", "store", ids, store_id=to_public("store", there.id))
    page = client.get(answer.location).text
    assert "2 changed, 2 skipped: see below why." in page
    assert f"The unit {gone.stock_number} is no longer in stock." in page
    assert now(StockUnit.store_id, [free, taken, gone]) == [there.id, there.id, here.id]
    numbers = now(StockUnit.stock_number, [free, taken])
    assert numbers[0] == "T-FREE"
    assert numbers[1].startswith("S-")
    told = client.get(f"/vehicles/{to_public('veh', taken.vehicle_id)}").text
    assert there.name in told.split('id="timeline"')[1]
    post(client, undo_button(page))
    assert now(StockUnit.store_id, [free, taken]) == [here.id, here.id]
    assert now(StockUnit.stock_number, [free, taken]) == ["T-FREE", "T-TAKEN"]


def test_nobody_moves_stock_to_or_from_where_he_may_not_edit(client_for, alpha, stores, actor):
    manager = actor(alpha, "lot_staff")
    reached = [store for store in stores if store.id in manager.store_ids]
    others = [store for store in stores if store.id not in manager.store_ids]
    client = client_for(alpha, "lot_staff")
    mine, theirs = make_unit(reached[0]), make_unit(others[0])
    for unit, store in ((mine, others[0]), (theirs, reached[0])):
        change(client, "stock_units", "store", public("unit", [unit.id]), store_id=to_public("store", store.id))
    assert now(StockUnit.store_id, [mine, theirs]) == [reached[0].id, others[0].id]


def test_users_are_disabled_and_let_in_again(client_for, alpha, stores):
    client, people = client_for(alpha), [make_user(stores[0], name) for name in ("Bulk Ada", "Bulk Bea")]
    admin = user_of("tenant_admin")
    answer = change(client, "users", "disable", public("usr", [*(one.id for one in people), admin.id]))
    page = client.get(answer.location).text
    assert "2 changed, 1 skipped: see below why." in page
    assert "This is your own account, and stays as it is." in page
    assert now(User.state, [*people, admin]) == ["disabled", "disabled", "active"]
    change(client, "users", "enable", public("usr", [people[0].id]))
    assert now(User.state, people) == ["invited", "disabled"]


def test_a_role_is_given_at_a_store_and_nobody_gives_more_than_he_holds(client_for, alpha, stores, app):
    client, user = client_for(alpha), make_user(stores[0], "Bulk Cyd")
    role = db.session.scalars(select(Role).where(Role.key == "lot_staff")).one()
    fields = {"role_id": to_public("role", role.id), "store_id": to_public("store", stores[1].id)}
    places = select(Membership.store_id, Membership.role_id).where(Membership.user_id == user.id)
    first = change(client, "users", "role", public("usr", [user.id]), **fields)
    assert "1 changed." in client.get(first.location).text
    assert (stores[1].id, role.id) in {tuple(row) for row in db.session.execute(places)}
    assert len(db.session.execute(places).all()) == 2
    again = change(client, "users", "role", public("usr", [user.id]), **fields)
    assert "It is like that already." in client.get(again.location).text
    admin = db.session.scalars(select(Role).where(Role.key == "tenant_admin")).one()
    more = {**fields, "role_id": to_public("role", admin.id)}
    seller = client_for(alpha, "salesperson")
    assert change(seller, "users", "role", public("usr", [user.id]), **more).status_code == 403
    change(client_for(alpha, "gm"), "users", "role", public("usr", [user.id]), **more)
    assert len(db.session.execute(places).all()) == 2


def test_roles_for_many_ask_again_who_it_is(client_for, alpha, stores, app, monkeypatch):
    forget_all(app, alpha)
    client, time = client_for(alpha), Clock(monkeypatch)
    people = [make_user(stores[0], name) for name in ("Bulk Dee", "Bulk Eva")]
    role = db.session.scalars(select(Role).where(Role.key == "lot_staff")).one()
    phone, _ = set_up(client, time)
    time.move(minutes=16)
    sent = {"role_id": to_public("role", role.id), "store_id": to_public("store", stores[1].id)}
    asked = change(client, "users", "role", public("usr", [one.id for one in people]), **sent)
    assert asked.status_code == 403
    places = select(Membership).where(Membership.role_id == role.id, Membership.user_id.in_([one.id for one in people]))
    assert db.session.execute(places).all() == []
    carried: dict[str, list[str]] = {}
    main = asked.text.partition("<main")[2].partition("</main>")[0]
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', main):
        carried.setdefault(name, []).append(value)
    done = client.post("/lists/users/bulk/role", data={**carried, "proof_code": phone.next_code()})
    assert (done.status_code, done.location) == (303, "/users")
    assert len(db.session.execute(places).all()) == 2
    forget_all(app, alpha)
