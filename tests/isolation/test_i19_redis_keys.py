"""Case I19: whatever any process asks of Redis, every key begins `t:<tenant>:`, `p:` or the broker's `q:`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.db import Tenant, db, tenant, transaction
from app.core.jobs.models import Outbox
from app.core.jobs.outbox import enqueue
from tests.fixtures.browsing import send
from tests.isolation.conftest import Twin

PATIENCE = 60.0
# What a process says about its connection, or asks of the server, names no key.
KEYLESS = {"AUTH", "CLIENT", "HELLO", "INFO", "MULTI", "EXEC", "DISCARD", "PING", "SELECT", "MONITOR", "FLUSHDB",
           "SCRIPT", "UNWATCH", "PSUBSCRIBE", "SUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "CONFIG", "ROLE"}  # fmt: skip
SEVERAL_KEYS = {"DEL", "UNLINK", "EXISTS", "MGET", "WATCH"}


def keys_of(command: list[str]) -> list[str]:
    """The keys one command names."""
    name, *rest = command
    name = name.upper()
    if name in KEYLESS or not rest:
        return []
    if name in ("BRPOP", "BLPOP"):
        return rest[:-1]
    if name in ("EVAL", "EVALSHA"):
        return rest[2 : 2 + int(rest[1])]
    if name == "SCAN":
        return [rest[rest.index("MATCH") + 1]] if "MATCH" in rest else ["(scan of everything)"]
    return rest if name in SEVERAL_KEYS else rest[:1]


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        (["GET", "a"], ["a"]),
        (["BRPOP", "a", "b", "1"], ["a", "b"]),
        (["EVAL", "script", "2", "a", "b", "c"], ["a", "b"]),
        (["SCAN", "0"], ["(scan of everything)"]),
        (["DEL", "a", "b"], ["a", "b"]),
        (["PING"], []),
    ],
)
def test_the_keys_of_commands(command: list[str], keys: list[str]) -> None:
    assert keys_of(command) == keys


def test_every_key_says_whose_it_is(
    app: Flask, twins: tuple[Twin, Twin], watched: list[list[str]], worker: Path, client_for: Callable[..., FlaskClient]
) -> None:
    owed = []
    for twin in twins:
        visitor = client_for(twin.tenant, None)
        send(visitor, "/sign-in", page="/sign-in", email="nobody@example.com", password="wrong")
        send(twin.client, f"/customers/{twin.ids['customer_id']}/activities", type="call", body="Called")
        send(visitor, "/forgotten-password", page="/forgotten-password", email="gm@example.com")
        visitor.get("/readyz")
        with app.app_context(), tenant(twin.tenant.id), transaction():
            owed.append((twin.tenant, enqueue("jobs.clean_up", queue="default")))
    deadline = time.monotonic() + PATIENCE
    while not all(_is_done(app, of, outbox_id) for of, outbox_id in owed):
        assert time.monotonic() < deadline, worker.read_text()[-3000:]
        time.sleep(0.1)
    keys = {key for command in list(watched) for key in keys_of(command)}
    ours = tuple(f"t:{twin.tenant.id}:" for twin in twins)
    assert sorted(key for key in keys if not key.startswith(("q:", "p:", *ours))) == []
    # The watch saw the work: messages went in and came out again, and each holds ids alone.
    assert {"LPUSH", "BRPOP"} <= {command[0].upper() for command in watched}
    sent = [" ".join(command[2:]) for command in watched if command[0].upper() == "LPUSH"]
    assert len(sent) >= len(owed)
    for message in sent:
        assert "Marker" not in message
        assert "example.com" not in message
        assert json.loads(message.encode().decode("unicode_escape"))["content-type"] == "application/json"


def _is_done(app: Flask, of: Tenant, outbox_id: object) -> bool:
    with app.app_context(), tenant(of.id):
        row = db.session.get(Outbox, outbox_id)
        return row is not None and row.done_at is not None
