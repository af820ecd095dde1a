"""The metrics over the API: what they mean, and the same figures as the pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db, transaction
from app.core.db.ids import to_public
from app.core.guard.permissions import system_actor
from app.crm.operations.activities import log_activity
from app.tenants.models import Store
from tests.factories.sales import make_customer
from tests.fixtures.programs import Program, make_key


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may what an administrator's key may."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


def test_each_metric_says_what_it_means(program: Program) -> None:
    told = program.get("/metrics", Accept_Language="zh").get_json()["data"]
    assert [metric["name"] for metric in told] == ["customer_activity", "average_selling_price"]
    assert told[0]["label"] == "客户活跃度"
    assert told[0]["fresh"]["waiting"] >= 0


def test_customers_are_counted_by_band(program: Program) -> None:
    store = db.session.scalars(select(Store).order_by(Store.created_at, Store.id)).first()
    assert store is not None
    path = f"/metrics/customer-activity?store_id={to_public('store', store.id)}"
    before = {band["band"]: band["customers"] for band in program.get(path).get_json()["bands"]}
    make_customer(store, "Quiet")
    after = {band["band"]: band["customers"] for band in program.get(path).get_json()["bands"]}
    assert after["none"] == before["none"] + 1


def test_prices_are_told_with_their_currency(program: Program) -> None:
    told = program.get("/metrics/average-selling-price?deal_type=retail&since=2020-01&until=2020-02").get_json()
    assert told["total"]["average"] is None or set(told["total"]["average"]) == {"amount", "currency"}
    assert all("2020-01" <= figure["month"] <= "2020-02" for figure in told["by_month"])


@pytest.mark.parametrize("asked", ["?store_id=cus_1", "?since=2020", "?colour=red"])
def test_what_cannot_be_read_is_refused(program: Program, asked: str) -> None:
    assert program.get(f"/metrics/average-selling-price{asked}").status_code == 400


def test_the_search_finds_and_shows_no_more_than_one_may_see(
    program: Program, client_for: Callable[..., FlaskClient], alpha: Tenant
) -> None:
    store = db.session.scalars(select(Store).order_by(Store.created_at, Store.id)).first()
    assert store is not None
    customer = make_customer(store, "Zebulon Findable")
    with transaction():
        log_activity(actor=system_actor("test"), customer_id=customer.id, type="note", body="x", store_id=store.id)
    found = program.post("/search/query", {"q": "Zebulon Findable"}).get_json()["data"]
    assert [hit["id"] for group in found for hit in group["hits"]] == [to_public("cus", customer.id)]
    blind = Program(client_for(alpha, None), make_key("tenant_admin", ["vehicle.see"]))
    assert blind.post("/search/query", {"q": "Zebulon Findable"}).get_json()["data"] == []
    assert program.post("/search/query", {"q": "a", "limit": 21}).status_code == 422
