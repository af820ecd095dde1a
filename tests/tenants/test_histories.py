"""The timelines of users, stores, teams and roles: who changed what, in words, and nothing of who came and went."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.permissions import system_actor
from app.tenants.models import Role, Store, Team
from app.tenants.operations import roles, stores, users
from app.tenants.queries import people as asked
from tests.fixtures import people

Clients = Callable[..., FlaskClient]
MEI, SAM = system_actor("Mei Chen"), system_actor("Sam Ortiz")


def timeline(client: FlaskClient, path: str) -> str:
    """The text of the page's timeline, a line for each entry."""
    page = client.get(path)
    assert page.status_code == 200
    part = page.text.partition('id="timeline"')[2].partition("</ol>")[0]
    bare = re.sub(r"<(?:svg|time)\b.*?</(?:svg|time)>", "→", part, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", bare)))


def test_a_store_tells_what_was_changed(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    with app.app_context(), tenant(alpha.id):
        with transaction():
            store = stores.open_store(MEI, code="TOLD", name="Harbour", timezone="America/Denver")
        with transaction():
            stores.change_store(
                SAM, store.id, version=store.version, code="TOLD", name="Harbour Road",
                timezone="America/Denver",
            )  # fmt: skip
        path = f"/stores/{to_public('store', store.id)}"
    told = timeline(client_for(alpha), path)
    assert "Sam Ortiz changed Name Harbour → Harbour Road" in told
    # Its beginning is one line, not every field of it.
    assert "Mei Chen opened this store" in told
    assert "Code" not in told


def test_a_team_names_its_people(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    with app.app_context(), tenant(alpha.id):
        lead = people.find_user("salesperson")
        assert lead is not None
        name = lead.name
        store_id = asked.list_memberships(lead.id)[0][0].store_id
        with transaction():
            team = stores.create_team(MEI, store_id=store_id, name="Told", lead_id=None, member_ids=[])
        with transaction():
            stores.change_team(
                MEI, team.id, version=team.version, name="Told", lead_id=lead.id, member_ids=[lead.id]
            )  # fmt: skip
        path, key = f"/teams/{to_public('team', team.id)}", str(lead.id)
    told = timeline(client_for(alpha), path)
    assert f"Lead empty → {name}" in told
    assert f"Members empty → {name}" in told
    assert key not in told


def test_a_user_tells_roles_by_name_and_not_who_came_and_went(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    with app.app_context(), tenant(alpha.id):
        store = db.session.scalars(select(Store).order_by(Store.code)).first()
        role = db.session.scalars(select(Role).where(Role.key == "salesperson")).one()
        other = db.session.scalars(select(Role).where(Role.key == "service_advisor")).one()
        assert store is not None
        with transaction():
            user = users.invite_user(
                MEI, name="Told Anna", email="told.anna@example.com", locale=None, places={(store.id, role.id)}
            )
        with transaction():
            users.change_user(
                SAM, user.id, version=user.version, name="Told Anna B", email="told.anna@example.com", locale="zh",
                places={(store.id, other.id)},
            )  # fmt: skip
        path, place = f"/users/{to_public('usr', user.id)}", str(store.id)
        names = (role.name, other.name, store.name)
    told = timeline(client_for(alpha), path)
    assert "Name Told Anna → Told Anna B" in told
    assert f"Roles {names[0]} · {names[2]} → {names[1]} · {names[2]}" in told
    assert re.search("Language empty → (中文|Chinese)", told)
    assert place not in told
    assert "session" not in told


def test_signing_in_is_no_change_of_the_record(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    client_for(alpha, "gm")
    with app.app_context(), tenant(alpha.id):
        user = people.find_user("gm")
        assert user is not None
        path = f"/users/{to_public('usr', user.id)}"
    assert "saved it" not in timeline(client_for(alpha), path)


def test_a_role_tells_each_right_by_itself(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    with app.app_context(), tenant(alpha.id):
        with transaction():
            role = roles.create_role(MEI, name="Told", grants={"customer.see": "own", "deal.see": "own"})
        with transaction():
            roles.change_role(
                SAM, role.id, version=role.version, name="Told", grants={"customer.see": "store", "stock.see": "all"}
            )
        path = f"/roles/{to_public('role', role.id)}"
    told = timeline(client_for(alpha), path)
    assert "Customers: See Own → Store" in told
    assert "Deals: See Own → empty" in told
    assert "Stock: See empty → All" in told
    assert "Mei Chen made this role" in told
    assert "customer.see" not in told


def test_who_may_not_see_the_record_sees_no_timeline(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    with app.app_context(), tenant(alpha.id):
        store = db.session.scalars(select(Store).order_by(Store.code)).first()
        assert store is not None
        with transaction():
            team = stores.create_team(MEI, store_id=store.id, name="Told too", lead_id=None, member_ids=[])
        assert db.session.get(Team, team.id) is not None
        path = f"/teams/{to_public('team', team.id)}"
    assert client_for(alpha, "salesperson").get(path).status_code in (403, 404)
