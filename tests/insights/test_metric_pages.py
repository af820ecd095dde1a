"""The pages of the metrics: every figure opens to exactly the rows behind it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from sqlalchemy import select

from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.jobs.models import Job
from app.crm.operations import activities, customers
from app.insights.operations import metrics, recomputing
from app.insights.rules import MetricName
from tests.factories import sales_floor as floor

ROW = re.compile(r"<tr>(.*?)</tr>", re.S)
LINKED = re.compile(r'<a href="([^"]*)">([\d,]+)</a>')
TOTAL = re.compile(r"data-said>Showing [^<]* of ([\d,]+)<")


@pytest.fixture(scope="module")
def seeded(app, alpha):
    """Customers in several activity bands, and sales over two months, models, types and stores."""
    now = datetime.now(UTC)
    with app.app_context(), tenant(alpha.id):
        here, there = floor.store_ids()
        with transaction():
            for number, ages in enumerate([(), (1,), (1, 2), (1, 3, 40), (5, 300), (0, 0)]):
                store = there if number == 2 else here
                customer = customers.create_customer(
                    actor=floor.SYSTEM, kind="individual", store_id=store, name=f"Page {number}"
                )
                for age in ages:
                    activities.log_activity(
                        actor=floor.SYSTEM, customer_id=customer.id, type="call", at=now - timedelta(days=age)
                    )
        for index in range(8):
            floor.sell(
                index % 3,
                Decimal(10_000 + index),
                date(2025, 5 + index % 2, 10 + index),
                store=index % 2,
                deal_type="fleet" if index == 7 else "retail",
            )
        floor.unwind(floor.sell(0, Decimal(99_999), date(2025, 5, 20)))
        floor.sell(0, Decimal(88_888), date(2025, 5, 21), delivered=False)
        floor.refresh()
    return alpha


def linked_figures(page):
    """(address, number) of every figure in a table that is a number and a link."""
    return [
        (unescape(url), int(number.replace(",", "")))
        for row in ROW.findall(page)
        for url, number in LINKED.findall(row)
    ]


def rows_behind(client, url):
    answer = client.get(url)
    assert answer.status_code == 200, answer.text[:2000]
    found = TOTAL.search(answer.text)
    return int(found.group(1).replace(",", "")) if found else 0


@pytest.mark.parametrize("role", ["tenant_admin", "sales_manager", "salesperson"])
def test_every_activity_figure_opens_to_its_rows(client_for, seeded, role):
    client = client_for(seeded, role)
    figures = linked_figures(client.get("/metrics/customer-activity").text)
    assert sum(number for url, number in figures if "/customers" in url) == (6 if role == "tenant_admin" else 5)
    assert sum(number for url, number in figures if "/activities" in url) > 0
    for url, number in figures:
        assert rows_behind(client, url) == number, url


@pytest.mark.parametrize("address", ["", "?deal_type=fleet", "?make=ford&model=focus", "?until=2025-05"])
def test_every_price_figure_opens_to_its_rows(client_for, seeded, address):
    client = client_for(seeded)
    figures = linked_figures(client.get(f"/metrics/average-selling-price{address}").text)
    assert figures
    for url, number in figures:
        assert url.startswith("/deals?")
        assert rows_behind(client, url) == number, url


def test_prices_of_the_page_are_those_of_the_rows(client_for, seeded):
    page = client_for(seeded).get("/metrics/average-selling-price?make=ford&model=focus").text
    # Focus is sold as 0, 3 and 6: two retail sales in May and June, none unwound.
    assert "$10,003" in page
    assert "$99,999" not in page


def test_figures_wider_than_the_actors_rows_have_no_link(client_for, seeded):
    # A sales manager sees the averages of all stores but the deals of the own store only.
    client = client_for(seeded, "sales_manager")
    page = client.get("/metrics/average-selling-price").text
    assert "Ford Focus" in page
    assert linked_figures(page) == []
    store = re.search(r'<option value="(store_[a-z0-9]+)"', page).group(1)
    figures = linked_figures(client.get(f"/metrics/average-selling-price?store={store}").text)
    assert figures
    for url, number in figures:
        assert rows_behind(client, url) == number, url


def test_overview_says_as_of_when(client_for, seeded, app):
    client = client_for(seeded)
    page = client.get("/metrics").text
    assert "Average selling price" in page
    assert "As of" in page
    assert "being taken in" not in page
    with app.app_context(), tenant(seeded.id):
        floor.sell(0, Decimal(1), date(2025, 6, 1), deal_type="lease")
    assert "1 changes are being taken in" in client.get("/metrics").text
    with app.app_context(), tenant(seeded.id):
        floor.refresh()


def test_recompute_on_demand_is_a_job_for_those_who_may(client_for, seeded, app):
    client = client_for(seeded, "controller")
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/metrics/customer-activity").text).group(1)
    assert client.post("/metrics/nonsense/recompute", data={"csrf_token": token}).status_code == 404
    assert client.post("/metrics/customer_activity/recompute", data={"csrf_token": token}).status_code == 303
    with app.app_context(), tenant(seeded.id):
        job = db.session.scalars(select(Job).where(Job.kind == recomputing.JOB_KIND)).one()
        with transaction():
            recomputing.run_recompute(job.id)
        assert (job.state, job.result) == ("succeeded", {"corrected": 0})
    salesperson = client_for(seeded, "salesperson")
    assert "/recompute" not in salesperson.get("/metrics/customer-activity").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', salesperson.get("/customers/new").text).group(1)
    assert salesperson.post("/metrics/customer_activity/recompute", data={"csrf_token": token}).status_code == 403


def test_nightly_recompute_covers_every_metric(app, seeded):
    with app.app_context(), tenant(seeded.id), transaction():
        assert metrics.recompute_all() == {name.value: 0 for name in MetricName}


def test_strangers_and_those_without_the_right_see_no_figures(client_for, seeded, beta):
    assert "Ford Focus" not in client_for(beta).get("/metrics/average-selling-price").text
    assert client_for(seeded, "technician").get("/metrics").status_code == 403
    assert client_for(seeded).get("/metrics/average-selling-price?store=store_zzz").status_code == 404
    assert client_for(seeded).get("/metrics/average-selling-price?nonsense=1").status_code == 422


def test_the_metrics_follow_one_store_and_so_do_the_rows_behind_them(app, client_for, seeded):
    with app.app_context(), tenant(seeded.id):
        here, there = (to_public("store", key) for key in floor.store_ids())
    client, sums = client_for(seeded, "tenant_admin"), []
    for store in (here, there):
        page = client.get(f"/metrics/customer-activity?store={store}").text
        figures = linked_figures(page)
        assert figures
        for url, number in figures:
            assert f"store={store}" in url
            assert rows_behind(client, url) == number, url
        sums.append(sum(number for url, number in figures if "/customers" in url))
    assert sums == [5, 1]
    # From the overview one stays in the store.
    overview = client.get(f"/metrics?store={there}").text
    assert f"/metrics/average-selling-price?store={there}" in overview
    assert f"/metrics/customer-activity?store={there}" in overview
    assert f'<option value="{there}" selected>' in overview
    assert client.get("/metrics?store=nonsense").status_code == 404
