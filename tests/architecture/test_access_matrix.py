"""The access matrix: a row per route, each asked by strangers, with ids of another dealership, another store, and none.

A route without a row fails: whoever adds a page says here what its address names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.db import Tenant, tenant
from app.core.http.access import access_of
from tests.architecture.matrix import ROWS, Row
from tests.fixtures import records
from tests.fixtures.browsing import cookie, steady, token_of

Clients = Callable[..., FlaskClient]
HERE = {route: row for route, row in ROWS.items() if not (row.operator or row.bare)}
RECORDS = sorted(route for route, row in HERE.items() if row.ids)
SCOPED = sorted(route for route, row in HERE.items() if row.ids and row.other_store)
CLOSED = sorted(route for route, row in HERE.items() if not row.public)


@dataclass(frozen=True)
class World:
    """Records that only alpha has, at a store of its own, and the browsers that ask for them."""

    ids: dict[str, str]
    admin: FlaskClient
    stranger: FlaskClient
    local: FlaskClient
    visitor: FlaskClient
    moved: FlaskClient


@pytest.fixture(scope="module")
def world(app: Flask, alpha: Tenant, beta: Tenant, browsers: Clients) -> World:
    with app.app_context(), tenant(alpha.id):
        ids = records.make_records(records.make_store("ELSE"))
        records.make_local_administrator(records.make_store("LOCAL"))
    admin, moved = browsers(alpha), browsers(beta, None)
    moved.set_cookie("session", str(cookie(admin, alpha)), domain=beta.hosts[0])
    return World(
        ids=ids,
        admin=admin,
        stranger=browsers(beta),
        local=browsers(alpha, "lot_staff"),
        visitor=browsers(alpha, None),
        moved=moved,
    )


def address(route: str, ids: dict[str, str]) -> str:
    """The path of a route with its arguments filled in."""
    return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", lambda found: ids[found[1]], route.partition(" ")[2])


def ask(client: FlaskClient, route: str, ids: dict[str, str], **headers: str) -> TestResponse:
    """Call the route with a form token, so that the token is never the reason."""
    method, path = route.partition(" ")[0], address(route, ids)
    if method == "GET":
        return client.get(path, headers=headers)
    page = "/account" if client.get("/account").status_code == 200 else "/sign-in"
    token = token_of(client, page)
    if path.startswith("/api/"):
        return client.open(path, method=method, json={}, headers={**headers, "X-CSRF-Token": token})
    return client.open(path, method=method, data={"csrf_token": token}, headers=headers)


def body(answer: TestResponse, ids: dict[str, str]) -> str:
    """The page without what the asker put into the address himself."""
    text = steady(answer.text)
    for value in ids.values():
        text = text.replace(value, "")
    return text


def test_every_route_has_a_row_and_every_row_a_route(app: Flask) -> None:
    routes = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes - ROWS.keys() == set(), "add a row to tests/architecture/matrix.py"
    assert ROWS.keys() - routes == set(), "these routes are gone"


def test_the_rows_name_the_arguments_of_their_routes(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            row: Row = ROWS[f"{method} {rule.rule}"]
            access = access_of(app.view_functions[rule.endpoint])
            assert row.public == (access is None or access.permission is None), rule.rule
            assert set(row.ids) == (set() if "static" in rule.rule else set(rule.arguments)), rule.rule


@pytest.mark.parametrize("route", CLOSED)
def test_a_visitor_and_a_cookie_of_another_dealership_are_sent_to_sign_in(world: World, route: str) -> None:
    for client in (world.visitor, world.moved):
        assert ask(client, route, world.ids, Accept="application/json").status_code == 401
        answer = ask(client, route, world.ids)
        # Programs are told; people are sent to where they sign in.
        assert answer.status_code == (303 if route.startswith("GET") and "/api/" not in route else 401)


@pytest.mark.parametrize("route", [route for route in RECORDS if route.startswith("GET")])
def test_the_records_are_really_there(world: World, route: str) -> None:
    assert ask(world.admin, route, world.ids).status_code in (200, 409)


@pytest.mark.parametrize("route", RECORDS)
def test_ids_of_another_dealership_are_missing_ids(world: World, route: str) -> None:
    missing = {**world.ids, **{name: records.MISSING[name]() for name in ROWS[route].ids}}
    foreign, nothing = ask(world.stranger, route, world.ids), ask(world.stranger, route, missing)
    if ROWS[route].names:
        assert nothing.status_code == 404
        return
    assert (foreign.status_code, nothing.status_code) == (404, 404)
    assert body(foreign, world.ids) == body(nothing, missing)
    assert "Marker" not in foreign.text
    plain = ask(world.stranger, route, world.ids, Accept="application/json").get_json()
    assert plain["code"] == ask(world.stranger, route, missing, Accept="application/json").get_json()["code"]


@pytest.mark.parametrize("route", SCOPED)
def test_ids_of_another_store_are_missing_ids(world: World, route: str) -> None:
    answer = ask(world.local, route, world.ids)
    assert answer.status_code == 404
    assert "Marker Customer" not in answer.text


@pytest.mark.parametrize("route", RECORDS)
def test_malformed_ids_are_missing_ids(world: World, route: str) -> None:
    first = ROWS[route].ids[0]
    good = world.ids[first]
    near: dict[str, Any] = {
        "other type": f"none_{good.partition('_')[2]}",
        "number": "0",
        "negative": "-1",
        "longer": f"{good}0",
        "upper case": good.upper(),
        "quote": f"{good[:-1]}'",
        "wildcard": "%",
        "zero byte": "%00",
        "script": "%3Cscript%3E",
    }
    for what, value in near.items():
        answer = ask(world.admin, route, {**world.ids, first: value})
        assert answer.status_code == 404, what
