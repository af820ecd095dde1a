"""Changes of many rows: what is chosen or matches, each row by its own rules, as a job when long, taken back as one."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.permissions import system_actor
from app.core.jobs import runner
from app.core.jobs.models import Job, Outbox
from app.core.lists.bulk import steps
from app.crm.models import Customer
from app.crm.operations import customers
from app.inventory.models import StockUnit
from app.tenants.models import Store
from app.tenants.queries import people
from tests.factories.inventory import make_unit, make_vehicle
from tests.factories.pages import post
from worker.tasks import lists as tasks

assert tasks is not None
SYSTEM = system_actor("test")


@pytest.fixture
def stores(app, alpha):
    with app.app_context(), tenant(alpha.id):
        yield db.session.scalars(select(Store).order_by(Store.code)).all()


def make_customers(store, names):
    with transaction():
        return [
            customers.create_customer(actor=SYSTEM, kind="individual", store_id=store.id, name=name).id
            for name in names
        ]


def change(client, of, action, ids=(), **fields):
    return post(client, f"/lists/{of}/bulk/{action}", id=list(ids), **fields)


def public(prefix, ids):
    return [to_public(prefix, key) for key in ids]


def prices(units):
    db.session.expire_all()
    found = dict(db.session.execute(select(StockUnit.id, StockUnit.asking_price)).all())
    return [found[unit.id] for unit in units]


def work_off(app, of):
    """Run the steps of changes that wait, as a worker does."""
    waiting = select(Outbox.id).where(Outbox.task.like("lists.bulk%"), Outbox.done_at.is_(None)).order_by(Outbox.id)
    while (found := _first(app, of, waiting)) is not None:
        with app.app_context():
            assert runner.run(of.id, str(found)) == runner.Outcome.DONE


def _first(app, of, waiting):
    with app.app_context(), tenant(of.id):
        return db.session.scalars(waiting).first()


def undo_button(page):
    return re.search(r'action="(/undo/undo_\w+)"', page).group(1)


def test_chosen_rows_are_changed_and_go_back_as_one(client_for, alpha, stores):
    client, ids = client_for(alpha), make_customers(stores[0], ["Bulk One", "Bulk Two", "Bulk Three"])
    answer = change(client, "customers", "store", public("cus", ids[:2]), store_id=to_public("store", stores[1].id))
    assert (answer.status_code, answer.location) == (303, "/customers")
    at = select(Customer.store_id).where(Customer.id.in_(ids)).order_by(Customer.id)
    assert list(db.session.scalars(at)) == [stores[1].id, stores[1].id, stores[0].id]
    page = client.get("/customers").text
    assert "2 changed." in page
    post(client, undo_button(page), next="/customers")
    assert "2 changes were taken back." in client.get("/customers").text
    assert set(db.session.scalars(at)) == {stores[0].id}


def test_a_price_moves_by_percents_by_a_sum_or_to_one_for_all(client_for, alpha, stores):
    client = client_for(alpha)
    units = [make_unit(stores[0], asking_price=Decimal(price)) for price in (10000, 20001)]
    ids = public("unit", [unit.id for unit in units])
    for step, by, expected in (
        ("percent", "-10", [9000, Decimal("18000.90")]),
        ("by", "500", [9500, Decimal("18500.90")]),
        ("set", "7,000", [7000, 7000]),
    ):
        answer = change(client, "stock_units", "price", ids, price_step=step, price_by=by, price_reason="season")
        assert answer.status_code == 303
        assert prices(units) == expected


def test_a_row_that_stays_as_it_is_says_why_and_the_others_go_on(client_for, alpha, stores):
    client = client_for(alpha)
    priced, bare = make_unit(stores[0], asking_price=Decimal(100)), make_unit(stores[0], asking_price=None)
    ids = public("unit", [priced.id, bare.id])
    answer = change(client, "stock_units", "price", ids, price_step="by", price_by="-5")
    page = client.get(answer.location).text
    assert "1 changed, 1 skipped: see below why." in page
    assert f"The unit {bare.stock_number} has no asking price yet." in page
    assert f">{bare.stock_number}" in page or bare.stock_number in page
    assert prices([priced, bare]) == [95, None]
    post(client, undo_button(page))
    assert prices([priced]) == [100]


def test_a_move_that_is_not_allowed_is_told_in_words(client_for, alpha, stores):
    client, sold = client_for(alpha), make_unit(stores[0])
    post(client, f"/stock/{to_public('unit', sold.id)}/move", version="1", status="sold", on="")
    answer = change(client, "stock_units", "move", public("unit", [sold.id]), to_status="in_recon")
    assert "A unit that is Sold cannot become Reconditioning" in client.get(answer.location).text


def test_everything_that_matches_is_what_the_list_shows(client_for, alpha, stores):
    client = client_for(alpha)
    blue = [
        make_unit(stores[0], make_vehicle(make="Bulkwagen", model=str(n)), asking_price=Decimal(50)) for n in (1, 2)
    ]
    other = make_unit(stores[0], make_vehicle(make="Elsewagen"), asking_price=Decimal(50))
    answer = change(client, "stock_units", "price", all="1", make="bulkwagen", price_step="by", price_by="1")
    assert "make=bulkwagen" in answer.location
    assert prices([*blue, other]) == [51, 51, 50]


def test_nobody_changes_rows_he_may_not_change_one_by_one(client_for, alpha, stores, app):
    mine, theirs = client_for(alpha, "salesperson"), make_unit(stores[1], asking_price=Decimal(10))
    denied = change(mine, "stock_units", "price", public("unit", [theirs.id]), price_step="set", price_by="1")
    assert denied.status_code == 403
    manager = client_for(alpha, "sales_manager")
    ids = make_customers(stores[1], ["Out Of Reach"])
    answer = change(manager, "customers", "store", public("cus", ids), store_id=to_public("store", stores[0].id))
    seen = client_for(alpha).get("/customers").status_code
    changed = db.session.scalar(select(Customer.store_id).where(Customer.id == ids[0]))
    scope = people.grants_of_role(
        next(line.role.id for line in people.list_roles() if line.role.key == "sales_manager")
    )["customer.edit"]
    assert (answer.status_code, seen) == (303, 200)
    assert changed == (stores[0].id if scope == "all" else stores[1].id)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"price_step": "by", "price_by": ""}, "Enter a value."),
        ({"price_step": "twice", "price_by": "1"}, "Choose one of the offered values."),
        ({"price_step": "by", "price_by": "much"}, "number"),
    ],
)
def test_what_cannot_be_read_changes_nothing(client_for, alpha, stores, fields, said):
    client, unit = client_for(alpha), make_unit(stores[0], asking_price=Decimal(10))
    answer = change(client, "stock_units", "price", public("unit", [unit.id]), **fields)
    assert said in client.get(answer.location).text
    assert prices([unit]) == [10]


def test_no_row_and_no_such_action(client_for, alpha, stores):
    client = client_for(alpha)
    answer = change(client, "customers", "store", store_id=to_public("store", stores[1].id))
    assert "Choose at least one row first." in client.get(answer.location).text
    assert change(client, "customers", "sell").status_code == 404


def test_many_rows_are_a_job_in_steps_that_goes_back_as_another(app, client_for, alpha, stores, monkeypatch):
    monkeypatch.setattr("app.core.lists.bulk.changing.AT_ONCE", 3)
    monkeypatch.setattr(steps, "ROWS_A_STEP", 2)
    client = client_for(alpha)
    car = make_vehicle(make="Jobwagen")
    units = [make_unit(stores[0], make_vehicle(make="Jobwagen"), asking_price=Decimal(100)) for _ in range(4)]
    bare = make_unit(stores[0], car, asking_price=None)
    answer = change(client, "stock_units", "price", all="1", make="jobwagen", price_step="by", price_by="7")
    assert "/jobs/job_" in answer.location
    assert prices(units) == [100] * 4
    work_off(app, alpha)
    assert prices(units) == [107] * 4
    page = client.get(answer.location).text
    assert "4 changed, 1 skipped" in page
    assert f"The unit {bare.stock_number} has no asking price yet." in page
    post(client, undo_button(page), next=answer.location)
    work_off(app, alpha)
    assert prices(units) == [100] * 4
    kinds = db.session.execute(select(Job.kind, Job.state).where(Job.kind.like("lists.bulk%"))).all()
    assert ("lists.bulk_undo", "succeeded") in {tuple(row) for row in kinds}


def test_a_canceled_job_keeps_what_it_did_and_does_no_more(app, client_for, alpha, stores, monkeypatch):
    monkeypatch.setattr("app.core.lists.bulk.changing.AT_ONCE", 1)
    client = client_for(alpha)
    units = [make_unit(stores[0], asking_price=Decimal(100)) for _ in range(2)]
    ids = public("unit", [unit.id for unit in units])
    answer = change(client, "stock_units", "price", ids, price_step="by", price_by="7")
    post(client, f"{answer.location}/cancel")
    work_off(app, alpha)
    assert prices(units) == [100, 100]
