"""A conversation becomes a delivered car: seven presses on the desk, and back again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

from app.core import clock
from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import from_public, to_public
from app.crm.operations.contacts import ContactInput
from app.crm.operations.customers import create_customer
from app.insights.models import SalesAverage
from app.insights.operations import metrics
from app.inventory.models import StockUnit
from app.sales.models import Deal, DealDocument
from app.sales.operations.policies import set_policy
from app.sales.queries.grossing import count_gross
from app.sales.rules.policies import PolicyKind
from app.tenants.models import Store
from tests.browser.conftest import Shop
from tests.browser.test_tasks import Presses
from tests.factories.catalogue import make_tax_rule
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle

pytestmark = pytest.mark.browser

FEES = {"tax_key": "flow", "fees": [{"label": "Documentation", "amount": "100.00", "taxed": False}]}


@dataclass(frozen=True)
class Car:
    """The car that is sold."""

    vehicle_id: str
    status: str


@pytest.fixture
def car(app: Flask, american: Tenant) -> Iterator[Car]:
    """A car at 20,000 in a store with a fee and a tax rule of 8 %, and somebody who may buy it."""
    with app.app_context(), tenant(american.id):
        store = db.session.scalars(select(Store).order_by(Store.code)).first()
        assert store is not None
        make_tax_rule(key="flow", layers=[{"name": "State", "rate": "8"}])
        with transaction():
            set_policy(actor=SYSTEM, kind=PolicyKind.FEES, body=FEES, store_id=store.id)
            create_customer(
                actor=SYSTEM, kind="individual", store_id=store.id, name="Fleur Flow",
                contact_points=[ContactInput(kind="email", value="fleur@example.com")],
            )  # fmt: skip
        unit = make_unit(
            store, make_vehicle(make="Lotus", model="Flowing"), asking_price=Decimal(20_000), cost=Decimal(17_500)
        )
        found = Car(to_public("veh", unit.vehicle_id), unit.status)
    yield found
    with app.app_context(), tenant(american.id), transaction():
        set_policy(actor=SYSTEM, kind=PolicyKind.FEES, body={"fees": []}, store_id=store.id, number=1)


def next_step(shop: Shop, words: str) -> None:
    """Press the one next step, which must be this one."""
    step = shop.page.locator("#next-step")
    expect(step).to_contain_text(words)
    with shop.page.expect_navigation():
        step.click()


def test_a_quote_becomes_a_delivered_car_in_seven_presses_and_comes_back(
    app: Flask, window: Callable[..., Shop], american: Tenant, car: Car
) -> None:
    shop = window(american, "salesperson")
    page = shop.page
    presses = Presses(page)
    shop.go(f"/vehicles/{car.vehicle_id}")
    with page.expect_navigation():
        page.locator("main a[href*='/deals/start']").click()
    page.locator("#pick-q").fill("fleur")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    with page.expect_navigation():
        page.locator("#picks button").first.click()
    # The desk: the asking price, the store's fee and its tax stand there already.
    deal = page.url.partition("/deals/")[2].partition("?")[0]
    expect(page.locator("#fig-due")).to_have_text("$21,700")
    page.locator("label.pick").first.click()
    next_step(shop, "Send quote")
    next_step(shop, "Agree")
    next_step(shop, "Take payment")
    next_step(shop, "Deliver")
    expect(page.locator("#next-step")).to_have_count(0)
    assert presses.count == 7
    assert page.url.partition("/deals/")[2].partition("?")[0] == deal

    with app.app_context(), tenant(american.id):
        with transaction():
            metrics.refresh_metrics()
        sold = state(deal)
        papers = db.session.scalars(select(DealDocument.kind).where(DealDocument.deal_id == from_public("deal", deal)))
        assert papers.all() == ["quote"]
        assert sold == ("sold", "delivered", Decimal(20_000), 1)
        row = db.session.get(Deal, from_public("deal", deal))
        assert row is not None
        assert row.delivered_on == clock.today("America/New_York")
        assert count_gross(row).gross.front == Decimal(2_500)

    boss = window(american, "sales_manager")
    boss.go(f"/deals/{deal}/unwind")
    boss.page.fill("[name=reason]", "The bank said no")
    boss.press()
    with app.app_context(), tenant(american.id):
        with transaction():
            metrics.refresh_metrics()
        assert state(deal) == ("unwound", car.status, None, 0)


def state(deal_id: str) -> tuple[str, str, Decimal | None, int]:
    """Where the deal and its unit stand, and the sum and the count of the statistics of its model."""
    db.session.expire_all()
    deal = db.session.get(Deal, from_public("deal", deal_id))
    assert deal is not None
    unit = db.session.get(StockUnit, deal.stock_unit_id)
    assert unit is not None
    asked = select(SalesAverage).where(SalesAverage.make_key == "lotus", SalesAverage.model_key == "flowing")
    rows = [row for row in db.session.scalars(asked) if row.sales]
    return deal.status, unit.status, sum((row.total for row in rows), Decimal(0)) or None, sum(r.sales for r in rows)
