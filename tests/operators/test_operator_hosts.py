"""The console answers at its own host alone, shows no row of a dealership, and its database role cannot read one."""

from __future__ import annotations

import re
from collections.abc import Callable

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.db import Tenant, db, operators, platform, tenant
from app.core.http.access import access_of
from tests.architecture.matrix import ROWS
from tests.fixtures import people, records
from tests.fixtures.browsing import send, token_of

ROUTES = sorted(route for route, row in ROWS.items() if row.operator)
EVERYWHERE = {"web.home", "web.preferences", "web.static", "web.healthz", "web.readyz"}


def path_of(route: str, alpha: Tenant) -> str:
    known = {"tenant_id": alpha.id}
    return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", lambda found: known.get(found[1], "x"), route.partition(" ")[2])


def test_there_are_routes_of_the_console() -> None:
    assert len(ROUTES) > 25


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_of_the_console_is_nothing_elsewhere(
    alpha: Tenant, client_for: Callable[..., FlaskClient], app: Flask, route: str
) -> None:
    method, path = route.partition(" ")[0], path_of(route, alpha)
    admin = client_for(alpha)
    if method == "GET":
        assert admin.get(path).status_code == 404
    else:
        assert send(admin, path).status_code == 404
    bare = app.test_client().open(path, method=method, base_url="http://localhost")
    assert bare.status_code == 404
    assert "sign-in" not in str(bare.headers)


def test_every_other_route_is_nothing_at_the_console(app: Flask, console: FlaskClient) -> None:
    tried = 0
    for rule in app.url_map.iter_rules():
        access = access_of(app.view_functions[rule.endpoint])
        if (access is not None and access.operator) or rule.endpoint in EVERYWHERE or "static" in rule.endpoint:
            continue
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            token = {} if method == "GET" else {"csrf_token": token_of(console, "/platform")}
            headers = {"X-CSRF-Token": token.get("csrf_token", "")}
            answer = console.open(path, method=method, data=token, headers=headers)
            assert answer.status_code == 404, f"{method} {rule.rule}"
            tried += 1
    assert tried > 100


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.startswith("GET")])
def test_every_change_asks_for_the_token(alpha: Tenant, console: FlaskClient, route: str) -> None:
    assert console.post(path_of(route, alpha)).status_code == 403


@pytest.mark.parametrize("route", [route for route in ROUTES if not ROWS[route].public])
def test_nobody_gets_in_without_signing_in(alpha: Tenant, stranger: FlaskClient, route: str) -> None:
    method, path = route.partition(" ")[0], path_of(route, alpha)
    if method == "GET":
        answer = stranger.get(path)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/platform/sign-in")
    else:
        assert send(stranger, path, page="/platform/sign-in").status_code == 401


def test_the_start_of_the_host_leads_to_the_console(stranger: FlaskClient) -> None:
    answer = stranger.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/platform")
    assert send(stranger, "/preferences", page="/platform/sign-in", locale="zh", next="/platform").status_code == 303


def test_no_row_of_a_dealership_stands_on_any_page(app: Flask, alpha: Tenant, console: FlaskClient) -> None:
    with app.app_context(), tenant(alpha.id):
        records.make_records(records.make_store("MARK"))
    seen = 0
    for route in ROUTES:
        if route.startswith("GET"):
            page = console.get(path_of(route, alpha))
            assert page.status_code in (200, 303, 404), route
            assert "Marker" not in page.text, route
            assert people.email("salesperson") not in page.text, route
            seen += page.status_code == 200
    assert seen >= 9


def test_the_consoles_role_reads_no_dealership_and_the_platforms_no_operator(app: Flask, alpha: Tenant) -> None:
    with app.app_context():
        for table in ("crm_customers", "core_outbox", "tenants_users"):
            with operators(), pytest.raises(DBAPIError) as refused:
                db.session.execute(text(f"SELECT 1 FROM {alpha.schema}.{table}"))
            assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)
        for scope, table in (
            (platform, "operators"),
            (platform, "operator_sessions"),
            (platform, "operator_audit"),
            (lambda: tenant(alpha.id), "operators"),
            (lambda: tenant(alpha.id), "operator_consents"),
            (lambda: tenant(alpha.id), "announcements"),
        ):
            with scope(), pytest.raises(DBAPIError) as refused:
                db.session.execute(text(f"SELECT 1 FROM platform.{table}"))
            assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


@pytest.mark.parametrize(
    "verb", ["UPDATE platform.operator_audit SET action = 'x'", "DELETE FROM platform.operator_audit"]
)
def test_what_operators_did_cannot_be_changed_by_them(app: Flask, verb: str) -> None:
    with app.app_context(), operators(), pytest.raises(DBAPIError) as refused:
        db.session.execute(text(verb))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


def test_the_console_keeps_the_security_headers(stranger: FlaskClient) -> None:
    answer = stranger.get("/platform/sign-in")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
