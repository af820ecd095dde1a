"""Limits of the API: counted for each key, user and dealership, told in headers, and never in the way without Redis."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db, tenant, transaction
from app.core.guard.permissions import system_actor
from app.tenants.models import Role
from app.tenants.operations import api_keys
from tests.fixtures import people

ME = "/api/v1/me"


def make_key() -> str:
    role_id = db.session.scalars(select(Role.id).where(Role.key == "gm")).one()
    given: dict[str, Any] = {"name": "k", "store_id": None, "permissions": ["stock.see"], "days": 30}
    with transaction():
        return api_keys.create_key(system_actor("test"), role_id=role_id, **given)[1]


def ask(client: FlaskClient, of: Tenant, key: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return client.get(ME, base_url=f"http://{of.hosts[0]}", headers=headers)


@pytest.fixture
def keys(app: Flask, alpha: Tenant) -> tuple[str, str]:
    """Two keys of alpha."""
    with app.app_context(), tenant(alpha.id):
        return make_key(), make_key()


def test_a_key_that_has_used_up_its_share_is_told_when_there_is_more(
    another_app: Callable[..., Flask], alpha: Tenant, keys: tuple[str, str]
) -> None:
    client = another_app(API_PER_KEY="4", API_PER_TENANT="6000").test_client()
    answers = [ask(client, alpha, keys[0]) for _ in range(12)]
    first, last = answers[0], answers[-1]
    assert first.status_code == 200
    assert first.headers["RateLimit-Policy"] == '"key";q=4;w=60, "dealership";q=6000;w=60'
    assert re.fullmatch(r'"key";r=3;t=\d+, "dealership";r=59\d\d;t=\d+', first.headers["RateLimit"])
    assert last.status_code == 429
    assert 4 <= sum(answer.status_code == 200 for answer in answers) <= 8
    assert last.headers["Content-Type"] == "application/problem+json"
    assert last.get_json()["code"] == "rate_limited"
    assert 1 <= int(last.headers["Retry-After"]) <= 60
    assert re.fullmatch(r'"key";r=0;t=\d+', last.headers["RateLimit"])
    # Another key has a share of its own, and what was refused took nothing from the dealership's.
    other = ask(client, alpha, keys[1])
    assert other.status_code == 200
    left = re.search(r'"dealership";r=(\d+)', other.headers["RateLimit"])
    assert left
    assert int(left[1]) >= 6000 - 9


def test_keys_and_people_of_a_dealership_share_its_limit_and_no_other_dealership_does(
    another_app: Callable[..., Flask], app: Flask, beta: Tenant, alpha: Tenant, keys: tuple[str, str]
) -> None:
    client = another_app(API_PER_TENANT="3").test_client()
    with app.app_context(), tenant(beta.id):
        theirs = [make_key(), make_key()]
        name, token = people.session_cookie("gm", beta.hosts[0])
    answers = [ask(client, beta, key) for key in theirs * 6]
    assert answers[-1].status_code == 429
    assert '"dealership";r=0' in answers[-1].headers["RateLimit"]
    assert ask(client, alpha, keys[1]).status_code == 200
    client.set_cookie(name, token, domain=beta.hosts[0])
    assert ask(client, beta).status_code == 429


def test_a_person_is_counted_too(another_app: Callable[..., Flask], app: Flask, alpha: Tenant) -> None:
    client = another_app(API_PER_USER="2").test_client()
    with app.app_context(), tenant(alpha.id):
        name, token = people.session_cookie("controller", alpha.hosts[0])
    client.set_cookie(name, token, domain=alpha.hosts[0])
    assert [ask(client, alpha).status_code for _ in range(6)][-1] == 429
    # Pages are not the API.
    page = client.get("/account", base_url=f"http://{alpha.hosts[0]}")
    assert page.status_code == 200
    assert "RateLimit" not in page.headers


def test_without_redis_everybody_is_served(
    another_app: Callable[..., Flask], alpha: Tenant, keys: tuple[str, str]
) -> None:
    client = another_app(API_PER_KEY="1", REDIS_URL="redis://127.0.0.1:1/0").test_client()
    answers = [ask(client, alpha, keys[0]) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert "RateLimit" not in answers[0].headers


def test_a_key_that_is_none_is_not_counted(another_app: Callable[..., Flask], alpha: Tenant) -> None:
    client = another_app(API_PER_KEY="1").test_client()
    answers = [ask(client, alpha, "nonsense") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401] * 3
    assert "RateLimit" not in answers[0].headers
