"""The window that slides: what one round trip to Redis counts, and what is told of it."""

from __future__ import annotations

import secrets
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from app.core.http import rates
from app.core.http.rates import DEALERSHIP, KEY, WINDOW, Counter

MINUTE = 60


@pytest.fixture
def keys() -> dict[str, str]:
    name = secrets.token_hex(8)
    return {KEY: f"t:{name}:rates:key:k", DEALERSHIP: f"t:{name}:rates:all"}


def counter(url: str, key: int = 3, dealership: int = 5) -> Counter:
    settings: Any = SimpleNamespace(redis_url=url, api_per_key=key, api_per_user=key, api_per_tenant=dealership)
    return Counter(settings)


def put(client: redis.Redis, key: str, ago: int, count: int, before: int = 0) -> None:
    """Have a limit as it stood `ago` minutes ago, which began just now."""
    client.set(key, f"{client.time()[0] // MINUTE - ago} {count} {before}", px=120_000)


def test_one_round_trip_counts_all_limits_and_the_read(redis_url: str, keys: dict[str, str]) -> None:
    mine, sent = counter(redis_url), []
    place = (keys[KEY].replace("rates:key", "reads"), "2026-11-23/me")
    assert [told.left for told in mine.count(keys, place)] == [2, 4]
    client = mine._script.registered_client
    with redis.Redis.from_url(redis_url).monitor() as watch:
        mine.count(keys, place)
        client.get("over")
        for command in watch.listen():
            sent.append(command["command"].split()[0])
            if command["command"] == "GET over":
                break
    # What the script does inside the server is told by the monitor as well, as its own.
    assert [name for name in sent if name in ("EVALSHA", "EVAL", "SCRIPT", "MULTI")] == ["EVALSHA"]
    assert client.hgetall(place[0]) == {b"2026-11-23/me": b"2"}
    assert all(0 < client.pttl(key) <= 120_000 for key in (f"{keys[KEY]}:3", f"{keys[DEALERSHIP]}:5"))
    assert client.ttl(place[0]) > 0


def test_what_is_beyond_its_own_limit_counts_nowhere_else(redis_url: str, keys: dict[str, str]) -> None:
    mine, place = counter(redis_url), ("t:x:reads:" + secrets.token_hex(8), "2026-11-23/me")
    for _ in range(3):
        mine.count(keys, place)
    for _ in range(4):
        told = mine.count(keys, place)
        assert [(one.name, one.left) for one in told] == [(KEY, -1)]
        assert 1 <= told[0].reset <= MINUTE
    client = mine._script.registered_client
    assert client.hgetall(place[0]) == {place[1].encode(): b"3"}
    other = {**keys, KEY: keys[KEY] + "2"}
    assert [told.left for told in mine.count(other)] == [2, 1]
    assert [told.left for told in mine.count(other)] == [1, 0]
    assert [(told.name, told.left) for told in mine.count(other)] == [(KEY, 0), (DEALERSHIP, -1)]


def test_the_minute_before_counts_less_and_less(redis_url: str, keys: dict[str, str]) -> None:
    mine = counter(redis_url, key=1000)
    client = mine._script.registered_client
    put(client, f"{keys[KEY]}:1000", 1, 900)
    into = client.time()[0] % MINUTE
    left = mine.count({KEY: keys[KEY]})[0].left
    assert 1000 - 900 - 1 + 15 * (into - 1) <= left <= 1000 - 900 + 15 * (into + 5)
    # What is older than that counts nothing.
    put(client, f"{keys[KEY]}:1000", 2, 900)
    assert mine.count({KEY: keys[KEY]})[0].left == 999


@given(quota=st.integers(1, 10_000), into=st.integers(0, WINDOW - 1), before=st.integers(0, 10_000), data=st.data())
def test_whoever_waits_as_told_is_served(quota: int, into: int, before: int, data: st.DataObject) -> None:
    now = data.draw(st.integers(0, quota))
    before = min(before, quota)
    fading = before * (WINDOW - into) // WINDOW
    taken = now + fading < quota
    left, wait = rates._left(quota, into, int(taken), now + taken, before)
    assert 1 <= wait <= MINUTE
    if taken:
        assert left == quota - now - 1 - int(before * (WINDOW - into) / WINDOW)
        assert left >= 0
        return
    assert left == -1
    then = into + wait * 1_000_000
    if then >= WINDOW:
        now, before, then = 0, now, then - WINDOW
    # A minute is the most anybody is told to wait.
    assert now + before * (WINDOW - then) // WINDOW < quota or wait == MINUTE
