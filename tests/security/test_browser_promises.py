"""What every answer promises the browser, and what nobody can talk it into (checklist 18, 19, 21; header injection)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.core.db import Tenant
from tests.fixtures.browsing import send, sign_in
from tests.fixtures.people import email

Clients = Callable[..., FlaskClient]
SPLIT = ("x\r\nSet-Cookie: planted=1", "x\nX-Planted: 1", "x%0d%0aX-Planted: 1", "x\u2028X-Planted: 1")
ELSEWHERE = ("//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
             " https://evil.example", "/\t/evil.example", "https:evil.example", "///evil.example")  # fmt: skip


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://alpha.localhost.evil.example"])
@pytest.mark.parametrize("path", ["/", "/customers", "/sign-in", "/static/none", "/nowhere"])
def test_no_other_site_may_read_an_answer(alpha: Tenant, client_for: Clients, origin: str, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = client_for(alpha).open(path, method=method, headers={"Origin": origin})
        assert [name for name, _ in answer.headers if name.lower().startswith("access-control-")] == []


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_signing_in_leads_nowhere_else(alpha: Tenant, client_for: Clients, wanted: str) -> None:
    answer = sign_in(client_for(alpha, None), email("gm"), next=wanted)
    assert answer.status_code == 303
    assert answer.location.startswith("/")
    assert not answer.location.startswith(("//", "/\\", "/\t"))
    assert "evil" not in answer.location


@pytest.mark.parametrize("split", SPLIT)
def test_no_header_is_split(alpha: Tenant, client_for: Clients, split: str) -> None:
    client = client_for(alpha)
    answers = [
        client.get("/customers", query_string={"sort": split, "cursor": split, "view": split}),
        client.get("/customers", headers={"X-Request-Id": split.replace("\r", "").replace("\n", "")}),
        send(client, "/customers", page="/customers/new", kind="individual", name=split),
        send(client_for(alpha), "/users", page="/users/new", name=split, email="header@example.com"),
        sign_in(client_for(alpha, None), email("gm"), next=f"/customers?{split}"),
    ]
    for answer in answers:
        assert answer.status_code < 500
        assert "X-Planted" not in answer.headers
        assert "planted" not in answer.headers.get("Set-Cookie", "")


@pytest.mark.parametrize("path", ["/customers", "/vehicles", "/account", "/jobs", "/settings"])
def test_pages_of_people_are_kept_by_no_cache(alpha: Tenant, client_for: Clients, path: str) -> None:
    assert client_for(alpha).get(path).headers["Cache-Control"] == "no-store"


def test_no_method_tricks(alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha)
    for header in ("X-HTTP-Method-Override", "X-Method-Override"):
        assert client.get("/customers", headers={header: "DELETE"}).status_code == 200
    assert client.open("/customers", method="TRACE").status_code == 405
    assert client.get("/customers?_method=DELETE").status_code == 422
