"""Sample data: loaded by a job, gone with one press even when edited; what the dealership made itself never goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import to_public
from app.core.jobs import runner
from app.core.jobs.models import Job, JobState, Outbox
from app.crm.models import Activity, ContactPoint, Customer
from app.crm.operations import activities, customers
from app.inventory.models import PriceChange, StockUnit, Vehicle
from app.inventory.operations import units
from app.sales.models import Deal
from app.sales.operations import deals
from app.tenants.models import Sample
from app.tenants.operations import samples
from app.tenants.queries import list_open_stores
from tests.fixtures import people
from tests.fixtures.browsing import send
from tests.fixtures.dealerships import make_dealership
from worker.tasks import load

load()
MODELS = (Customer, Activity, ContactPoint, Vehicle, StockUnit, PriceChange, Deal)


@pytest.fixture(scope="module")
def fresh(app: Flask) -> Tenant:
    """A dealership nobody has worked in."""
    return make_dealership(app, "fresh", timezone="Europe/Berlin", country="DE", currency="EUR")


def run_all(app: Flask, of: Tenant) -> None:
    """Carry out what the dealership owes now."""
    owed = select(Outbox.id).where(
        Outbox.done_at.is_(None), Outbox.dead_at.is_(None), Outbox.available_at <= func.now()
    )
    while True:
        with app.app_context():
            with tenant(of.id):
                rows = db.session.scalars(owed.order_by(Outbox.id)).all()
            if not rows:
                return
            for row in rows:
                assert runner.run(of.id, str(row)) in (runner.Outcome.DONE, runner.Outcome.SKIPPED)


def counted() -> dict[str, int]:
    return {model.__name__: db.session.scalar(select(func.count()).select_from(model)) or 0 for model in MODELS}


def ids_of(kind: str) -> set[Any]:
    return set(db.session.scalars(select(Sample.record_id).where(Sample.kind == kind)))


def newest_job(kind: str) -> Job:
    return db.session.scalars(select(Job).where(Job.kind == kind).order_by(Job.created_at.desc())).first()


def test_samples_come_and_go_and_what_is_own_stays(
    app: Flask, fresh: Tenant, client_for: Callable[..., FlaskClient]
) -> None:
    admin, other = client_for(fresh), client_for(fresh, "salesperson")
    assert "/samples/load" in admin.get("/").text
    assert "/samples/load" not in other.get("/").text
    assert send(other, "/samples/load").status_code == 403
    with app.app_context(), tenant(fresh.id):
        actor = people.actor_of("tenant_admin")
    with app.app_context(), tenant(fresh.id), transaction():
        store = list_open_stores(actor, "store.see")[0].id
        mine = customers.create_customer(actor=actor, kind="individual", store_id=store, family_name="Eigen").id
    with app.app_context(), tenant(fresh.id):
        before = counted()
    assert send(admin, "/samples/load").status_code == 303
    assert send(admin, "/samples/load").status_code == 409, "once"
    run_all(app, fresh)
    page = admin.get("/").text
    assert "/samples/remove" in page
    assert "/samples/load" not in page
    with app.app_context(), tenant(fresh.id):
        assert newest_job(samples.LOAD).state == JobState.SUCCEEDED
        after = counted()
        assert all(after[name] > before[name] + 5 for name in ("Customer", "Activity", "Vehicle", "StockUnit", "Deal"))
        assert ids_of("customer") == set(db.session.scalars(select(Customer.id))) - {mine}
        assert ids_of("deal") == set(db.session.scalars(select(Deal.id)))
        # Which cars stand there depends on the day; a pending deal holds its unit though that stays on offer.
        held = select(Deal.stock_unit_id).where(Deal.status.in_(("pending", "sold", "booked")))
        free = select(StockUnit).where(
            StockUnit.asking_price.is_not(None), StockUnit.closed_on.is_(None), StockUnit.id.not_in(held)
        )
        unit = db.session.scalars(free).first()
        talked_to, edited = db.session.scalars(select(Customer).where(Customer.id != mine).limit(2)).all()
        kept = {"unit": unit.id, "vehicle": unit.vehicle_id, "customer": talked_to.id}
        with transaction():
            own_deal = deals.record_deal(
                actor=actor, stock_unit_id=unit.id, price=unit.asking_price, customer_id=mine
            ).id
            own_word = activities.log_activity(
                actor=actor, customer_id=talked_to.id, type="note", body="Called me back"
            ).id
            customers.edit_customer(
                actor=actor, customer_id=edited.id, version=edited.version, kind="individual",
                store_id=edited.store_id, family_name="Renamed",
            )  # fmt: skip
            changed = db.session.scalars(free.where(StockUnit.id != unit.id)).first()
            assert changed is not None
            units.change_price(
                actor=actor, unit_id=changed.id, version=changed.version, asking_price=changed.asking_price - 100
            )
        gone = {edited.id, changed.id}
    assert send(admin, "/samples/remove").status_code == 303
    run_all(app, fresh)
    with app.app_context(), tenant(fresh.id):
        job = newest_job(samples.REMOVE)
        assert (job.state, job.result["skipped"]) == (JobState.PARTLY_FAILED, 3)
        assert set(db.session.scalars(select(Customer.id))) == {mine, kept["customer"]}
        assert set(db.session.scalars(select(StockUnit.id))) == {kept["unit"]}
        assert set(db.session.scalars(select(Vehicle.id))) == {kept["vehicle"]}
        assert set(db.session.scalars(select(Deal.id))) == {own_deal}
        assert set(db.session.scalars(select(Activity.id))) == {own_word}
        assert gone.isdisjoint(db.session.scalars(select(Customer.id)))
        assert db.session.scalar(select(func.count()).select_from(Sample)) == 0
        name = db.session.get(Customer, kept["customer"]).name
        job_id = job.id
    shown = admin.get(f"/jobs/{to_public('job', job_id)}").text
    assert name in shown, "what stays is named"
    assert shown.count('<span class="su">') >= 3
    assert send(admin, "/samples/remove").status_code == 409
    assert "Eigen" in admin.get("/customers").text


def test_two_who_ask_at_once_begin_one_job(app: Flask) -> None:
    of = make_dealership(app, "twice")
    asked, ended = threading.Event(), threading.Event()
    outcomes: list[str] = []

    def ask(first: bool) -> None:
        with app.app_context(), tenant(of.id):
            admin = people.actor_of("tenant_admin")
            db.session.rollback()
            if not first:
                asked.wait(10)
            try:
                with transaction():
                    samples.ask_for_samples(admin)
                    asked.set()
                    if first:
                        # Not committed while the other asks; he waits for this, or has ended by then.
                        ended.wait(1)
                outcomes.append("begun")
            except samples.SamplesNotReady:
                outcomes.append("refused")
            finally:
                asked.set()
                ended.set()

    threads = [threading.Thread(target=ask, args=(first,)) for first in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["begun", "refused"]
