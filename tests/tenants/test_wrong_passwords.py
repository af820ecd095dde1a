"""A password asked for again: the right one is no guess, and a wrong one is on record wherever it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import Tenant, db, tenant
from app.core.guard.models import AuditEntry
from app.core.http.stepup import FRESH
from app.tenants.rules.signing import FREE
from tests.fixtures import people
from tests.fixtures.browsing import send
from tests.fixtures.factors import Clock, forget_all

Clients = Callable[..., FlaskClient]


@pytest.fixture
def time(app: Flask, alpha: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Time stands still; nobody in alpha has a second factor before or after the test."""
    forget_all(app, alpha)
    yield Clock(monkeypatch)
    forget_all(app, alpha)


def refused(app: Flask, of: Tenant, action: str) -> int:
    """How many such refusals are on record."""
    with app.app_context(), tenant(of.id):
        return len(db.session.scalars(select(AuditEntry.id).where(AuditEntry.action == action)).all())


def test_the_right_password_is_no_guess_however_often_it_is_given(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    client = client_for(alpha, "gm")
    for _ in range(FREE["account"] + 1):
        time.move(seconds=FRESH.total_seconds() + 1)
        assert send(client, "/confirm", page="/account", proof_password=people.PASSWORD).status_code == 303
    time.move(seconds=FRESH.total_seconds() + 1)
    before = refused(app, alpha, "password.refused")
    for _ in range(FREE["account"]):
        assert send(client, "/confirm", page="/account", proof_password="wrong").status_code == 422
    assert send(client, "/confirm", page="/account", proof_password=people.PASSWORD).status_code == 429
    assert refused(app, alpha, "password.refused") == before + FREE["account"]


def test_a_wrong_password_is_on_record_wherever_it_is_asked(
    app: Flask, alpha: Tenant, client_for: Clients, time: Clock
) -> None:
    client = client_for(alpha, "gm")
    mark = client.get("/account").text.partition('data-again="')[2].partition('"')[0]
    noted = [refused(app, alpha, action) for action in ("session.refuse", "password.refused")]
    again = send(client_for(alpha, None), "/sign-in/again", page=f"/sign-in/again?who={mark}", who=mark, password="x")
    assert again.status_code == 401
    changed = send(client, "/account/password", page="/account", present="x", password="y" * 20, repeated="y" * 20)
    assert changed.status_code == 422
    assert [refused(app, alpha, action) for action in ("session.refuse", "password.refused")] == [n + 1 for n in noted]
