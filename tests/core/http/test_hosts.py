"""From host to tenant: the Host header alone decides, and what it does not name costs no database work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import sql
from sqlalchemy import event

from app.core.db import Tenant, db, directory
from app.core.db.owner import owner
from app.core.http.hosts import parse_host
from app.tenants.operations.provisioning import touch_directory
from tests.fixtures.dealerships import HostClient

Clients = Callable[..., FlaskClient]


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("alpha.localhost", "alpha.localhost"),
        ("ALPHA.Localhost:8000", "alpha.localhost"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("[::1]:8000", "[::1]"),
        ("", None),
        ("a b", None),
        ("a,b", None),
        ("alpha.localhost, beta.localhost", None),
        ("alpha..localhost", None),
        ("alpha.localhost.", None),
        ("user@alpha.localhost", None),
        ("alpha.localhost/x", None),
        ("alpha.localhost:port", None),
        ("alpha.localhost\r\nX: y", None),
        ("älpha.localhost", None),
        ("x" * 254, None),
    ],
)
def test_a_host_header_has_one_shape(header: str, host: str | None) -> None:
    assert parse_host(header) == host


def get(app: Flask, host: str, path: str = "/sign-in", **headers: str) -> Any:
    return app.test_client().get(path, headers={"Host": host, **headers})


@pytest.mark.parametrize("host", ["a,b", "user@alpha.localhost", "alpha..localhost"])
def test_a_malformed_host_is_a_bad_request_with_our_headers(app: Flask, alpha: Tenant, host: str) -> None:
    answer = get(app, host)
    assert answer.status_code == 400
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.fixture
def opened(app: Flask) -> Iterator[list[str]]:
    """What begins on a database connection meanwhile."""
    begun: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
        begun.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield begun
    event.remove(engine, "before_cursor_execute", note)


def test_an_unknown_host_is_a_404_without_a_statement_in_any_tenant(
    app: Flask, alpha: Tenant, opened: list[str]
) -> None:
    with app.app_context():
        directory.find_host("warm.up")
    opened.clear()
    for host in ("nowhere.localhost", "evil.example", alpha.id, f"x.{alpha.hosts[0]}"):
        answer = get(app, host, Cookie="session=" + "a" * 43)
        assert answer.status_code == 404
    assert [text for text in opened if "directory" not in text] == []


def test_what_a_client_claims_about_the_tenant_has_no_effect(alpha: Tenant, beta: Tenant, client_for: Clients) -> None:
    plain = client_for(alpha).get("/stores").text
    for headers in (
        {"X-Forwarded-Host": beta.hosts[0]},
        {"X-Tenant-Id": beta.id},
        {"X-Tenant": beta.slug},
        {"Forwarded": f"host={beta.hosts[0]}"},
        {"X-Original-Host": beta.hosts[0]},
    ):
        page = client_for(alpha).get(f"/stores?tenant={beta.id}&tenant_id={beta.id}", headers=headers).text
        assert alpha.name in page
        assert beta.name not in page
    assert alpha.name in plain


def test_the_bare_host_has_a_start_page_and_nothing_of_a_dealership(app: Flask, alpha: Tenant) -> None:
    start = get(app, "localhost", "/")
    assert start.status_code == 200
    assert alpha.name not in start.text
    for path in ("/sign-in", "/account", "/stores", "/mails"):
        assert get(app, "localhost", path).status_code == 404


@pytest.fixture
def as_owner(app: Flask) -> Callable[..., None]:
    """`as_owner(dealership, column=value)`: change its row as the operator's commands do."""

    def change(of: Tenant, **values: str | None) -> None:
        with app.app_context(), owner() as connection:
            for column, value in values.items():
                query = sql.SQL("UPDATE tenants SET {} = %s WHERE id = %s").format(sql.Identifier(column))
                connection.execute(query, [value, of.id])
            touch_directory(connection, of.id)
        with app.app_context():
            directory.refresh()

    return change


@pytest.mark.parametrize(
    ("values", "status", "words"),
    [
        ({"state": "suspended"}, 403, "suspended"),
        ({"state": "provisioning"}, 503, "being set up"),
        ({"state": "deleting"}, 404, "no dealership"),
        ({"schema_version": "9999"}, 503, "being updated"),
    ],
)
def test_a_tenant_that_cannot_be_served_says_why(
    as_owner: Callable[..., None], app: Flask, beta: Tenant, values: dict[str, str], status: int, words: str,
    client_for: Clients, opened: list[str],
) -> None:  # fmt: skip
    client = client_for(beta)
    assert client.get("/account").status_code == 200
    as_owner(beta, **values)
    try:
        opened.clear()
        answers = [client.get("/account"), client.get("/sign-in"), client.post("/sign-in")]
        assert [answer.status_code for answer in answers] == [status] * 3
        assert all(words in answer.text for answer in answers)
        assert [text for text in opened if "tenants_" in text] == []
        assert client.get("/account", headers={"Accept": "application/json"}).is_json
        assert client.get("/healthz").status_code == 200
    finally:
        as_owner(beta, state="active", schema_version=beta.schema_version)
    assert client.get("/account").status_code == 200


def test_behind_a_named_gateway_the_last_forwarded_address_counts(
    another_app: Callable[..., Flask], alpha: Tenant
) -> None:
    from_gateway = {"X-Forwarded-For": "6.6.6.6, 10.1.2.3"}
    assert address_seen(another_app(GATEWAY_ADDRESSES="127.0.0.0/8"), alpha, from_gateway) == "10.1.2.3"
    assert address_seen(another_app(), alpha, from_gateway) == "127.0.0.1"


def address_seen(app: Flask, of: Tenant, headers: dict[str, str]) -> str:
    """The client's address as the application sees it."""
    seen: list[str] = []
    inner = app.wsgi_app.inner  # type: ignore[attr-defined]
    app.wsgi_app.inner = lambda environ, start: seen.append(environ["forecourt.client"]) or inner(environ, start)  # type: ignore[attr-defined]
    client = HostClient(app, app.response_class)
    client.host = of.hosts[0]
    client.get("/sign-in", headers=headers)
    return seen[0]
