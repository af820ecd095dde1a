"""The document of the API and the page made of it: open to everybody, at every dealership and the bare host."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.db import Tenant
from app.core.http.api import api_document
from app.core.http.api.finishing import operations_of
from tests.fixtures.programs import Program, make_key

DOCUMENT, PAGE = "/api/v1/openapi.json", "/api/docs"


@pytest.fixture
def visitor(client_for: Callable[..., FlaskClient], alpha: Tenant) -> FlaskClient:
    """Somebody who is not signed in."""
    return client_for(alpha, None)


def test_the_document_is_that_of_the_application(app: Flask, visitor: FlaskClient) -> None:
    answer = visitor.get(DOCUMENT)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    with app.app_context():
        assert answer.get_json() == api_document()


def test_the_document_is_kept_under_its_tag(visitor: FlaskClient) -> None:
    first = visitor.get(DOCUMENT)
    assert first.headers["Cache-Control"] == "public, no-cache"
    assert "Cookie" not in first.headers.get("Vary", "")
    again = visitor.get(DOCUMENT, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert visitor.get(DOCUMENT, headers={"If-None-Match": '"another"'}).status_code == 200


@pytest.mark.parametrize("path", [DOCUMENT, PAGE])
def test_the_bare_host_answers_too_and_an_unknown_one_does_not(app: Flask, path: str) -> None:
    client = app.test_client()
    assert client.get(path, base_url="http://localhost").status_code == 200
    assert client.get(path, base_url="http://nobody.localhost").status_code == 404
    assert client.get(path, base_url="http://operator.localhost").status_code == 404


def test_every_operation_schema_and_refusal_stands_on_the_page(app: Flask, visitor: FlaskClient) -> None:
    page = visitor.get(PAGE)
    assert page.mimetype == "text/html"
    with app.app_context():
        document = api_document()
    ids = set(re.findall(r'id="([^"]+)"', page.text))
    assert {said["operationId"] for _, _, said in operations_of(document)} <= ids
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= ids
    for path, _, said in operations_of(document):
        assert f"<code>{path}</code>" in page.text
        if said.get("x-permission", "*") != "*":
            assert said["x-permission"] in page.text
    assert "idempotency_key_required" in page.text


def test_every_link_of_the_page_leads_to_a_part_of_it(visitor: FlaskClient) -> None:
    text = visitor.get(PAGE).text
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    links = set(re.findall(r'href="#([^"]+)"', text))
    assert links - set(ids) == set()
    assert len(links) > 50


def test_the_page_asks_nothing_of_other_hosts_and_needs_no_script_of_its_own(visitor: FlaskClient) -> None:
    page = visitor.get(PAGE)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"', page.text) == []
    assert len(re.findall("<script", page.text)) == 1


def test_the_page_speaks_the_readers_language_and_is_a_page_even_where_it_is_refused(
    app: Flask, alpha: Tenant, visitor: FlaskClient
) -> None:
    assert "API reference" in visitor.get(PAGE).text
    visitor.set_cookie("locale", "zh", domain=alpha.hosts[0])
    assert "API 参考" in visitor.get(PAGE).text
    assert app.test_client().get(PAGE, base_url="http://nobody.localhost").mimetype == "text/html"


def test_the_page_stays_open_to_somebody_whose_key_is_wrong(visitor: FlaskClient) -> None:
    assert visitor.get(PAGE, headers={"Authorization": "Bearer dms_live_nothing"}).status_code == 200


def test_a_program_may_ask_for_the_document_with_its_key(visitor: FlaskClient, in_alpha: Tenant) -> None:
    assert Program(visitor, make_key("sales_manager")).get("/openapi.json").status_code == 200


def test_pages_lead_to_the_reference(client_for: Callable[..., FlaskClient], alpha: Tenant) -> None:
    client = client_for(alpha)
    for path in ("/help", "/api-keys"):
        assert f'href="{PAGE}"' in client.get(path).text
