"""The shell over the whole application: Today, the box that finds, languages, health; for each role."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from app.core.db import db, tenant, transaction
from app.core.guard.permissions import system_actor
from app.crm.models import Customer
from app.crm.operations import activities, contacts, customers
from app.tenants.models import Store
from app.tenants.rules.roles import DEFAULT_ROLES
from app.web.nav import ENTRIES, SETTINGS
from tests.fixtures.dealerships import HostClient

SYSTEM = system_actor("test")
PHONE = "202 555 0171"


def token(page: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)


@pytest.fixture
def kim(app, alpha):
    """A customer of the first store with a phone and no activity, and one with the same surname and an activity."""
    with app.app_context(), tenant(alpha.id):
        if db.session.scalar(select(Customer.id).where(Customer.name_key == "kim shellby")) is None:
            store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
            phone = [contacts.ContactInput("phone", PHONE, "work")]
            with transaction():
                customers.create_customer(
                    actor=SYSTEM, kind="individual", store_id=store, name="Kim Shellby", contact_points=phone
                )
                lou = customers.create_customer(actor=SYSTEM, kind="individual", store_id=store, name="Lou Shellby")
                activities.log_activity(actor=SYSTEM, customer_id=lou.id, type="note", body="Wants a van")
    return "Kim Shellby"


def find(client, text):
    return client.post("/find", data={"q": text, "csrf_token": token(client.get("/").text)})


@pytest.mark.parametrize("text", [PHONE, "+1 (202) 555-0171", "kim shellby"])
def test_the_box_leads_to_the_only_record_that_fits(client_for, alpha, kim, text):
    client = client_for(alpha)
    answer = find(client, text)
    assert answer.status_code == 303
    assert answer.location.startswith("/customers/cus_")
    assert not re.search(r"shellby|0171", answer.location, re.IGNORECASE)
    assert "<h1>Kim Shellby" in client.get(answer.location).text


def test_the_box_shows_several_hits_in_groups(client_for, alpha, kim):
    client = client_for(alpha)
    page = find(client, "shellby")
    assert page.status_code == 200
    assert re.findall(r'href="/customers/cus_\w+"', page.text)
    assert "Kim Shellby" in page.text
    assert "Lou Shellby" in page.text
    part = client.post(
        "/find", data={"q": "shellby", "csrf_token": token(client.get("/").text)}, headers={"HX-Request": "true"}
    ).text
    assert "<html" not in part
    assert part.count('role="option"') >= 2


def test_what_was_opened_is_offered_before_anything_is_typed(client_for, alpha, kim):
    client = client_for(alpha, "gm")
    form = token(client.get("/").text)
    address = client.post("/find", data={"q": "kim shellby", "csrf_token": form}).location
    item = f"customer:{address.rpartition('/')[2]}"
    assert client.post("/recent", data={"item": item, "csrf_token": form}).status_code == 204
    for wrong in ("", "customer", "customer:", "customer:deal_01k00000000000000000000000", "nothing:x", "x" * 500):
        assert client.post("/recent", data={"item": wrong, "csrf_token": form}).status_code in (204, 404)
    part = client.post("/find", data={"q": "", "csrf_token": form}, headers={"HX-Request": "true"}).text
    assert "Kim Shellby" in part
    assert address in part


def test_the_box_finds_nothing_of_another_dealership(client_for, beta, kim):
    answer = find(client_for(beta), "shellby")
    assert answer.status_code == 200
    assert "No match for" in answer.text


@pytest.mark.parametrize("text", ["", " ", "x", "%%", "_" * 400, "'; DROP TABLE", "‮", "a\x00b"])
def test_the_box_takes_anything(client_for, alpha, kim, text):
    answer = find(client_for(alpha), text)
    assert answer.status_code == 200
    assert "Kim Shellby" not in answer.text


def test_the_box_is_for_signed_in_people_of_this_host(client_for, alpha):
    assert client_for(alpha).post("/find", data={"q": "kim"}).status_code == 403
    assert client_for(alpha, None).post("/find", data={"q": "kim"}).status_code in (303, 401, 403)


@pytest.mark.parametrize("role", DEFAULT_ROLES)
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_entry_of_the_rail_opens(app, client_for, alpha, role, locale):
    client = client_for(alpha, role)
    client.set_cookie("locale", locale, domain=alpha.hosts[0])
    page = client.get("/")
    assert page.status_code == 200
    rail = page.text.split('<nav class="side"')[1].split("</nav>")[0]
    addresses = re.findall(r'<li><a href="([^"]+)"', rail)
    assert addresses[0] == "/"
    for address in addresses:
        # The pipeline is the board of the leads: its address leads there.
        answer = client.get(address, follow_redirects=True)
        assert answer.status_code == 200, address
        assert 'aria-current="page"' in answer.text, address
    assert client.get("/more").status_code == 200


def test_the_administrator_sees_every_page_there_is(app, client_for, alpha):
    client = client_for(alpha)
    page, settings = (html.unescape(client.get(path).text) for path in ("/", "/settings"))
    for entry in ENTRIES:
        if entry.endpoint in app.view_functions:
            assert f"<b>{entry.label}</b>" in settings if entry.group == SETTINGS else f"</svg>{entry.label}" in page


def test_a_chosen_language_is_kept_with_the_user(client_for, alpha):
    client = client_for(alpha, "salesperson")
    form = {"locale": "zh", "next": "/more", "csrf_token": token(client.get("/").text)}
    answer = client.post("/preferences", data=form)
    assert (answer.status_code, answer.location) == (303, "/more")
    assert 'lang="zh-CN"' in client.get("/more").text
    assert 'lang="zh-CN"' in client_for(alpha, "salesperson").get("/").text
    assert 'lang="en"' in client_for(alpha, "gm").get("/").text


def test_a_choice_without_the_forms_token_changes_nothing(client_for, alpha):
    client = client_for(alpha, "gm")
    assert client.post("/preferences", data={"theme": "dark"}).status_code == 403
    assert 'data-theme="system"' in client.get("/").text


@pytest.fixture
def stranger(app):
    """A browser at the bare host."""
    client = HostClient(app, app.response_class)
    client.host = "localhost"
    return client


@pytest.mark.parametrize("typed", ["{slug}", " {slug} ", "{host}", "http://{host}:8000/", "{name}"])
def test_the_start_page_leads_to_the_dealership_asked_for(app, stranger, typed):
    with app.app_context():
        from_tests = next(iter(app.extensions["forecourt_directory"].all()), None)
    assert from_tests is not None
    asked = typed.format(slug=from_tests.slug.upper(), host=from_tests.hosts[0], name=from_tests.name)
    page = stranger.get("/", query_string={"dealership": asked}).text
    assert 'class="found"' in page
    if "name" not in typed:
        assert f'href="http://{from_tests.hosts[0]}' in page


@pytest.mark.parametrize("typed", ["nobody at all", "alph", "%", "<b>x</b>", "-"])
def test_the_start_page_neither_lists_nor_suggests(stranger, alpha, typed):
    page = stranger.get("/", query_string={"dealership": typed})
    assert page.status_code == 200
    assert 'class="found"' not in page.text
    assert alpha.name not in page.text
    assert "<b>x</b>" not in page.text


def test_readiness_names_each_server(stranger):
    answer = stranger.get("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {"status": "ok", "database": "ok", "redis": "ok", "schema": "ok"},
    )


def test_without_redis_people_keep_working(another_app):
    other = another_app(REDIS_URL="redis://127.0.0.1:1/0")
    answer = other.test_client().get("/readyz")
    assert (answer.status_code, answer.json["redis"], answer.json["status"]) == (200, "down", "degraded")


def test_without_the_database_this_process_is_not_ready(another_app):
    other = another_app(DATABASE_URL="postgresql://nobody:x@127.0.0.1:1/none")
    answer = other.test_client().get("/readyz")
    assert (answer.status_code, answer.json["database"]) == (503, "down")
