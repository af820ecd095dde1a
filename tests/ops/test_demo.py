"""The demonstration: invented throughout, the same each time, loaded once, and something on every page."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core.db import Tenant, db, directory, tenant, transaction
from app.core.jobs import runner
from app.core.jobs.models import Job, JobState, Outbox
from app.core.lists.spec import REGISTRY
from app.crm.models import Activity, Customer
from app.insights.models import SaleEntry
from app.insights.operations import metrics
from app.inventory.models import PriceChange, StockUnit
from app.inventory.rules import vin as vins
from app.sales.models import Deal
from app.tenants.models import Mail, Membership, Role, Team, User
from app.tenants.operations import lifecycle
from app.web.nav import ENTRIES
from ops import demo
from tests.fixtures.browsing import sign_in
from tests.fixtures.dealerships import HostClient
from worker import tasks
from worker.demo import history
from worker.demo.cars import FILLER
from worker.demo.dealerships import ADMIN, DEALERSHIPS, POSTS, email_of, name_of
from worker.demo.plot import DAYS, write_history

NOW = datetime(2026, 5, 20, 15, 30, tzinfo=UTC)
SCALE = 0.03
WHOLE = {made.slug: write_history(made, NOW) for made in DEALERSHIPS}
PHONES = {
    "US": r"\(\d{3}\) 555-01\d\d",
    "GB": r"07700 900\d{3}|0(117|121|131|141|161) 496 0\d{3}|020 7946 0\d{3}|0191 498 0\d{3}",
    "CN": r"12\d \d{4} \d{4}",
}
PLATES = {"US": r"DEMO \d{5}", "GB": r"[A-HK-PR-Z]Q\d\d [A-Z]I[A-Z]", "CN": r"[\u4e00-\u9fff][A-Z]·I\d\dO\d"}
HAN = re.compile(r"[\u4e00-\u9fff]{2,4}")

every_dealership = pytest.mark.parametrize("made", DEALERSHIPS, ids=lambda made: made.slug)


def cars_of(slug):
    return [story.car for story in WHOLE[slug] if story.car is not None]


def buyers_of(slug):
    return [buyer for story in WHOLE[slug] for buyer in story.buyers]


@every_dealership
def test_numbers_pass_the_check_and_were_never_built(made):
    numbers = [car.vin for car in cars_of(made.slug) if car.vin]
    assert len(numbers) == len(set(numbers)) > 450
    for number in numbers:
        assert vins.status_of(number) is vins.VinStatus.VALID
        assert number[3:8] == FILLER
        assert number[10] == "0"


@every_dealership
def test_nobody_can_be_reached(made):
    contacts = {contact for buyer in buyers_of(made.slug) for contact in buyer.contacts}
    phones = [value for kind, value in contacts if kind == "phone"]
    emails = [value for kind, value in contacts if kind == "email"]
    assert len(phones) > 300
    assert len(emails) > 300
    assert [value for value in phones if not re.fullmatch(PHONES[made.country], value)] == []
    assert [value for value in emails if not re.fullmatch(r"[a-z.]+\d\d@example\.(com|org|net)", value)] == []


@every_dealership
def test_plates_were_never_issued(made):
    plates = [car.plate for car in cars_of(made.slug) if car.plate]
    assert len(plates) > 250
    assert [plate for plate in plates if not re.fullmatch(PLATES[made.country], plate)] == []


@every_dealership
def test_the_same_moment_gives_the_same_history(made):
    assert write_history(made, NOW) == WHOLE[made.slug]


@every_dealership
def test_two_years_in_sensible_volumes(made):
    stays = [stay for car in cars_of(made.slug) for stay in car.stays]
    sales = [sale for stay in stays for sale in stay.sales]
    delivered = [sale for sale in sales if sale.delivered_on]
    buyers = buyers_of(made.slug)
    assert 550 < len(buyers) < 700
    assert 3_400 < sum(len(buyer.deeds) for buyer in buyers) < 4_600
    assert 460 < len(stays) < 540
    assert 330 < len(delivered) < 460
    assert {sale.deal_type for sale in sales} == {"retail", "wholesale", "fleet", "lease"}
    assert 5 < sum(sale.unwound_on is not None for sale in sales) < 20
    days = [sale.delivered_on for sale in delivered]
    assert (max(days) - min(days)).days > DAYS - 40
    assert all(deed.at < NOW for buyer in buyers for deed in buyer.deeds)
    assert max(days) <= NOW.date()


def test_no_store_is_told_of_a_day_that_has_not_come_there():
    # Half past midnight in Chicago, half an hour before midnight in Denver.
    stories = write_history(DEALERSHIPS[0], datetime(2026, 5, 20, 5, 30, tzinfo=UTC))
    stays = [stay for story in stories if story.car is not None for stay in story.car.stays]
    days = [sale.sold_on for stay in stays for sale in stay.sales if sale.sold_on]
    days += [stay.acquired_on for stay in stays]
    assert max(days) <= date(2026, 5, 19)


@pytest.fixture(scope="module")
def loaded(app: Flask) -> dict[str, Tenant]:
    """The demonstration with a small history, loaded step by step as the worker would."""
    tasks.load()
    with app.app_context():
        demo.load(password_for, lambda text: None, scale=SCALE)
        directory.refresh()
        found = {made.slug: directory.find_host(f"{made.slug}.localhost") for made in DEALERSHIPS}
        for known in found.values():
            run_all(known)
    return found


def password_for(slug):
    return f"k7wq-m3nd-{slug[:4]}-x9vt-b2hs"


def run_all(known):
    """Run the dealership's waiting tasks until none is left."""
    waiting = select(Outbox.id).where(
        Outbox.done_at.is_(None), Outbox.dead_at.is_(None), Outbox.available_at <= func.now()
    )
    while True:
        with tenant(known.id):
            rows = db.session.scalars(waiting.order_by(Outbox.id)).all()
        if not rows:
            return
        for row in rows:
            assert runner.run(known.id, str(row)) in (runner.Outcome.DONE, runner.Outcome.SKIPPED)


