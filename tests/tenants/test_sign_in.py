"""Signing in: one answer for every failure, a fresh token each time, and a throttle that lives in the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, update

from app.core import clock
from app.core.db import Tenant, db, tenant, transaction
from app.tenants.models import SessionRow, SignInAttempt, User
from app.tenants.rules.signing import FREE, LONGEST_DELAY
from tests.fixtures import people
from tests.fixtures.browsing import cookie, send, sign_in, steady
from tests.fixtures.dealerships import HostClient

Clients = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def unthrottled(app: Flask, alpha: Tenant) -> None:
    """Every test starts without counted attempts."""
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(delete(SignInAttempt))


def test_the_right_password_opens_a_session_bound_to_the_host(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha, None)
    answer = sign_in(client, people.email("gm"), next="/account")
    assert (answer.status_code, answer.location) == (303, "/account")
    page = client.get("/account")
    assert page.status_code == 200
    assert "Gm" in page.text
    header = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("session="))
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Domain" not in header
    with app.app_context(), tenant(alpha.id):
        rows = db.session.scalars(select(SessionRow).order_by(SessionRow.created_at.desc())).all()
        assert rows[0].host == alpha.hosts[0]
        assert cookie(client, alpha) is not None
        assert str(cookie(client, alpha)).encode() not in rows[0].token_hash


def test_the_email_is_found_in_any_case(alpha: Tenant, client_for: Clients) -> None:
    assert sign_in(client_for(alpha, None), people.email("gm").upper()).status_code == 303


def test_unknown_user_wrong_password_and_disabled_user_get_the_same_answer(
    app: Flask, alpha: Tenant, client_for: Clients
) -> None:
    with app.app_context(), tenant(alpha.id), transaction():
        user = people.find_user("cashier")
        assert user is not None
        user.state = "disabled"
    typed = "somebody@example.com"
    answers = [
        sign_in(client_for(alpha, None), email, password)
        for email, password in [
            (typed, people.PASSWORD),
            (people.email("gm"), "not the password at all"),
            (people.email("cashier"), people.PASSWORD),
            (people.email("gm"), people.PASSWORD + "x" * 200),
        ]
    ]
    assert {answer.status_code for answer in answers} == {401}
    emails = [typed, people.email("gm"), people.email("cashier"), people.email("gm")]
    bodies = {steady(answer.text).replace(email, "") for answer, email in zip(answers, emails, strict=True)}
    assert len(bodies) == 1
    assert not any("session=" in header for answer in answers for header in answer.headers.getlist("Set-Cookie"))


def test_a_planted_token_is_never_taken_over(alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha, None)
    planted = "attacker-knows-this-token-0123456789-abcdefgh"
    client.set_cookie("session", planted, domain=alpha.hosts[0])
    sign_in(client, people.email("gm"))
    assert cookie(client, alpha) not in (None, planted)
    thief = client_for(alpha, None)
    thief.set_cookie("session", planted, domain=alpha.hosts[0])
    assert thief.get("/account").status_code == 303


def test_signing_in_again_replaces_the_old_session(alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha, None)
    sign_in(client, people.email("gm"))
    old = cookie(client, alpha)
    send(client, "/sign-in", page="/account", email=people.email("controller"), password=people.PASSWORD)
    assert cookie(client, alpha) != old
    assert "Controller" in client.get("/account").text
    before = client_for(alpha, None)
    before.set_cookie("session", str(old), domain=alpha.hosts[0])
    assert before.get("/account").status_code == 303


def test_nobody_is_sent_to_another_site(alpha: Tenant, client_for: Clients) -> None:
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "\t//evil"):
        assert sign_in(client_for(alpha, None), people.email("gm"), next=target).location == "/"


def test_an_account_is_slowed_down_by_rows_in_the_database(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha, None)
    statuses = [
        sign_in(client, people.email("gm"), "wrong again and again").status_code for _ in range(FREE["account"])
    ]
    assert set(statuses) == {401}
    blocked = sign_in(client, people.email("gm"))
    assert blocked.status_code == 429
    assert 0 < int(blocked.headers["Retry-After"]) <= LONGEST_DELAY.total_seconds()
    # Another account, and the same one at another dealership, go on as before.
    assert sign_in(client_for(alpha, None), people.email("controller")).status_code == 303
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.execute(update(SignInAttempt).values(blocked_until=clock.now() - timedelta(seconds=1)))
    assert sign_in(client, people.email("gm")).status_code == 303
    with app.app_context(), tenant(alpha.id):
        assert db.session.scalar(select(func.count()).where(SignInAttempt.kind == "account")) == 0


def test_an_unknown_account_is_slowed_down_just_the_same(alpha: Tenant, beta: Tenant, client_for: Clients) -> None:
    client = client_for(alpha, None)
    for _ in range(FREE["account"]):
        sign_in(client, "nobody@example.com", "wrong again and again")
    assert sign_in(client, "nobody@example.com", "wrong again and again").status_code == 429
    assert sign_in(client_for(beta, None), "nobody@example.com", "wrong again and again").status_code == 401


def test_an_address_that_tries_many_accounts_is_slowed_down(alpha: Tenant, client_for: Clients) -> None:
    client = client_for(alpha, None)
    for number in range(FREE["address"]):
        sign_in(client, f"guess{number}@example.com", "wrong again and again")
    assert sign_in(client, people.email("gm")).status_code == 429


def test_a_hash_with_weaker_parameters_is_replaced_at_sign_in(app: Flask, alpha: Tenant, client_for: Clients) -> None:
    weak = PasswordHasher(time_cost=2, memory_cost=128, parallelism=1).hash(people.PASSWORD)
    with app.app_context(), tenant(alpha.id), transaction():
        user = people.find_user("gm")
        assert user is not None
        user.password_hash = weak
    assert sign_in(client_for(alpha, None), people.email("gm")).status_code == 303
    with app.app_context(), tenant(alpha.id):
        stored = db.session.scalar(select(User.password_hash).where(User.id == user.id))
    assert stored is not None
    assert stored != weak
    assert "m=64," in stored


def test_with_redis_down_people_sign_in_and_keep_working(another_app: Callable[..., Flask], alpha: Tenant) -> None:
    without = another_app(REDIS_URL="redis://127.0.0.1:1/0")
    client = HostClient(without, without.response_class)
    client.host = alpha.hosts[0]
    assert sign_in(client, people.email("gm")).status_code == 303
    assert client.get("/account").status_code == 200


def test_every_failure_costs_the_same_work(alpha: Tenant, client_for: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, stored: str, password: str) -> bool:
        verified.append(stored.rpartition("$")[0].rpartition("$")[0])
        return verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for email in ("nobody.at.all@example.com", people.email("technician")):
        assert sign_in(client_for(alpha, None), email, "wrong again and again").status_code == 401
    assert len(verified) == 2
    assert verified[0] == verified[1]
