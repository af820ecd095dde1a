"""Forged requests: a change needs a token of this session, of this dealership, from a page of this host."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import IntegerConverter, Rule, UUIDConverter

from app.core.db import Tenant, db, tenant
from app.core.http.access import access_of
from app.tenants.models import Store
from tests.fixtures import people
from tests.fixtures.browsing import send, token_of

Clients = Callable[..., FlaskClient]
STORE = {"code": "NEW", "name": "New store", "timezone": "America/Chicago"}


def codes(app: Flask, of: Tenant) -> set[str]:
    with app.app_context(), tenant(of.id):
        return set(db.session.scalars(select(Store.code)))


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 64, "A" * 63])
def test_without_a_token_of_ours_nothing_happens(app: Flask, alpha: Tenant, client_for: Clients, token: str) -> None:
    client = client_for(alpha)
    answer = client.post("/stores", data={**STORE, "csrf_token": token})
    assert answer.status_code == 403
    assert client.post("/stores", data=STORE).status_code == 403
    assert "NEW" not in codes(app, alpha)


def test_a_token_of_another_session_user_or_dealership_is_none(
    app: Flask, alpha: Tenant, beta: Tenant, client_for: Clients
) -> None:
    client = client_for(alpha)
    others = [client_for(alpha), client_for(alpha, "gm"), client_for(beta), client_for(alpha, None)]
    tokens = [token_of(other, "/account" if other is not others[3] else "/sign-in") for other in others]
    for token in tokens:
        assert client.post("/stores", data={**STORE, "csrf_token": token}).status_code == 403
    assert "NEW" not in codes(app, alpha)
    assert send(client, "/stores", **{**STORE, "code": "OWN"}).status_code == 303
    assert "OWN" in codes(app, alpha)


def test_a_visitors_token_is_bound_to_his_cookie(alpha: Tenant, beta: Tenant, client_for: Clients) -> None:
    data = {"email": people.email("gm"), "password": people.PASSWORD}
    mine, other = client_for(alpha, None), client_for(alpha, None)
    token = token_of(mine, "/sign-in")
    assert other.post("/sign-in", data={**data, "csrf_token": token}).status_code == 403
    moved = client_for(beta, None)
    moved.set_cookie("visitor", mine.get_cookie("visitor", alpha.hosts[0]).value, domain=beta.hosts[0])  # type: ignore[union-attr]
    assert moved.post("/sign-in", data={**data, "csrf_token": token}).status_code == 403
    made_up = client_for(alpha, None)
    made_up.set_cookie("visitor", "unsigned", domain=alpha.hosts[0])
    assert made_up.post("/sign-in", data={**data, "csrf_token": token}).status_code == 403
    assert mine.post("/sign-in", data={**data, "csrf_token": token}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://beta.localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_change_from_another_site_is_refused_even_with_the_token(
    app: Flask, alpha: Tenant, client_for: Clients, headers: dict[str, str]
) -> None:
    client = client_for(alpha)
    data = {**STORE, "csrf_token": token_of(client)}
    assert client.post("/stores", data=data, headers=headers).status_code == 403
    assert "NEW" not in codes(app, alpha)


def test_a_change_from_our_own_page_says_so_and_passes(alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha)
    data = {"csrf_token": token_of(client), "name": "Alex Admin", "locale": ""}
    headers = {"Origin": f"http://{alpha.hosts[0]}", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/account", data=data, headers=headers).status_code == 303


def test_a_script_of_ours_may_send_the_token_as_a_header(alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha)
    answer = client.post("/account", data={"name": "Alex Admin"}, headers={"X-CSRF-Token": token_of(client)})
    assert answer.status_code == 303


def test_each_rendering_has_a_token_of_its_own(alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha)
    assert token_of(client) != token_of(client)


def arguments(rule: Rule) -> dict[str, str | int | uuid.UUID]:
    """Something that fits each argument of the route."""
    fitting = {UUIDConverter: uuid.uuid4(), IntegerConverter: 1}
    return {name: fitting.get(type(rule._converters[name]), "x") for name in rule.arguments}


def test_every_changing_route_asks_for_the_token(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha)
    answers = {}
    for rule in app.url_map.iter_rules():
        access = access_of(app.view_functions[rule.endpoint])
        if access is not None and access.operator:
            continue  # tests/operators asks these at their host.
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            path = rule.build(arguments(rule), append_unknown=False)
            assert path is not None
            answers[f"{method} {rule.rule}"] = client.open(path[1], method=method).status_code
    assert len(answers) > 15
    assert {route: status for route, status in answers.items() if status != 403} == {}