def counted():
    models = (User, Membership, Team, Customer, Activity, StockUnit, PriceChange, Deal, Job)
    return {model.__name__: db.session.scalar(select(func.count()).select_from(model)) for model in models}


@every_dealership
def test_people_hold_every_default_role_at_two_stores(app, loaded, made):
    with app.app_context(), tenant(loaded[made.slug].id):
        held = set(db.session.scalars(select(Role.key).join(Membership, Membership.role_id == Role.id)))
        assert held == set(db.session.scalars(select(Role.key)))
        assert len(set(db.session.scalars(select(Membership.store_id)))) == 2
        states = db.session.scalars(select(User.state)).all()
        assert states.count("active") == len(POSTS)
        assert states.count("invited") == 1
        assert len(set(db.session.scalars(select(User.password_hash).where(User.state == "active")))) == 1
        assert db.session.scalars(select(Team.lead_id)).all().count(None) == 0
        # One person is still to answer the invitation; the others' never went out.
        assert db.session.scalar(select(func.count()).select_from(Mail)) == 1


@every_dealership
def test_the_history_is_whole(app, loaded, made):
    with app.app_context(), tenant(loaded[made.slug].id):
        job = history.find_history(made)
        stories = write_history(made, datetime.fromisoformat(job.params["now"]), SCALE)
        found = counted()
    assert job.state == JobState.SUCCEEDED
    assert job.progress_done == job.progress_total == len(stories)
    buyers = [buyer for story in stories for buyer in story.buyers]
    stays = [stay for story in stories if story.car for stay in story.car.stays]
    assert found["Customer"] == len(buyers)
    # A drive that is over enters the timeline by itself, and a car taken in trade comes into stock at the handover.
    driven = [drive for story in stories for drive in story.drives if drive.back is not None]
    assert found["Activity"] == sum(len(buyer.deeds) for buyer in buyers) + len(driven)
    traded = [
        sale
        for story in stories
        for stay in (story.car.stays if story.car else ())
        for sale in stay.sales
        if sale.worked and sale.delivered_on and story.buyers[sale.buyer].brought
    ]
    assert traded
    assert found["StockUnit"] == len(stays) + len(traded)
    assert found["Deal"] == sum(len(stay.sales) for stay in stays)
    assert found["PriceChange"] == sum(len(stay.prices) for stay in stays)


@every_dealership
def test_metrics_taken_in_step_by_step_equal_a_full_count(app, loaded, made):
    with app.app_context(), tenant(loaded[made.slug].id), transaction():
        assert db.session.scalar(select(func.count()).select_from(SaleEntry)) > 0
        assert set(metrics.recompute_all().values()) == {0}


def test_loading_again_changes_nothing(app, loaded):
    asked = []
    with app.app_context():
        before = {}
        for slug, known in loaded.items():
            with tenant(known.id):
                before[slug] = counted()
        accounts = demo.load(lambda slug: asked.append(slug) or "", lambda text: asked.append(text), scale=SCALE)
        for slug, known in loaded.items():
            run_all(known)
            with tenant(known.id):
                assert counted() == before[slug]
    assert [row["slug"] for row in accounts] == list(loaded)
    assert asked == []


# Nobody has imported, exported or let a program in; the others are forms or only lead on, and Today is no table.
BARE = {
    "imports.list_imports", "exports.list_exports", "tenants.list_api_keys", "export_rules.show_rules",
    "tenants.show_provider", "tenants.show_access", "tenants.show_origins", "web.home", "web.show_settings",
    "sales.list_settings", "crm.show_pipeline",
}  # fmt: skip


@every_dealership
def test_every_page_has_something_to_show(app, loaded, made):
    client = HostClient(app, app.response_class)
    client.host = loaded[made.slug].hosts[0]
    assert sign_in(client, email_of(ADMIN), password_for(made.slug)).status_code == 303
    endpoints = {entry.endpoint for entry in ENTRIES} | {spec.endpoint for spec in REGISTRY.values()}
    endpoints = endpoints & set(app.view_functions) - BARE
    with app.test_request_context(base_url=f"http://{client.host}"):
        pages = {app.url_for(endpoint) for endpoint in endpoints}
    pages |= {"/metrics/average-selling-price", "/metrics/customer-activity"}
    assert len(pages) >= 11
    for url in sorted(pages):
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert re.search('<td|<dd|<article class="mail"|<li class="nt', answer.text), url


def test_the_chinese_dealership_speaks_chinese(app, loaded):
    made = DEALERSHIPS[1]
    with app.app_context(), tenant(loaded[made.slug].id) as known:
        assert (known.locale, known.currency, known.country) == ("zh", "CNY", "CN")
        people = db.session.scalars(select(Customer).where(Customer.kind == "individual")).all()
    assert len(people) > 5
    assert all(HAN.fullmatch(person.name) for person in people)
    assert all(HAN.fullmatch(name_of(made, post)) for post in POSTS)


def test_a_closed_dealership_is_left_alone(app, loaded):
    slug = DEALERSHIPS[2].slug
    with app.app_context():
        lifecycle.suspend_tenant(loaded[slug].id)
        try:
            accounts = demo.load(password_for, lambda text: None, scale=SCALE)
        finally:
            lifecycle.resume_tenant(loaded[slug].id)
    assert [row["slug"] for row in accounts] == [made.slug for made in DEALERSHIPS if made.slug != slug]
