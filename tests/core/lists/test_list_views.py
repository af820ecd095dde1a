"""Lists as pages: personal conditions by POST, cursors of one's own dealership, what was typed kept on refusal."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db, tenant, transaction
from app.core.guard.permissions import system_actor
from app.crm.operations import contacts, customers
from app.tenants.models import Store

Clients = Callable[..., FlaskClient]
NAMES = [f"Listed Person {n:02}" for n in range(24)]


@pytest.fixture(scope="module", autouse=True)
def rows(app: object, alpha: Tenant, beta: Tenant) -> None:
    """The same two dozen customers in both dealerships, each with a telephone."""
    for of in (alpha, beta):
        with app.app_context(), tenant(of.id), transaction():  # type: ignore[attr-defined]
            store = db.session.scalars(select(Store.id).order_by(Store.code)).first()
            for n, name in enumerate(NAMES):
                customers.create_customer(
                    actor=system_actor("test"),
                    kind="individual",
                    store_id=store,
                    name=name,
                    contact_points=[contacts.ContactInput("phone", f"+1 202 555 01{n:02}")],
                )


def names_on(html: str) -> list[str]:
    return re.findall(r">\s*(Listed Person \d\d)\s*<", html)


def link(html: str, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', html)
    return unescape(found[1]) if found else None


def post_filter(client: FlaskClient, **typed: str):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/customers").text)
    assert token is not None
    return client.post("/customers/filter", data={"csrf_token": token[1], **typed})


def test_pages_lead_on_and_back(client_for: Clients, alpha: Tenant) -> None:
    client = client_for(alpha)
    pages, url = [], "/customers?limit=10"
    while url:
        answer = client.get(url)
        assert answer.status_code == 200
        pages.append(names_on(answer.text))
        last, url = answer.text, link(answer.text, "next")
    assert [len(page) for page in pages] == [10, 10, 4]
    assert [name for page in pages for name in page] == NAMES
    back = link(last, "prev")
    assert back is not None
    assert names_on(client.get(back).text) == pages[1]


def test_a_cursor_of_the_other_dealership_or_another_question_is_refused(
    client_for: Clients, alpha: Tenant, beta: Tenant
) -> None:
    onward = link(client_for(alpha).get("/customers?limit=10").text, "next")
    assert onward is not None
    assert "Listed" not in onward
    for client, url in (
        (client_for(beta), onward),
        (client_for(alpha), onward + "&sort=-name"),
        (client_for(alpha), onward[:-2] + ("AA" if onward[-2:] != "AA" else "BB")),
    ):
        answer = client.get(url)
        assert answer.status_code == 422
        assert names_on(answer.text) == []


def test_personal_conditions_leave_as_an_id(client_for: Clients, alpha: Tenant) -> None:
    client = client_for(alpha)
    answer = post_filter(client, name="person 07", kind="individual", sort="-name")
    assert answer.status_code == 303
    args = parse_qs(urlsplit(answer.location).query)
    assert set(args) == {"filter", "kind", "sort"}
    assert "person" not in answer.location
    shown = client.get(answer.location)
    assert shown.status_code == 200
    assert names_on(shown.text) == ["Listed Person 07"]
    assert 'value="person 07"' in shown.text


def test_a_phone_finds_its_owner_in_any_format(client_for: Clients, alpha: Tenant) -> None:
    client = client_for(alpha)
    shown = client.get(post_filter(client, phone="(202) 555-0113").location)
    assert names_on(shown.text) == ["Listed Person 13"]
    assert names_on(client.get(post_filter(client, phone="(202) 555-0199").location).text) == []


def test_anothers_saved_filter_is_refused(client_for: Clients, alpha: Tenant, beta: Tenant) -> None:
    location = post_filter(client_for(alpha), name="person 07").location
    for stranger in (client_for(alpha, "gm"), client_for(beta)):
        answer = stranger.get(location)
        assert answer.status_code == 422
        assert names_on(answer.text) == []
        assert "person 07" not in answer.text


def test_personal_values_in_an_address_are_refused(client_for: Clients, alpha: Tenant) -> None:
    answer = client_for(alpha).get("/customers?name=person+07")
    assert answer.status_code == 422
    assert names_on(answer.text) == []


def test_what_was_typed_stays_beside_its_refusal(client_for: Clients, alpha: Tenant) -> None:
    client = client_for(alpha)
    answer = client.get("/customers?last_activity_from=yesterday&kind=robot&colour=red")
    assert answer.status_code == 422
    assert 'value="yesterday"' in answer.text
    assert "colour" in answer.text
    answer = post_filter(client, name="person 07", last_activity_to="2024-02-30")
    assert answer.status_code == 422
    assert 'value="person 07"' in answer.text
    assert 'value="2024-02-30"' in answer.text


def test_nothing_typed_leads_to_the_whole_list(client_for: Clients, alpha: Tenant) -> None:
    client = client_for(alpha)
    answer = post_filter(client, name="  ", phone="")
    assert (answer.status_code, answer.location) == (303, "/customers")
    assert len(names_on(client.get("/customers").text)) == len(NAMES)


def test_the_form_needs_its_token_and_a_right(client_for: Clients, alpha: Tenant) -> None:
    assert client_for(alpha).post("/customers/filter", data={"name": "x"}).status_code == 403
    assert client_for(alpha, None).get("/customers").status_code == 303
