"""The access matrix by scope and by field: which customers and which contacts a role opens, at every combination."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from app.core.db import Tenant, columns, db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.permissions import system_actor
from app.crm.operations.contacts import add_contact_point
from app.crm.operations.identities import set_id_number
from app.tenants.models import Membership, Store
from app.tenants.operations import roles, stores
from tests.factories.sales import make_customer
from tests.fixtures import people
from tests.fixtures.browsing import token_of

SYSTEM = system_actor("test")
PHONE, MASK = "202 555 0188", "+1 ****0188"
ID_NUMBER, ID_MASK = "51343620000320711X", "5***************1X"
# Whose and where a customer is, and from which scope on somebody at the first store reaches it.
REACHED = {
    "own": {"own", "team", "store", "all"},
    "own_elsewhere": {"own", "team", "store", "all"},
    "mates": {"team", "store", "all"},
    "mates_elsewhere": {"all"},
    "anybodys": {"store", "all"},
    "nobodys": {"store", "all"},
    "elsewhere": {"all"},
}


@dataclass(frozen=True)
class Ground:
    """Customers by whose and where they are, as addresses name them."""

    of: Tenant
    ids: dict[str, str]


@pytest.fixture(scope="module")
def ground(app: Flask, alpha: Tenant) -> Ground:
    with app.app_context(), tenant(alpha.id):
        here, there = db.session.scalars(select(Store).where(Store.code.in_(("S1", "S2"))).order_by(Store.code)).all()
        me, mate, other = (people.find_user(key) for key in ("lot_staff", "technician", "gm"))
        assert None not in (me, mate, other)
        with transaction():
            stores.create_team(SYSTEM, store_id=here.id, name="Two", lead_id=None, member_ids=[me.id, mate.id])
        owners = {
            "own": (here, me), "own_elsewhere": (there, me), "mates": (here, mate), "mates_elsewhere": (there, mate),
            "anybodys": (here, other), "nobodys": (here, None), "elsewhere": (there, None),
        }  # fmt: skip
        ids = {}
        for name, (store, owner) in owners.items():
            customer = make_customer(store, f"Scoped {name}")
            with transaction():
                customer.owner_id = owner.id if owner else None
                set_id_number(SYSTEM, customer, ID_NUMBER)
                add_contact_point(actor=SYSTEM, customer_id=customer.id, kind="phone", value=PHONE)
            ids[name] = to_public("cus", customer.id)
    return Ground(alpha, ids)


@pytest.fixture
def reader(app: Flask, ground: Ground, browsers: Callable[..., FlaskClient]) -> Callable[..., FlaskClient]:
    """`reader(grants, sights)`: a browser of the lot's user, who has this role at the first store and no other."""

    def make(grants: dict[str, str], sights: dict[str, str]) -> FlaskClient:
        with app.app_context(), tenant(ground.of.id), transaction():
            role = roles.create_role(SYSTEM, name=f"Made {columns.new_id()}", grants=grants, sights=sights)
            user = people.find_user("lot_staff")
            assert user is not None
            store = db.session.scalars(select(Store.id).where(Store.code == "S1")).one()
            db.session.execute(delete(Membership).where(Membership.user_id == user.id))
            db.session.add(Membership(id=columns.new_id(), user_id=user.id, store_id=store, role_id=role.id))
        return browsers(ground.of, "lot_staff")

    return make


@pytest.mark.parametrize("scope", ["own", "team", "store", "all"])
def test_a_scope_opens_its_records_in_lists_and_pages_and_for_changes(
    reader: Callable[..., FlaskClient], ground: Ground, scope: str
) -> None:
    client = reader({"customer.see": "all", "customer.edit": scope}, {})
    listing = reader({"customer.see": scope}, {})
    page = listing.get("/customers").text
    for name, reached in REACHED.items():
        within = scope in reached
        assert (f">Scoped {name}<" in page) is within, name
        assert listing.get(f"/customers/{ground.ids[name]}").status_code == (200 if within else 404), name
    client = reader({"customer.see": "all", "customer.edit": scope}, {})
    for name, reached in REACHED.items():
        page = client.get(f"/customers/{ground.ids[name]}").text
        assert (f"/customers/{ground.ids[name]}/edit" in page) is (scope in reached), name


def test_without_a_grant_there_is_nothing(reader: Callable[..., FlaskClient], ground: Ground) -> None:
    client = reader({"deal.see": "all"}, {"contact": "visible"})
    assert client.get("/customers").status_code == 403
    assert client.get(f"/customers/{ground.ids['own']}").status_code == 403


