"""Pages of other hosts and the API: none may read it, until the dealership names their origin; never with cookies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from app.core.db import Tenant, db, transaction
from app.core.errors import Invalid, PermissionDenied
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor, system_actor
from app.tenants.models import ApiOrigins
from app.tenants.operations.origins import allow_origins
from app.tenants.rules.origins import MOST_ORIGINS, origin_of
from tests.fixtures.browsing import send
from tests.fixtures.programs import Program, make_key

SYSTEM = system_actor("test")
SHOP, OTHER = "https://shop.example.com", "https://evil.example.com"
ASKED = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,if-match"}


@pytest.fixture
def allowed(in_alpha: Tenant) -> Iterator[None]:
    """Alpha allows the pages of its shop."""
    with transaction():
        allow_origins(SYSTEM, [SHOP])
    yield
    with transaction():
        db.session.execute(delete(ApiOrigins))


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    return Program(client_for(alpha, None), make_key("tenant_admin"))


def preflight(client: FlaskClient, origin: str, path: str = "/api/v1/customers/cus_x", **more: Any) -> TestResponse:
    return client.options(path, headers={"Origin": origin, **ASKED}, **more)


def told(answer: TestResponse) -> dict[str, str]:
    """What an answer says to browsers about other origins."""
    return {name: value for name, value in answer.headers.items() if name.lower().startswith("access-control-")}


def test_nobody_is_allowed_at_first(program: Program) -> None:
    assert told(program.get("/me", Origin=SHOP)) == {}
    answer = preflight(program.client, SHOP)
    assert (answer.status_code, told(answer)) == (401, {})
    assert "Origin" in program.get("/me").vary


def test_pages_of_the_list_may_read_answers(program: Program, allowed: None) -> None:
    answer = program.get("/me", Origin=SHOP)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.vary
    refused = program.ask("GET", "/customers?colour=red", Origin=SHOP)
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (400, SHOP)
    for origin in (OTHER, "null", f"{SHOP}.evil.com", SHOP.upper(), f"{SHOP}:8443", "http://shop.example.com"):
        assert told(program.get("/me", Origin=origin)) == {}, origin


def test_a_browser_that_asks_first_is_told_what_may_be_sent(program: Program, allowed: None) -> None:
    answer = preflight(program.client, SHOP)
    assert (answer.status_code, answer.data) == (204, b"")
    assert told(answer) | {"Access-Control-Expose-Headers": ""} == {
        "Access-Control-Allow-Origin": SHOP,
        "Access-Control-Allow-Methods": "DELETE, GET, HEAD, PATCH",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, Idempotency-Key, Accept-Language",
        "Access-Control-Max-Age": "600",
        "Access-Control-Expose-Headers": "",
    }
    assert "Origin" in answer.vary
    assert told(preflight(program.client, OTHER)) == {}
    assert preflight(program.client, SHOP, "/api/v1/nothing").status_code == 404


def test_pages_and_other_dealerships_are_not_opened(
    program: Program, allowed: None, client_for: Callable[..., FlaskClient], alpha: Tenant, beta: Tenant, app: Flask
) -> None:
    admin = client_for(alpha)
    assert told(admin.get("/account", headers={"Origin": SHOP})) == {}
    assert told(preflight(admin, SHOP, "/customers")) == {}
    assert told(preflight(client_for(beta, None), SHOP)) == {}
    bare = preflight(app.test_client(), SHOP, base_url="http://localhost")
    assert (bare.status_code, told(bare)) == (404, {})
    console = preflight(app.test_client(), SHOP, base_url="http://operator.localhost")
    assert (console.status_code, told(console)) == (404, {})


def test_cookies_are_never_let_through(client_for: Callable[..., FlaskClient], alpha: Tenant, allowed: None) -> None:
    for answer in (client_for(alpha).get("/api/v1/me", headers={"Origin": SHOP}), preflight(client_for(alpha), SHOP)):
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        (" https://Shop.Example.com/ ", SHOP),
        ("https://shop.example.com:443", SHOP),
        ("https://shop.example.com:8443", f"{SHOP}:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://shop.example.com", None),
        ("https://*.example.com", None),
        ("*", None),
        ("null", None),
        ("https://shop.example.com/page", None),
        ("https://somebody@shop.example.com", None),
        ("https://shop.example.com:99999", None),
        ("ftp://shop.example.com", None),
        ("https://shop.example.com\x00", None),
    ],
)
def test_what_an_origin_is(text: str, origin: str | None) -> None:
    assert origin_of(text) == origin


def test_the_page_keeps_the_list_and_the_audit_tells(
    client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant, allowed: None
) -> None:
    admin = client_for(alpha)
    assert SHOP in admin.get("/api-origins").text
    saved = send(admin, "/api-origins", page="/api-origins", origins=f"{SHOP}/\r\nhttp://localhost:3000\r\n{SHOP}")
    assert saved.status_code == 303
    assert db.session.scalars(select(ApiOrigins.origins)).one() == [SHOP, "http://localhost:3000"]
    found = select(AuditEntry).where(AuditEntry.action == "api_origins.edit").order_by(AuditEntry.id.desc()).limit(1)
    entry = db.session.scalars(found).one()
    assert entry.changes["origins"] == [[SHOP], [SHOP, "http://localhost:3000"]]
    refused = send(admin, "/api-origins", page="/api-origins", origins="https://*.example.com")
    assert refused.status_code == 422
    assert "https://*.example.com" in refused.text
    assert client_for(alpha, "salesperson").get("/api-origins").status_code == 403


def test_who_may_say_so_and_how_many(in_alpha: Tenant) -> None:
    many = [f"https://shop{number}.example.com" for number in range(MOST_ORIGINS + 1)]
    with pytest.raises(Invalid):
        allow_origins(SYSTEM, many)
    with pytest.raises(PermissionDenied):
        allow_origins(Actor(user_id=None, name="Somebody", grants={"api_key.edit": "all"}), [SHOP])
