"""The pages of the administration: what they show to whom, and what stands there after a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db, tenant
from app.core.db.ids import to_public
from app.core.guard.permissions import declared
from app.tenants.models import Role, Store, User
from app.tenants.queries import people as asked
from tests.fixtures import people
from tests.fixtures.browsing import send

Clients = Callable[..., FlaskClient]


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found.group(1)


def test_a_store_is_opened_and_changed_from_its_page(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha)
    form = {"code": "WEST", "name": "West <b>End</b>", "timezone": "America/Denver", "region": "", "address": ""}
    assert send(client, "/stores", **form).location == "/stores"
    assert "West &lt;b&gt;End&lt;/b&gt;" in client.get("/stores").text
    with app.app_context(), tenant(alpha.id):
        path = f"/stores/{to_public('store', db.session.scalars(select(Store.id).where(Store.code == 'WEST')).one())}"
    version = hidden(client.get(path).text, "version")
    assert send(client, path, **{**form, "name": "West Side", "version": version}).status_code == 303
    stale = send(client, path, **{**form, "name": "East Side", "version": version})
    assert stale.status_code == 409
    assert "Somebody changed this record" in stale.text
    assert 'value="East Side"' in stale.text
    assert hidden(stale.text, "version") != version


def test_a_refused_form_keeps_what_was_typed_and_names_every_field(alpha: Tenant, client_for: Clients) -> None:
    answer = send(client_for(alpha), "/stores", code="x" * 13, name="", timezone="Nowhere", address="12 High Street")
    assert answer.status_code == 422
    assert "12 High Street" in answer.text
    assert 'id="e-code"' in answer.text
    assert 'id="e-name"' in answer.text
    assert "Use at most 12 characters." in answer.text


def test_fields_the_form_does_not_have_are_refused(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    form = {"code": "MASS", "name": "Mass", "timezone": "America/Denver"}
    for extra in ({"id": "x"}, {"closed_at": "2020-01-01"}, {"version": "9"}, {"tenant_id": "x"}):
        assert send(client_for(alpha), "/stores", **form, **extra).status_code == 422
    assert send(client_for(alpha), "/stores", **{**form, "name": ["One", "Two"]}).status_code == 422
    with app.app_context(), tenant(alpha.id):
        assert db.session.scalars(select(Store).where(Store.code == "MASS")).all() == []


def test_a_user_is_invited_with_a_role_from_the_page(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha)
    place = re.search(r'name="places" value="(store_\w+/role_\w+)"', client.get("/users/new").text)
    assert place
    form = {"name": "Page Person", "email": "page.person@example.com", "locale": "zh", "places": [place.group(1)]}
    assert send(client, "/users", **form).location == "/users"
    listed = client.get("/users").text
    assert "Page Person" in listed
    assert "page.person@example.com" not in listed
    with app.app_context(), tenant(alpha.id):
        user = db.session.scalars(select(User).where(User.name == "Page Person")).one()
        path = f"/users/{to_public('usr', user.id)}"
    page = client.get(path).text
    assert "page.person@example.com" in page
    assert f'value="{place.group(1)}" checked' in page
    for action in ("link", "sign-out"):
        assert send(client, f"{path}/{action}").status_code == 303
    version = hidden(page, "version")
    assert send(client, f"{path}/disable", version=version).status_code == 303
    assert "Disabled" in client.get("/users").text


def test_a_user_without_any_role_is_refused_with_a_word(alpha: Tenant, client_for: Clients) -> None:
    answer = send(client_for(alpha), "/users", name="Nobody", email="nobody.at.all@example.com")
    assert answer.status_code == 422
    assert "Choose at least one role" in answer.text


def test_the_matrix_offers_every_permission_and_a_role_is_made_of_ticks(
    app: Flask, alpha: Tenant, client_for: Clients
) -> None:
    client = client_for(alpha)
    page = client.get("/roles/new").text
    assert all(f'value="{name}:all"' in page for name in declared())
    ticks = ["customer.see:store", "customer.edit:own", ""]
    assert send(client, "/roles", name="Greeter", grants=ticks).location == "/roles"
    with app.app_context(), tenant(alpha.id):
        role = db.session.scalars(select(Role).where(Role.name == "Greeter")).one()
        assert asked.grants_of_role(role.id) == {"customer.see": "store", "customer.edit": "own"}
        path = f"/roles/{to_public('role', role.id)}"
    page = client.get(path).text
    assert 'value="customer.see:store" selected' in page
    changed = {"name": "Greeter", "grants": ["customer.see:all"], "version": hidden(page, "version")}
    assert send(client, path, **changed).status_code == 303
    with app.app_context(), tenant(alpha.id):
        assert asked.grants_of_role(role.id) == {"customer.see": "all"}
    again = {"version": hidden(client.get(path).text, "version")}
    assert send(client, f"{path}/delete", **again).status_code == 303
    assert client.get(path).status_code == 404


def test_ticks_beyond_ones_own_are_neither_offered_nor_taken(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    with app.app_context(), tenant(alpha.id):
        manager = asked.get_role(db.session.scalars(select(Role.id).where(Role.key == "sales_manager")).one())
        path, version = f"/roles/{to_public('role', manager.id)}", manager.version
        before = asked.grants_of_role(manager.id)
    grants = [f"{name}:{scope}" for name, scope in {**before, "role.see": "all", "role.create": "all"}.items()]
    assert send(client_for(alpha), path, name="Sales manager", grants=grants, version=version).status_code == 303
    client = client_for(alpha, "sales_manager")
    page = client.get("/roles/new").text
    assert 'value="deal.see:store"' in page
    assert 'value="deal.see:all"' not in page
    refused = send(client, "/roles", name="Mightier", grants=["deal.see:all"])
    assert refused.status_code == 403
    assert "deal.see" in refused.text


@pytest.mark.parametrize("path", ["/users", "/roles", "/stores/new", "/users/new", "/roles/new"])
def test_pages_beyond_ones_rights_are_refused_and_named(alpha: Tenant, client_for: Clients, path: str) -> None:
    answer = client_for(alpha, "lot_staff").get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["code"] == "permission_denied"


def test_one_changes_ones_own_password_and_must_know_the_present_one(alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha, "fi_manager")
    new = {"password": "three blue vans by the sea", "repeated": "three blue vans by the sea"}
    wrong = send(client, "/account/password", present="something else entirely", **new)
    assert wrong.status_code == 422
    assert "not your present password" in wrong.text
    elsewhere = client_for(alpha, "fi_manager")
    assert send(client, "/account/password", present=people.PASSWORD, **new).location == "/sign-in"
    assert elsewhere.get("/account").status_code == 303


def test_one_ends_a_single_session_of_ones_own_only(alpha: Tenant, client_for: Clients) -> None:
    here, there, stranger = client_for(alpha, "gm"), client_for(alpha, "gm"), client_for(alpha, "cashier")
    own = re.findall(r"/account/sessions/(ses_\w+)/end", there.get("/account").text)
    theirs = re.findall(r"/account/sessions/(ses_\w+)/end", stranger.get("/account").text)
    assert set(own).isdisjoint(theirs)
    assert send(here, f"/account/sessions/{theirs[0]}/end").status_code == 404
    assert stranger.get("/account").status_code == 200
    assert len(own) >= 2


def test_the_chosen_language_is_kept_with_the_user(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha, "workshop_foreman")
    assert send(client, "/preferences", locale="zh", next="/account").status_code == 303
    with app.app_context(), tenant(alpha.id):
        user = people.find_user("workshop_foreman")
        assert user is not None
        assert user.locale == "zh"
    assert 'lang="zh-CN"' in client.get("/account").text


def test_the_list_of_users_has_pages_and_is_asked_by_role_and_store(
    app: Flask, alpha: Tenant, client_for: Clients
) -> None:
    with app.app_context(), tenant(alpha.id):
        gm = db.session.scalars(select(Role.id).where(Role.key == "gm")).one()
        store = db.session.scalars(select(Store.id).where(Store.code == "S1")).one()
    client = client_for(alpha)
    page = client.get("/users?limit=10").text
    assert 'rel="next"' in page
    only = client.get(f"/users?role={to_public('role', gm)}&store={to_public('store', store)}").text
    names = re.findall(r'<a [^>]*href="/users/usr_[^"]+">([^<]+)</a>', only)
    assert names == ["Gm"]
    assert "General manager" in only
    client.set_cookie("locale", "zh", domain=alpha.hosts[0])
    # Default roles are named in the reader's language.
    assert "General manager" not in client.get(f"/users?role={to_public('role', gm)}").text
    # Who may not change users gets no link that would be refused.
    assert "/users/usr_" not in client_for(alpha, "controller").get("/users").text