@pytest.mark.parametrize("sight", ["hidden", "masked", "visible"])
@pytest.mark.parametrize("scope", ["own", "all"])
def test_a_sight_is_the_same_in_every_scope(
    reader: Callable[..., FlaskClient], ground: Ground, scope: str, sight: str
) -> None:
    grants = dict.fromkeys(("customer.see", "customer.edit", "customer.create"), scope)
    client = reader(grants, {"contact": sight} if sight != "hidden" else {})
    path = f"/customers/{ground.ids['own']}"
    page, listed = client.get(path).text, client.get("/customers?cols=name,contact")
    assert (MASK in page, f"{path}/contacts" in page) == (sight != "hidden", sight == "visible")
    assert (listed.status_code, MASK in listed.text) == ((422, False) if sight == "hidden" else (200, True))
    token = token_of(client)
    asked = client.post("/customers/filter", data={"phone": PHONE, "csrf_token": token})
    # A condition that may not be asked is no condition.
    assert ("flt_" in asked.location) is (sight == "visible")
    sent = {"contact_kind": "phone", "value": f"202 555 01{51 if scope == 'own' else 52}", "csrf_token": token}
    assert client.post(f"{path}/contacts", data=sent).status_code == (303 if sight == "visible" else 403)
    point = re.search(r"/contacts/([0-9a-f-]{36})/reveal", page)
    assert bool(point) is (sight == "visible")


@pytest.mark.parametrize("sight", ["hidden", "masked", "visible"])
@pytest.mark.parametrize("scope", ["own", "all"])
def test_an_id_number_is_shown_asked_and_changed_as_the_sight_says(
    app: Flask, reader: Callable[..., FlaskClient], ground: Ground, scope: str, sight: str
) -> None:
    grants = dict.fromkeys(("customer.see", "customer.edit", "customer.create"), scope)
    # Contacts say nothing about ID numbers.
    client = reader(grants, {"contact": "visible", **({"identity": sight} if sight != "hidden" else {})})
    path = f"/customers/{ground.ids['own']}"
    page, form, listed = client.get(path).text, client.get(f"{path}/edit").text, client.get("/customers?cols=id_number")
    assert (ID_MASK in page, f"{path}/id-number/reveal" in page) == (sight != "hidden", sight == "visible")
    assert (ID_MASK in form, f'value="{ID_NUMBER}"' in form) == (sight == "masked", sight == "visible")
    assert (listed.status_code, ID_MASK in listed.text) == ((422, False) if sight == "hidden" else (200, True))
    assert ID_NUMBER not in page + listed.text + client.get(f"/customers?peek={ground.ids['own']}").text
    token = token_of(client)
    asked = client.post("/customers/filter", data={"id_number": ID_NUMBER, "csrf_token": token})
    assert ("flt_" in asked.location) is (sight == "visible")
    shown = client.post(f"{path}/id-number/reveal", data={"csrf_token": token})
    assert (shown.status_code, ID_NUMBER in shown.text) == ((200, True) if sight == "visible" else (403, False))
    with app.app_context(), tenant(ground.of.id):
        me = people.find_user("lot_staff")
        store = db.session.scalars(select(Store.id).where(Store.code == "S1")).one()
        assert me is not None
    new = {"kind": "individual", "name": "Newly made", "store_id": store, "owner_id": me.id, "id_number": "X 1234"}
    made = client.post("/customers", data={**new, "csrf_token": token})
    assert made.status_code == (303 if sight == "visible" else 403)
    # The box finds nobody by it, whoever asks.
    assert ID_MASK not in client.post("/find", data={"q": ID_NUMBER, "csrf_token": token}).text
    assert "Scoped own" not in client.post("/find", data={"q": ID_NUMBER, "csrf_token": token}).text


def test_of_two_roles_the_wider_grant_and_the_clearer_sight_count(
    app: Flask, reader: Callable[..., FlaskClient], ground: Ground
) -> None:
    client = reader({"customer.see": "own"}, {"contact": "masked"})
    with app.app_context(), tenant(ground.of.id), transaction():
        role = roles.create_role(SYSTEM, name="Second", grants={"customer.see": "store"}, sights={"contact": "visible"})
        user = people.find_user("lot_staff")
        assert user is not None
        place = db.session.scalars(select(Membership).where(Membership.user_id == user.id)).one()
        second = Membership(id=columns.new_id(), user_id=user.id, store_id=place.store_id, role_id=role.id)
        db.session.add(second)
    page = client.get(f"/customers/{ground.ids['anybodys']}")
    assert page.status_code == 200
    assert "/reveal" in page.text
