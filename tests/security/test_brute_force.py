"""Somebody guesses passwords: few guesses are ever looked at, and nobody else is kept out (checklist 4 to 6)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.core import clock
from app.core.db import Tenant
from app.tenants import ports
from app.tenants.rules.signing import FREE, LONGEST_DELAY
from tests.fixtures.browsing import cookie, sign_in, token_of
from tests.fixtures.people import PASSWORD, email

Clients = Callable[..., FlaskClient]
GUESSES = 60


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were really compared with a hash."""
    seen: list[str] = []
    compare = ports.password_matches

    def watched(stored: str | None, password: str) -> bool:
        seen.append(password)
        return compare(stored, password)

    monkeypatch.setattr(ports, "password_matches", watched)
    return seen


def guess(client: FlaskClient, who: str, password: str, address: str) -> int:
    """One attempt from an address of one's own; the status."""
    token = token_of(client, "/sign-in")
    data = {"csrf_token": token, "email": email(who), "password": password}
    return client.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": address}).status_code


def test_many_addresses_get_few_guesses_and_the_owner_waits_a_quarter_of_an_hour(
    alpha: Tenant, beta: Tenant, client_for: Clients, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [
        guess(client_for(alpha, None), "cashier", f"guess number {number} of many", f"203.0.113.{number + 1}")
        for number in range(GUESSES)
    ]
    assert set(answers) == {401, 429}
    assert len(looked_at) <= FREE["account"] + 1
    assert answers[: FREE["account"] - 1] == [401] * (FREE["account"] - 1)
    # The same person of another dealership signs in, and so does a colleague here.
    for of, who in ((beta, "cashier"), (alpha, "gm")):
        other = client_for(of, None)
        assert guess(other, who, PASSWORD, "203.0.113.250") == 303
        assert cookie(other, of)
    # Whoever knows the password is kept out for so long, and no longer.
    later = clock.now() + LONGEST_DELAY + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert guess(client_for(alpha, None), "cashier", PASSWORD, "203.0.113.251") == 303


def test_guesses_made_at_once_are_counted_one_by_one(alpha: Tenant, client_for: Clients, looked_at: list[str]) -> None:
    clients = [client_for(alpha, None) for _ in range(24)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda at: guess(clients[at], "parts_clerk", f"guess at once {at}", f"198.51.100.{at + 1}"), range(24)
            )
        )
    assert set(answers) == {401, 429}
    assert len(looked_at) <= FREE["account"] + 1


def test_one_address_at_many_accounts_gets_few_guesses(
    alpha: Tenant, client_for: Clients, looked_at: list[str]
) -> None:
    client = client_for(alpha, None)
    answers = []
    for number in range(FREE["address"] + 20):
        data = {"email": f"nobody{number}@example.com", "password": "guess guess guess guess"}
        token = token_of(client, "/sign-in")
        sent = client.post("/sign-in", data={"csrf_token": token, **data}, environ_base={"REMOTE_ADDR": "192.0.2.77"})
        answers.append(sent.status_code)
    assert answers[0] == 401
    assert answers[-1] == 429
    assert len(looked_at) <= FREE["address"] + 1
    # From elsewhere people go on signing in.
    assert sign_in(client_for(alpha, None), email("controller")).status_code == 303
