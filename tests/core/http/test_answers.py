"""Refusals as pages and as problem details, headers on every answer, and faults that tell nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.test import TestResponse

from app.core.db import Tenant
from app.core.errors import N_, DomainError, FieldError, Invalid, NotFound, PermissionDenied
from app.core.http.access import public
from app.core.http.forms import load_form, typed
from app.core.http.headers import CONTENT_SECURITY_POLICY
from app.tenants.schemas import ProfileForm, SignInForm
from tests.fixtures.browsing import token_of

Clients = Callable[..., FlaskClient]
JSON = {"Accept": "application/json"}


class Refusal(DomainError):
    code = "no_more_vans"
    message = N_("There are {count} vans left.")
    status = 409


@pytest.fixture
def raising(another_app: Callable[..., Flask], alpha: Tenant) -> Callable[..., TestResponse]:
    """`raising(error)`: the answer of a view that raises it."""
    app = another_app()
    errors: list[Exception] = []

    @public("a test")
    def fail() -> str:
        raise errors.pop()

    app.add_url_rule("/fail", "fail", fail)

    def make(error: Exception, **headers: str) -> TestResponse:
        errors.append(error)
        return app.test_client().get("/fail", base_url=f"http://{alpha.hosts[0]}", headers=headers)

    return make


def test_a_refusal_is_a_page_for_people(raising: Callable[..., TestResponse]) -> None:
    answer = raising(Refusal(count="<b>3</b>"), Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert answer.status_code == 409
    assert answer.mimetype == "text/html"
    assert "There are &lt;b&gt;3&lt;/b&gt; vans left." in answer.text


def test_a_refusal_is_a_problem_for_programs(raising: Callable[..., TestResponse]) -> None:
    errors = [FieldError("price", "too_low", N_("At least {low}."), {"low": 5})]
    answer = raising(Invalid(errors), **JSON)
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert body == {
        "type": "urn:forecourt:problem:invalid",
        "title": body["title"],
        "status": 422,
        "detail": "Please check the marked fields.",
        "instance": "/fail",
        "code": "invalid",
        "request_id": answer.headers["X-Request-Id"],
        "errors": [{"pointer": "/price", "code": "too_low", "detail": "At least 5."}],
    }


def test_the_words_follow_the_language_and_the_code_does_not(raising: Callable[..., TestResponse]) -> None:
    english, other = raising(NotFound(), **JSON), raising(NotFound(), **JSON, Cookie="locale=zh")
    assert english.get_json()["code"] == other.get_json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound(), 404, "not_found"),
        (PermissionDenied("deal.deliver"), 403, "permission_denied"),
        (StaleDataError("x"), 409, "stale"),
        (OperationalError("select 1", {}, Exception("password=hunter2 host=db")), 503, "unavailable"),
        (RuntimeError("a secret: hunter2"), 500, "internal_error"),
        (KeyError("hunter2"), 500, "internal_error"),
    ],
)
def test_each_kind_of_error_has_its_answer_and_faults_tell_nothing(
    raising: Callable[..., TestResponse], error: Exception, status: int, code: str
) -> None:
    problem, page = raising(error, **JSON), raising(error)
    assert (problem.status_code, problem.get_json()["code"]) == (status, code)
    assert page.status_code == status
    assert "hunter2" not in problem.text + page.text
    assert "Traceback" not in page.text
    if status == 503:
        assert int(problem.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/account"), ("GET", "/nothing/here"), ("DELETE", "/stores"), ("POST", "/stores"), ("GET", "/healthz"),
     ("GET", "/users/x"), ("GET", "/static/x/nothing.css")],
)  # fmt: skip
def test_every_answer_carries_the_headers(alpha: Tenant, client_for: Clients, method: str, path: str) -> None:
    answer = client_for(alpha).open(path, method=method)
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "Access-Control-Allow-Origin" not in answer.headers
    if "static" not in path:
        assert answer.headers["Cache-Control"] == "no-store"
        assert len(answer.headers["X-Request-Id"]) == 16


def test_a_client_cannot_choose_the_request_id(alpha: Tenant, client_for: Clients) -> None:
    answer = client_for(alpha).get("/account", headers={"X-Request-Id": "mine"})
    assert answer.headers["X-Request-Id"] != "mine"


def test_a_wrong_method_names_the_right_ones(alpha: Tenant, client_for: Clients) -> None:
    answer = client_for(alpha).delete("/stores", headers=JSON)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        ({}, {"name": "required"}),
        ({"name": "   "}, {"name": "required"}),
        ({"name": "x" * 121}, {"name": "too_long"}),
        ({"name": "A\x00B"}, {"name": "control_character"}),
        ({"name": "A\x85B"}, {"name": "control_character"}),
        ({"name": "A", "locale": "fr"}, {"locale": "not_offered"}),
        ({"name": "A", "state": "disabled"}, {"state": "unknown_field"}),
        ({"name": ["A", "B"]}, {"name": "repeated"}),
        ({"name": "", "locale": "fr", "id": "x"}, {"name": "required", "locale": "not_offered", "id": "unknown_field"}),
    ],
)
def test_a_form_refuses_every_broken_field_at_once(app: Flask, data: dict[str, Any], codes: dict[str, str]) -> None:
    with app.test_request_context("/account", method="POST", data=data), pytest.raises(Invalid) as refused:
        load_form(ProfileForm)
    assert {item.field: item.code for item in refused.value.errors} == codes


def test_what_is_typed_is_trimmed_and_a_password_is_not(app: Flask) -> None:
    data = {"email": " a@example.com ", "password": "  spaces count  ", "csrf_token": "x"}
    with app.test_request_context("/sign-in", method="POST", data=data):
        assert load_form(SignInForm) == {"email": "a@example.com", "password": "  spaces count  ", "next": "/"}
        assert typed() == {"email": " a@example.com "}


def test_a_message_for_the_next_page_is_shown_once_and_cannot_be_forged(alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha)
    client.post("/account", data={"csrf_token": token_of(client), "name": "Alex Admin"})
    assert "Saved." in client.get("/account").text
    assert "Saved." not in client.get("/account").text
    client.set_cookie("notice", "W1sibWVzc2FnZSIsIkZvcmdlZCJdXQ.forged", domain=alpha.hosts[0])
    assert "Forged" not in client.get("/account").text
