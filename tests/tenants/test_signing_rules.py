"""Delays, e-mails and link tokens, without a database."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from app.tenants.rules import signing


def test_the_first_attempts_cost_nothing_and_then_delays_double_up_to_a_quarter_of_an_hour() -> None:
    delays = [signing.delay_after("account", attempts) for attempts in range(40)]
    assert delays[: signing.FREE["account"]] == [timedelta(0)] * signing.FREE["account"]
    rising = delays[signing.FREE["account"] :]
    assert rising[0] == signing.FIRST_DELAY
    assert rising[1] == 2 * rising[0]
    assert max(rising) == rising[-1] == signing.LONGEST_DELAY


def test_an_address_may_be_shared_by_an_office() -> None:
    assert signing.delay_after("address", 40) == timedelta(0)
    assert signing.delay_after("account", 40) > timedelta(0)


@pytest.mark.parametrize("text", ["a@example.com", "dana.reed+x@mail.example.co.uk", "用户@例子.公司"])
def test_addresses_a_mail_can_reach(text: str) -> None:
    assert signing.is_email(text)


@pytest.mark.parametrize(
    "text", ["", "a", "a@b", "a b@example.com", "a@example.com\nBcc: x@example.com", "<a@example.com>", "a@@b.com",
             "a@example.com,b@example.com", "x" * 65 + "@example.com", "a@" + "x" * 250 + ".com"]
)  # fmt: skip
def test_addresses_that_are_none_or_smuggle_something(text: str) -> None:
    assert not signing.is_email(text)


def test_emails_are_compared_without_case_and_width() -> None:
    assert signing.normal_email(" Dana.REED@Example.com ") == signing.normal_email("dana.reed@example.com")


def test_a_link_token_is_bound_to_row_expiry_tenant_host_and_secret() -> None:
    link, until = uuid.uuid4(), datetime(2026, 1, 1, tzinfo=UTC)
    given = ("secret", "tenant-a", link, until, "a.localhost")
    token = signing.link_token(*given)
    assert token == signing.link_token(*given)
    others = [
        ("other", "tenant-a", link, until, "a.localhost"),
        ("secret", "tenant-b", link, until, "a.localhost"),
        ("secret", "tenant-a", uuid.uuid4(), until, "a.localhost"),
        ("secret", "tenant-a", link, until + timedelta(seconds=1), "a.localhost"),
        ("secret", "tenant-a", link, until, "b.localhost"),
    ]
    assert len({token, *(signing.link_token(*other) for other in others)}) == 6


def test_sessions_are_labelled_by_browser_and_system_alone() -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
    assert signing.agent_label(firefox) == "Firefox, Linux"
    assert signing.agent_label(edge) == "Edge, Windows"
    assert signing.agent_label("<script>alert(1)</script>") == "Browser"
