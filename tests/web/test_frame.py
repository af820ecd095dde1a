"""The frame over the application: the chosen store, settings that follow the user, what can be begun, refusals."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from app.core.db import columns, db, tenant, transaction
from app.core.db.ids import to_public
from app.tenants.models import Membership, Role, Store
from app.web.cars import car_paint, car_shape
from app.web.stores import same_page_in_store
from tests.fixtures import people
from tests.web.test_signed_in import token

ROLE = "sales_manager"


@pytest.fixture
def stores(app, alpha):
    """The public ids of the dealership's two stores, at both of which the sales manager works."""
    with app.app_context(), tenant(alpha.id):
        user = people.find_user(ROLE)
        role_id = db.session.scalars(select(Role.id).where(Role.key == ROLE)).one()
        known = db.session.scalars(select(Store.id).where(Store.code.in_(("S1", "S2"))).order_by(Store.code)).all()
        held = set(db.session.scalars(select(Membership.store_id).where(Membership.user_id == user.id)))
        with transaction():
            for store_id in set(known) - held:
                db.session.add(Membership(id=columns.new_id(), user_id=user.id, store_id=store_id, role_id=role_id))
        return [to_public("store", store_id) for store_id in known]


def choose(client, **chosen):
    """Send the form of preferences as a page of the product would."""
    return client.post("/preferences", data={"csrf_token": token(client.get("/more").text), "next": "/", **chosen})


def rail(page):
    """Address by words of the rail's links."""
    side = page.split('<nav class="side"')[1].split("</nav>")[0]
    links = re.findall(r'<li><a href="([^"]+)"[^>]*>(.*?)</a>', side, re.DOTALL)
    return {re.sub(r"<[^>]*>|\s+", " ", words).strip(): unescape(url) for url, words in links}


def test_the_chosen_store_stands_in_every_address_that_follows_it(client_for, alpha, stores):
    client = client_for(alpha, ROLE)
    assert all("store=" not in url for url in rail(client.get("/").text).values())
    answer = choose(client, store=stores[1])
    assert (answer.status_code, answer.location) == (303, f"/?store={stores[1]}")
    links = rail(client.get("/").text)
    for words in ("Today", "Customers", "Activities", "Vehicles", "Deals", "Metrics"):
        assert parse_qs(urlsplit(links[words]).query)["store"] == [stores[1]], words
        assert client.get(links[words]).status_code == 200
    # The list still asks what it asks by default, and says so.
    assert "status=" in links["Vehicles"]
    assert "store=" not in links["Jobs"]
    # Another device of the same user follows, other people do not.
    assert rail(client_for(alpha, ROLE).get("/").text)["Deals"] == links["Deals"]
    assert "store=" not in rail(client_for(alpha, "gm").get("/").text)["Deals"]
    choose(client, store="")
    assert "store=" not in rail(client.get("/").text)["Deals"]


@pytest.mark.parametrize("wanted", ["store_01k000000000000000000000000", "nonsense", "store_"])
def test_a_store_of_nobody_is_not_chosen(client_for, alpha, stores, wanted):
    client = client_for(alpha, ROLE)
    assert choose(client, store=wanted).location == "/"
    assert "store=" not in rail(client.get("/").text)["Deals"]


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("/deals?status=working&store=store_a&cursor=x", "/deals?status=working&store=store_b"),
        ("/deals", "/deals?store=store_b"),
        ("/customers/cus_1?tab=x", "/customers/cus_1?tab=x"),
        ("/metrics", "/metrics?store=store_b"),
        ("/metrics/average-selling-price?make=audi", "/metrics/average-selling-price?make=audi&store=store_b"),
        ("/jobs?x=1", "/jobs?x=1"),
        ("/nowhere", "/nowhere"),
    ],
)
def test_the_page_stays_and_changes_its_store_where_it_can(app, path, after):
    with app.test_request_context("/"):
        assert same_page_in_store(path, "store_b") == after
        assert "store=store_b" not in same_page_in_store(after, "")


def test_settings_follow_the_user_to_other_devices(client_for, alpha):
    client, other = client_for(alpha, "cashier"), client_for(alpha, "cashier")
    assert choose(client, theme="dark", density="tight", shortcuts="off", next="/account").location == "/account"
    page = other.get("/account").text
    assert 'data-bs-theme="dark" data-theme="dark"' in page
    assert 'data-keys="off"' in page
    assert re.search(r'name="density"[^>]*value="tight" checked', page)
    assert 'data-theme="system"' in client_for(alpha, "technician").get("/").text
    # What is not offered changes nothing, and nothing else is written.
    choose(client, theme="pink", shortcuts="perhaps", version="9")
    assert 'data-bs-theme="dark"' in other.get("/").text
    choose(client, theme="system", density="comfortable", shortcuts="on")
    assert 'data-keys="on"' in other.get("/").text


def test_only_what_one_may_create_can_be_begun(client_for, alpha):
    def begun(role):
        page = client_for(alpha, role).get("/").text
        menu = page.partition('<details class="menu new">')[2].partition("</details>")[0]
        return set(re.findall(r'href="([^"]+)"', menu))

    assert {"/customers/quick", "/vehicles/new", "/deals/new", "/imports/new", "/users/new"} <= begun("tenant_admin")
    assert "/users/new" not in begun("salesperson")
    assert begun("technician") & {"/deals/new", "/users/new"} == set()


def test_the_palette_offers_pages_and_beginnings_by_name(client_for, alpha):
    client = client_for(alpha)
    form = {"csrf_token": token(client.get("/").text)}

    def lines(text):
        page = client.post("/find", data={**form, "q": text}, headers={"HX-Request": "true"}).text
        assert "<html" not in page
        return set(re.findall(r'role="option"[^>]*href="([^"]+)"', page))

    assert {"/deals", "/settings", "/customers/quick"} <= lines("")
    assert "/roles" in lines("role")
    assert "/customers/quick" in lines("New: cus")
    assert {"/customers/quick", "/vehicles/new"} <= lines("zzz nobody is called so")


def test_a_refused_page_names_the_roles_and_the_people(client_for, alpha):
    answer = client_for(alpha, "technician").get("/roles/new")
    assert answer.status_code == 403
    words = re.sub(r"<[^>]*>|\s+", " ", answer.text)
    assert "Your roles: Technician." in words
    assert "It is open to: Administrator" in words
    assert "Ask " in words
    assert re.search(r"Request [0-9a-f]{16}", words)


@pytest.mark.parametrize(
    ("body", "shape"),
    [("SUV", "suv"), ("Pickup", "pickup"), ("Hatchback", "hatch"), ("越野车", "suv"), (None, "sedan"), ("?", "sedan")],
)
def test_every_body_has_a_drawing(body, shape):
    assert car_shape(body) == shape


@pytest.mark.parametrize(
    ("colour", "paint"), [("Pearl White", "white"), ("蓝色", "blue"), ("Mauve", "grey"), ("", "grey")]
)
def test_every_colour_has_a_paint(colour, paint):
    assert car_paint(colour) == paint
